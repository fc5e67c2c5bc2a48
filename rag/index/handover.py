"""An ingest goes to the process that can do it best: the one that is writing already, or a server that is open.

That process listens on a Unix socket in the corpus folder, readable by its user only. Who wants to ingest sends one JSON
line with absolute paths and hears progress and the report, a line each. Nobody depends on the other: when the one that
took the work ends, the one that asked does it itself, which is safe because an ingest may be repeated at any moment.
"""

import json
import logging
import os
import queue
import select
import socket
import stat
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from rag import errors
from rag.corpus.reading import STDIN, absolute
from rag.errors import CorpusLockedError, FootnoteError
from rag.index.index import Index, Report
from rag.index.ingest import ingest
from rag.index.lock import this_command
from rag.records import IngestReport, Progress

NAME = "door"
WAIT = 5.0
"""Seconds to try again while another process writes that takes no work (a removal, a rebuild)."""
GREETING = 1.0
"""Seconds within which a process that listens says so; one that was stopped does not."""
SENDING = 30.0
"""Seconds that a line may take to be sent; who does not read for so long has gone."""
LONGEST_ADDRESS = 100
"""Bytes; the address of a Unix socket has room for about 104."""

_log = logging.getLogger(__name__)


class _GoneError(Exception):
    """The process at the other end has ended, or wants no more."""


class Door:
    """Brings ingests into ``index``, its own and those that other processes hand over while it is open."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._path = index.folder / NAME
        self._listening: _Listening | None = None
        self._opening = threading.Lock()

    def ingest(self, paths: Sequence[str | Path], report: Report | None = None, **options: Any) -> IngestReport:
        """``rag.index.ingest.ingest`` here, or in the process that writes to the corpus already; the same report.

        Raises CorpusLockedError when a process writes that takes no work, and goes on for longer than WAIT.
        """
        named = [absolute(path) for path in paths]
        give_up = 0.0
        while True:
            try:
                if self._listening is None and STDIN not in named:  # nobody else can read our standard input
                    with suppress(_GoneError):
                        return self._hand_over(named, options, report)
                return self._ingest_here(named, options, report)
            except CorpusLockedError:
                give_up = give_up or time.monotonic() + WAIT
                if time.monotonic() > give_up:
                    raise
                time.sleep(0.1)

    def _ingest_here(self, paths: list[str], options: dict[str, Any], report: Report | None) -> IngestReport:
        with self._index.writing():
            self.open()
            return ingest(self._index, paths, report, **options)

    # --- asking another process -----------------------------------------------------------------------------------

    def _hand_over(self, paths: list[str], options: dict[str, Any], report: Report | None) -> IngestReport:
        """The report of whoever listens; raises _GoneError when nobody does, or no longer."""
        with _connected(self._path) as connection:
            _send(connection, {"paths": paths, "options": options})
            lines = _lines(connection, GREETING)
            taken_by = str(next(lines)["taken_by"])
            if report is not None:
                report(Progress("handed over", 0, by=taken_by))
            for line in lines:
                if "report" in line:
                    return TypeAdapter(IngestReport).validate_python(line["report"])
                if "error" in line:
                    kind, sentence = line["error"]
                    raise getattr(errors, kind, FootnoteError)(sentence)
                if report is not None:
                    report(Progress(**line["progress"], by=taken_by))
        raise _GoneError

    # --- being asked ----------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Take over the ingests of other processes from now on, unless another process does so already."""
        with self._opening:
            if self._listening is not None or not hasattr(socket, "AF_UNIX"):
                return
            with suppress(_GoneError), _connected(self._path):
                return
            try:
                self._listening = _Listening(self._path, self._serve)
            except OSError as error:  # a file system without sockets; others will wait for the lock
                _log.info("Ingests of other processes are not taken over: %s", error)

    def close(self) -> None:
        """Take no more; what was handed over and is not finished goes back to whoever asked."""
        with self._opening:
            listening, self._listening = self._listening, None
        if listening is not None:
            listening.close()

    def _serve(self, request: dict[str, Any], tell: Report) -> IngestReport:
        with self._index.writing():
            tell(Progress("handed over", 0))  # closed, or given up, while our own work went on?
            return ingest(self._index, request["paths"], tell, **request["options"])


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request that waits for its turn."""

    connection: socket.socket
    request: dict[str, Any]


class _Listening:
    """A socket, a thread that greets who comes, and one that does the work in the order it came."""

    def __init__(self, path: Path, serve: Any) -> None:
        self._path = path
        self._serve = serve
        self._asked: queue.SimpleQueue[_Asked | None] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._wake, self._woken = socket.socketpair()
        self._socket = socket.socket(socket.AF_UNIX)
        try:
            path.unlink(missing_ok=True)  # left by a process that was killed
            with _address(path) as address:
                self._socket.bind(address)
            path.chmod(stat.S_IRUSR | stat.S_IWUSR)  # before anyone can connect
            self._file = path.stat().st_ino
            self._socket.listen()
        except OSError:
            for each in (self._socket, self._wake, self._woken):
                each.close()
            raise
        self._threads = [
            threading.Thread(target=target, name=f"handover-{name}", daemon=True)
            for name, target in (("greets", self._greet), ("works", self._work))
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        self._closing.set()
        self._wake.close()
        self._asked.put(None)
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join()
        with suppress(OSError):
            if self._path.stat().st_ino == self._file:
                self._path.unlink()
        while not self._asked.empty():
            asked = self._asked.get()
            if asked is not None:
                asked.connection.close()

    def _greet(self) -> None:
        with self._socket, self._woken:
            while True:
                ready, _, _ = select.select([self._socket, self._woken], [], [])
                if self._woken in ready:
                    return
                connection, _ = self._socket.accept()
                try:
                    request = next(_lines(connection, GREETING))
                    _send(connection, {"taken_by": f"process {os.getpid()} ({this_command()!r})"})
                    self._asked.put(_Asked(connection, request))
                except (_GoneError, ValueError):
                    connection.close()

    def _work(self) -> None:
        while (asked := self._asked.get()) is not None:
            with asked.connection, suppress(_GoneError):
                self._answer(asked)

    def _answer(self, asked: _Asked) -> None:
        def tell(state: Progress) -> None:
            if self._closing.is_set():
                raise _GoneError
            _send(asked.connection, {"progress": {"stage": state.stage, "done": state.done, "total": state.total}})

        tell(Progress("handed over", 0))  # who gave up waiting is not worked for
        try:
            answer = {"report": self._serve(asked.request, tell).to_dict()}
        except FootnoteError as error:
            answer = {"error": [type(error).__name__, str(error)]}
        except _GoneError:
            raise
        except Exception as error:
            # The one who asked does it itself, and hears of what is wrong there.
            _log.exception("An ingest that was handed over broke")
            raise _GoneError from error
        _send(asked.connection, answer)


@contextmanager
def _connected(path: Path) -> Iterator[socket.socket]:
    """A connection to whoever listens at ``path``; raises _GoneError when nobody does."""
    if not hasattr(socket, "AF_UNIX"):
        raise _GoneError
    with closing(socket.socket(socket.AF_UNIX)) as connection:
        connection.settimeout(GREETING)
        try:
            with _address(path) as address:
                connection.connect(address)
        except OSError as error:
            raise _GoneError from error
        yield connection


@contextmanager
def _address(path: Path) -> Iterator[str]:
    """``path`` as the address of a socket, which has a limited length; a long one is named from its open folder."""
    if len(os.fsencode(path)) <= LONGEST_ADDRESS or not sys.platform.startswith("linux"):
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def _send(connection: socket.socket, value: dict[str, Any]) -> None:
    try:
        connection.settimeout(SENDING)
        connection.sendall(json.dumps(value).encode() + b"\n")
    except OSError as error:
        raise _GoneError from error


def _lines(connection: socket.socket, patience: float) -> Iterator[dict[str, Any]]:
    """What comes, line by line; raises _GoneError at the end of it, or when the first line takes too long."""
    read = bytearray()
    wait: float | None = patience
    while True:
        try:
            connection.settimeout(wait)
            more = connection.recv(2**16)
        except OSError as error:
            raise _GoneError from error
        if not more:
            raise _GoneError
        read += more
        if b"\n" in more:
            wait = None
            *lines, read = read.split(b"\n")
            yield from map(json.loads, lines)
