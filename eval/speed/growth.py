"""One made-up corpus grown step by step, measured at each size."""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
from pydantic import TypeAdapter

from eval.speed.process import corpus_of, peak_memory, timed
from eval.speed.search import SearchSpeed
from eval.speed.synthetic import grow, model
from rag.errors import InputError
from rag.index.index import Index
from rag.records import Progress
from rag.settings import Settings

SIZES = (10_000, 30_000, 100_000, 300_000, 1_000_000)


@dataclass(frozen=True, slots=True)
class Step:
    """What was measured at one size. ``seconds`` is what writing ``added`` abstracts took, without embedding them."""

    added: int
    seconds: float
    writing_memory: int
    search: SearchSpeed


Growth = tuple[Step, ...]


def measure_growth(
    like: Settings,
    settings: Settings,
    out: Path,
    *,
    sizes: Sequence[int] = SIZES,
    queries: int = 300,
    progress: Callable[[Progress], None] | None = None,
) -> Growth:
    """Grow the corpus of ``settings`` after the one of ``like`` and measure it at ``sizes``, by processes of their own.

    Results are kept in ``out`` after each size; the same call goes on where it was stopped. Raises InputError when the
    corpus is larger than a size that is still to be measured.
    """
    steps = {step.search.abstracts: step for step in read_growth(out)}
    real = None
    for size in sorted(set(sizes) - steps.keys()):
        index = Index(settings)
        try:
            held = index.catalog.count()
            if held > size:
                raise InputError(
                    f"The corpus {settings.corpus!r} holds {held:,} abstracts already; name a new one with --corpus."
                )
            if held < size and real is None:
                source = Index(like)
                real = model(source.catalog)
                source.close()
            started = time.perf_counter()
            if real is not None:
                grow(index, real, size, progress)
            seconds, written = time.perf_counter() - started, peak_memory()
        finally:
            index.close()
        steps[size] = Step(size - held, seconds, written, _search(settings, queries))
        out.write_bytes(orjson.dumps([steps[each] for each in sorted(steps)], option=orjson.OPT_INDENT_2))
        if progress is not None:
            progress(Progress("measured", len(steps), len({*sizes, *steps})))
    return tuple(steps[each] for each in sorted(steps))


def read_growth(path: Path) -> Growth:
    """The steps measured so far; none when there is no such file."""
    return TypeAdapter(Growth).validate_json(path.read_bytes()) if path.exists() else ()


def _search(settings: Settings, queries: int) -> SearchSpeed:
    """``measure_search`` in a new process, so that the memory is that of searching alone."""
    code = "import sys; from eval.speed.growth import print_search; print_search(int(sys.argv[1]))"
    output = timed([sys.executable, "-c", code, str(queries)], corpus_of(settings)).output
    return TypeAdapter(SearchSpeed).validate_json(output)


def print_search(queries: int) -> None:
    """Measure the corpus that the environment names and print the result as JSON."""
    from eval.speed.search import measure_search

    sys.stdout.write(orjson.dumps(measure_search(Settings(), count=queries)).decode())
