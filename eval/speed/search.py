"""Retrieval on a corpus that is there: warm latency with and without filters, opening, and ``rag ask`` from cold."""

import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from eval.metrics.latency import Latency, percentiles
from eval.questions import bundled, load
from eval.speed.process import Disk, command, corpus_of, disk, memory, timed
from rag.assistant import Assistant
from rag.errors import InputError
from rag.index.catalog import Catalog
from rag.records import Filters, Progress
from rag.settings import Settings

WARM = 10
"""Searches before the clock runs."""
OPENING = """
import time; started = time.perf_counter()
from rag import Assistant, Settings
assistant = Assistant.open(Settings()); assistant.count(); opened = time.perf_counter()
assistant.search("Which methods are robust to noise?")
print(opened - started, time.perf_counter() - started)
"""


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of search: how many abstracts its filters leave, its latency, and the processor time it took."""

    name: str
    allowed: int
    latency: Latency
    processor: Latency


@dataclass(frozen=True, slots=True)
class SearchSpeed:
    """What was measured on one corpus. Seconds are medians of ``repeats`` processes, bytes of the searching process.

    ``opening`` is a new process up to an open corpus, imports included; ``first_search`` goes on to its first hits;
    ``cold_ask`` is the whole of ``rag ask``.
    """

    abstracts: int
    chunks: int
    sentences: int
    cases: tuple[Case, ...]
    opening: float
    first_search: float
    cold_ask: float
    repeats: int
    memory: int
    disk: Disk


def measure_search(
    settings: Settings,
    *,
    count: int = 300,
    repeats: int = 5,
    progress: Callable[[Progress], None] | None = None,
) -> SearchSpeed:
    """Measure with ``count`` queries, half of them questions of the bundled ML set and half titles of the corpus."""
    tell = progress or (lambda _: None)
    with Assistant.open(settings) as assistant, closing(Catalog(settings.folder / "catalog.sqlite")) as catalog:
        if catalog.empty():
            raise InputError(f"The corpus {settings.corpus!r} is empty; ingest something first.")
        queries = _queries(catalog, count)
        kinds = {"no filter": Filters(), **filters(catalog)}
        walls: dict[str, list[float]] = {name: [] for name in kinds}
        processors: dict[str, list[float]] = {name: [] for name in kinds}
        for query in queries[:WARM]:
            for kind in kinds.values():
                assistant.search(query, filters=kind)
        for done, query in enumerate(queries, 1):
            for name, kind in kinds.items():  # in turn, so that noise hits all alike
                wall, processor = time.perf_counter(), time.process_time()
                assistant.search(query, filters=kind)
                walls[name].append((time.perf_counter() - wall) * 1000)
                processors[name].append((time.process_time() - processor) * 1000)
            tell(Progress("searching", done, len(queries)))
        cases = tuple(
            Case(name, assistant.count(kind), percentiles(walls[name]), percentiles(processors[name]))
            for name, kind in kinds.items()
        )
        held = memory()
        stats = assistant.stats()
    opened, searched, asked = [], [], []
    for done in range(repeats):
        output = timed([sys.executable, "-c", OPENING], corpus_of(settings)).output
        first, second = map(float, output.split())
        opened.append(first)
        searched.append(second)
        asked.append(command(settings, ["ask", queries[done % len(queries)]]).seconds)
        tell(Progress("opening and asking cold", done + 1, repeats))
    return SearchSpeed(
        abstracts=stats.abstracts, chunks=stats.chunks, sentences=stats.sentences, cases=cases,
        opening=median(opened), first_search=median(searched), cold_ask=median(asked), repeats=repeats,
        memory=held, disk=disk(settings.folder),
    )  # fmt: skip


def _queries(catalog: Catalog, count: int) -> list[str]:
    """Questions and titles by turns; titles evenly out of the whole corpus."""
    questions = [each.question for each in load([bundled("ml")])][: count // 2]
    abstracts = catalog.abstracts(np.linspace(1, catalog.count(), count - len(questions), dtype=int).tolist())
    titles = [abstract.title for abstract in abstracts.values()]
    mixed = [query for pair in zip(questions, titles, strict=False) for query in pair]
    return mixed + questions[len(titles) :] + titles[len(questions) :]


def filters(catalog: Catalog) -> dict[str, Filters]:
    """Filters that this corpus offers, broad and narrow: by year, venue, both, and source."""
    years, venues, sources = (catalog.counts_by(what) for what in ("year", "venue", "path"))
    made: dict[str, Filters] = {}
    if years:
        half, below = sum(years.values()) / 2, 0
        for year in sorted(years, reverse=True):
            below += years[year]
            if below >= half:
                made[f"{year} or later"] = Filters(year_from=year)
                break
        most = max(years, key=lambda year: years[year])
        made[f"of {most}"] = Filters(year_from=most, year_to=most)
    if venues:
        largest = next(iter(venues))
        small = min(venues, key=lambda venue: abs(venues[venue] - catalog.count() / 200))
        made[f"venue {largest}"] = Filters(venues=(largest,))
        made[f"venue {small}"] = Filters(venues=(small,))
        if years:
            made[f"venue {largest}, {max(years) - 5} or later"] = Filters(venues=(largest,), year_from=max(years) - 5)
    if sources:
        source = max(sources, key=lambda path: sources[path])
        made[f"source {Path(source).name}"] = Filters(sources=(source,))
    return made
