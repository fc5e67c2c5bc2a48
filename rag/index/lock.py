"""One writer at a time: a file lock that the operating system frees when its holder dies, and a note of who holds it."""

import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from rag.errors import CorpusLockedError

PATIENCE = 0.5
"""Seconds to wait for the lock: as long as a process may need to say who it is, or to verify a small corpus."""
SHARED_PATIENCE = 600.0
"""The same where many processes share a corpus: they take turns, and only one that works for long is named."""


def this_command() -> str:
    """The beginning of the command that this process runs."""
    return " ".join([Path(sys.argv[0]).name, *sys.argv[1:3]])


class WriterLock:
    """The right to write to the corpus in ``folder``; threads take turns, processes for ``patience`` seconds."""

    def __init__(self, folder: Path, patience: float = PATIENCE) -> None:
        self._folder = folder
        self._patience = patience
        self._file = FileLock(folder / "lock", thread_local=False)
        self._holder = folder / "lock.json"
        self._turn = threading.RLock()
        self._depth = 0

    @contextmanager
    def held(self, patience: float | None = None) -> Iterator[None]:
        """Hold the lock for the block; raises CorpusLockedError when another process keeps it for ``patience`` seconds."""
        with self._turn:
            if self._depth == 0:
                self._acquire(self._patience if patience is None else patience)
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if self._depth == 0:
                    self._holder.unlink(missing_ok=True)
                    self._file.release()

    def _acquire(self, patience: float) -> None:
        try:
            self._file.acquire(timeout=patience, poll_interval=0.05)
        except Timeout:
            raise CorpusLockedError(
                f"Another process is writing to the corpus in {self._folder}{self._who()}; wait until it has "
                "finished, or stop it, and run the same command again."
            ) from None
        except OSError as error:
            raise CorpusLockedError(
                f"The corpus in {self._folder} cannot be written to ({error.strerror}); check its permissions."
            ) from error
        started = datetime.now(UTC).isoformat(timespec="seconds")
        # Without the note the lock still holds; a full disk must not stop what would make room, such as rag remove.
        with suppress(OSError):
            self._holder.write_text(json.dumps({"pid": os.getpid(), "command": this_command(), "since": started}))

    def _who(self) -> str:
        try:
            holder = json.loads(self._holder.read_text())
        except (OSError, ValueError):
            return ""  # it is just starting or just finishing
        return f" (process {holder['pid']}, {holder['command']!r}, since {holder['since']})"
