"""What a measurement needs to know of a process and a folder: memory, disk, and whole commands timed."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.errors import FootnoteError
from rag.settings import Settings


@dataclass(frozen=True, slots=True)
class Disk:
    """Bytes on disk by store."""

    catalog: int
    vectors: int
    text_index: int

    @property
    def total(self) -> int:
        """All three stores."""
        return self.catalog + self.vectors + self.text_index


@dataclass(frozen=True, slots=True)
class Command:
    """A whole process, from start to exit: seconds, and what it printed."""

    seconds: float
    output: str


def peak_memory() -> int:
    """The most resident memory that this process has held, in bytes."""
    return _status("VmHWM") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def memory() -> int:
    """The resident memory of this process now, in bytes; 0 where the system does not say."""
    return _status("VmRSS")


def _status(field: str) -> int:
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(field)), 0)


def disk(folder: Path) -> Disk:
    """What the corpus in ``folder`` takes."""
    return Disk(
        sum(path.stat().st_size for path in folder.glob("catalog.sqlite*")),
        _size(folder / "chroma"),
        _size(folder / "lexical"),
    )


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def command(settings: Settings, arguments: Sequence[str]) -> Command:
    """Run ``rag`` with those arguments on the corpus of ``settings``; raises FootnoteError when it fails."""
    return timed([sys.executable, "-c", "from ui.terminal import main; main()", *arguments], corpus_of(settings))


def corpus_of(settings: Settings) -> dict[str, str]:
    """The variables that point another process to the same corpus."""
    return {"RAG_HOME": str(settings.home.expanduser().resolve()), "RAG_CORPUS": settings.corpus}


def timed(arguments: Sequence[str], variables: Mapping[str, str]) -> Command:
    """Run a program with more environment variables; raises FootnoteError when it fails."""
    started = time.perf_counter()
    done = subprocess.run(  # noqa: S603 - our own command line
        list(arguments), stdout=subprocess.PIPE, text=True, env={**os.environ, **variables}, check=False
    )
    seconds = time.perf_counter() - started
    if done.returncode:
        raise FootnoteError(f"{' '.join(arguments)} ended with status {done.returncode}; see what it said above.")
    return Command(seconds, done.stdout)
