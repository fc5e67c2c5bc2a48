"""The measurements as a page: what was asked for beside what was measured, and how it grows."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter

from eval.speed.growth import Growth, read_growth
from eval.speed.ingest import IngestSpeed
from eval.speed.plot import growth_plot
from eval.speed.search import Case, SearchSpeed
from rag.errors import InputError

INGEST, SEARCH, GROWTH = "ingest.json", "search.json", "growth.json"
"""Where the measurements of one folder are kept."""
MB, GB = 1e6, 1e9
T = TypeVar("T")
INTRODUCTION = """# Speed and size

Written by `rag eval speed table` from measurements of `rag eval speed`; every ratio is of one run. Processor time is what
a search costs; the latency beside it is what a user waits on the machine that was measured, with whatever else it did.
"""


def write_page(folder: Path, page: Path) -> None:
    """Write ``page`` and, beside it, the plot; from the measurements in ``folder``. Raises InputError when it has none."""
    ingest = _read(folder / INGEST, TypeAdapter(IngestSpeed))
    search = _read(folder / SEARCH, TypeAdapter(SearchSpeed))
    growth = read_growth(folder / GROWTH)
    if not (ingest or search or growth):
        raise InputError(
            f"There are no measurements in {folder}; make some with rag eval speed ingest, search, growth."
        )
    sections = [INTRODUCTION]
    if ingest:
        sections.append(ingest_table(ingest))
    if search:
        sections.append(search_table(search))
    if growth:
        plot = page.with_suffix(".svg")
        plot.write_text(growth_plot(growth), encoding="utf-8")
        sections.append(growth_table(growth, plot.name))
    page.write_text("\n".join(sections), encoding="utf-8")


def _read(path: Path, kind: TypeAdapter[T]) -> T | None:
    return kind.validate_json(path.read_bytes()) if path.exists() else None


def ingest_table(speed: IngestSpeed) -> str:
    """The ingest of a file, and its parts."""
    lowest = min(part.share for part in speed.parts)
    bare = sum(part.abstracts / part.bare_per_second for part in speed.parts)
    rows = [
        ("Whole ingest", "", f"{speed.seconds:,.0f} s, {speed.abstracts / speed.seconds:,.0f} abstracts/s"),
        ("Share of the bare embedding rate, whole run", "≥ 0.85", f"{bare / speed.seconds:.2f}"),
        ("Lowest share in any part", "≥ 0.85", f"{lowest:.2f}"),
        ("Peak memory", "< 2.5 GB", f"{speed.peak_memory / GB:.2f} GB"),
        ("Second ingest of the same file", "< 3 %", f"{speed.second_share:.1%} ({speed.second_seconds:,.1f} s)"),
        (
            "Disk an abstract: catalog, vectors, text index",
            "",
            _each(speed.disk.catalog, speed.disk.vectors, speed.disk.text_index, count=speed.abstracts),
        ),
    ]
    parts = [
        (
            f"{number}", f"{part.abstracts:,}", f"{part.per_second:,.1f}", f"{part.bare_per_second:,.1f}",
            f"{part.share:.2f}", f"{part.memory / GB:.2f} GB",
        )
        for number, part in enumerate(speed.parts, 1)
    ]  # fmt: skip
    return (
        f"## Ingest of {speed.file}: {speed.records:,} records, {speed.abstracts:,} abstracts\n\n"
        + _table(("", "Target", "Measured"), rows)
        + "\nFrom the first part of the run to the last; bare is the embedding of the same chunks and sentences alone:\n\n"
        + _table(("Part", "Abstracts", "Abstracts/s", "Bare, abstracts/s", "Share", "Peak memory so far"), parts)
    )


def search_table(speed: SearchSpeed) -> str:
    """Retrieval on a real corpus."""
    rows = [
        ("Opening, imports included", "< 1.5 s", f"{speed.opening:.2f} s"),
        ("Opening up to the first hits", "", f"{speed.first_search:.2f} s"),
        ("`rag ask`, cold, the whole process", "< 3.5 s", f"{speed.cold_ask:.2f} s"),
        ("Memory of the searching process", "", f"{speed.memory / MB:,.0f} MB"),
        ("Disk an abstract", "", f"{speed.disk.total / speed.abstracts / 1e3:.1f} kB"),
    ]
    return (
        f"## Search in {speed.abstracts:,} abstracts ({speed.chunks:,} chunks, {speed.sentences:,} sentences)\n\n"
        + _table(("", "Target", f"Median of {speed.repeats}"), rows)
        + f"\nWarm, ten hits with their sentences, {speed.cases[0].latency.count} queries:\n\n"
        + _table(
            ("Filter", "Leaves", "p50", "p95", "Target p95", "Processor p50", "p95"),
            [_case(case, "< 80 ms" if place else "< 40 ms") for place, case in enumerate(speed.cases)],
        )
    )


def _case(case: Case, target: str) -> tuple[str, ...]:
    wall, processor = case.latency, case.processor
    return (
        case.name, f"{case.allowed:,}", f"{wall.p50:.1f} ms", f"{wall.p95:.1f} ms", target,
        f"{processor.p50:.1f} ms", f"{processor.p95:.1f} ms",
    )  # fmt: skip


def growth_table(growth: Growth, plot: str) -> str:
    """A made-up corpus at every size."""
    rows = []
    for step in growth:
        speed = step.search
        plain, filtered = speed.cases[0], speed.cases[1:]
        rows.append(
            (
                f"{speed.abstracts:,}", f"{plain.latency.p50:.1f} ms", f"{plain.latency.p95:.1f} ms",
                f"{plain.processor.p50:.1f} ms",
                f"{max((case.latency.p95 for case in filtered), default=0):.1f} ms",
                f"{speed.opening:.2f} s", f"{speed.first_search:.2f} s", f"{speed.cold_ask:.2f} s",
                f"{speed.memory / MB:,.0f} MB", f"{speed.disk.total / MB:,.0f} MB",
                _each(speed.disk.catalog, speed.disk.vectors, speed.disk.text_index, count=speed.abstracts),
                f"{step.added / step.seconds:,.0f}/s" if step.added else "",
            )
        )  # fmt: skip
    return (
        f"## Made-up abstracts near real ones, up to {growth[-1].search.abstracts:,}\n\n"
        "Sentences and vectors are drawn near those of a real corpus and written through the real index, not embedded. "
        "Target at a million: p95 < 120 ms.\n\n"
        f"![p95, memory and disk by the number of abstracts]({plot})\n\n"
        + _table(
            (
                "Abstracts", "p50", "p95", "Processor p50", "Slowest filter, p95", "Opening", "First hits",
                "`rag ask`, cold", "Memory", "Disk", "An abstract: catalog, vectors, text index", "Written",
            ),
            rows,
        )
    )  # fmt: skip


def _each(*sizes: int, count: int) -> str:
    return " + ".join(f"{size / count / 1e3:.2f}" for size in sizes) + " kB"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
