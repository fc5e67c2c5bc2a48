"""The ingest of a whole file: its pace from the first to the last tenth beside the bare embedding, and what it takes.

Noise of the machine hits both alike: every few batches the run stops, the sentences and chunks of the batch just
written are embedded once more by themselves, in the same process, and the run goes on.
"""

import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.speed.process import Disk, command, disk, peak_memory
from eval.speed.texts import embedded_texts
from rag.errors import InputError
from rag.index.index import Index
from rag.index.ingest import ingest
from rag.records import Progress
from rag.settings import Settings

PARTS = 10
EVERY = 4
"""Of so many batches one is embedded again: a quarter more time for the whole run."""


@dataclass(frozen=True, slots=True)
class Batch:
    """So many abstracts of so many characters, in so many seconds; ``bare`` seconds for their embedding alone, if measured."""

    abstracts: int
    characters: int
    seconds: float
    bare: float | None
    memory: int


@dataclass(frozen=True, slots=True)
class Part:
    """A tenth of the run, abstracts a second: of the whole ingest, and of bare embedding. Memory is the peak so far."""

    abstracts: int
    per_second: float
    bare_per_second: float
    memory: int

    @property
    def share(self) -> float:
        """Of the bare rate, what the ingest reaches; 1 would be free of any overhead."""
        return self.per_second / self.bare_per_second


@dataclass(frozen=True, slots=True)
class IngestSpeed:
    """One ingest of a file into an empty corpus, and a second one of the same file by a process of its own.

    ``peak_memory`` is of the process that ingested, the measuring included; bytes and seconds throughout.
    """

    file: str
    records: int
    abstracts: int
    seconds: float
    parts: tuple[Part, ...]
    peak_memory: int
    disk: Disk
    second_seconds: float

    @property
    def second_share(self) -> float:
        """The second ingest's time over the first one's."""
        return self.second_seconds / self.seconds


def measure_ingest(
    path: Path, settings: Settings, *, every: int = EVERY, progress: Callable[[Progress], None] | None = None
) -> IngestSpeed:
    """Ingest ``path`` into the empty corpus that the settings name; raises InputError when it holds something."""
    index = Index(settings)
    try:
        if not index.catalog.empty():
            raise InputError(f"The corpus {settings.corpus!r} is not empty; name a new one with --corpus.")
        index.embedder.encode(["Loaded and compiled before the clock runs."])
        watch = _Watch(index, every, progress)
        report = ingest(index, [path], watch)
        watch.end()
        peak = peak_memory()
    finally:
        index.close()
    if not watch.batches:
        raise InputError(f"{path} has no abstracts to measure with.")
    again = command(settings, ["ingest", str(path)])
    return IngestSpeed(
        file=path.name,
        records=report.added + report.updated + report.unchanged + report.merged + len(report.rejected),
        abstracts=report.added,
        seconds=sum(batch.seconds for batch in watch.batches),
        parts=parts(watch.batches),
        peak_memory=peak,
        disk=disk(settings.folder),
        second_seconds=again.seconds,
    )


class _Watch:
    """Listens to an ingest; when a batch is written, stops the clock to measure."""

    def __init__(self, index: Index, every: int, progress: Callable[[Progress], None] | None) -> None:
        self._index, self._every, self._progress = index, every, progress
        self._generation, self._last_key = index.catalog.generation(), 0
        self.batches: list[Batch] = []
        self._started = time.perf_counter()

    def __call__(self, now: Progress) -> None:
        if self._progress is not None:
            self._progress(now)
        if self._index.catalog.generation() != self._generation:
            self._measure(time.perf_counter() - self._started)
            self._started = time.perf_counter()

    def end(self) -> None:
        """Count what came after the last batch to it."""
        tail = time.perf_counter() - self._started
        if self.batches:
            last = self.batches[-1]
            self.batches[-1] = Batch(last.abstracts, last.characters, last.seconds + tail, last.bare, last.memory)

    def _measure(self, seconds: float) -> None:
        self._generation = self._index.catalog.generation()
        held = self._index.catalog.keys()
        keys = held[bisect_right(held, self._last_key) :]
        if not keys:
            return
        self._last_key = keys[-1]
        texts = embedded_texts(self._index, keys)
        bare = None
        if len(self.batches) % self._every == 0:
            started = time.perf_counter()
            self._index.embedder.encode(texts)
            bare = time.perf_counter() - started
        self.batches.append(Batch(len(keys), sum(map(len, texts)), seconds, bare, peak_memory()))


def parts(batches: Sequence[Batch], count: int = PARTS) -> tuple[Part, ...]:
    """At most ``count`` parts of like size, each with at least one batch that was embedded again.

    The bare rate is by character: the batches embedded again may have longer abstracts than the others.
    """
    total = sum(batch.abstracts for batch in batches)
    made: list[Part] = []
    held: list[Batch] = []
    done = 0
    for place, batch in enumerate(batches):
        held.append(batch)
        done += batch.abstracts
        last = place == len(batches) - 1
        more = any(each.bare is not None for each in batches[place + 1 :])  # else the rest belongs to this part
        full = done >= total * (len(made) + 1) / count and any(each.bare is not None for each in held)
        if last or (full and more):
            made.append(_part(held))
            held = []
    return tuple(made)


def _part(batches: Sequence[Batch]) -> Part:
    again = [(batch.characters, batch.bare) for batch in batches if batch.bare is not None]
    bare = sum(characters for characters, _ in again) / sum(seconds for _, seconds in again)
    abstracts = sum(batch.abstracts for batch in batches)
    characters = sum(batch.characters for batch in batches)
    return Part(
        abstracts=abstracts,
        per_second=abstracts / sum(batch.seconds for batch in batches),
        bare_per_second=bare * abstracts / characters,
        memory=batches[-1].memory,
    )
