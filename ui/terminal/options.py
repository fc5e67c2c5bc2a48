"""The options that commands share, and the assistant that they open."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rag.assistant import Assistant
    from rag.records import Filters, Progress

Corpus = Annotated[str | None, typer.Option("--corpus", "-c", help="Corpus to use; RAG_CORPUS otherwise.")]
LLM = Annotated[str | None, typer.Option("--llm", help="quotes, smollm2, ollama/NAME, ...; RAG_LLM otherwise.")]
Json = Annotated[bool, typer.Option("--json", help="Print the JSON that the API returns.")]
YearFrom = Annotated[int | None, typer.Option("--from", help="Only abstracts of this year or later.")]
YearTo = Annotated[int | None, typer.Option("--to", help="Only abstracts of this year or earlier.")]
Venue = Annotated[
    list[str] | None, typer.Option("--venue", help="Only abstracts of this venue, in capitals or not; may be repeated.")
]
FromSource = Annotated[list[str] | None, typer.Option("--source", help="Only abstracts from this file or folder.")]


def assistant(corpus: str | None = None, llm: str | None = None) -> "Assistant":
    """The assistant for the settings, with the options that were given in their place."""
    from rag.assistant import Assistant
    from rag.settings import Settings

    given = {"corpus": corpus, "llm": llm}
    return Assistant.open(Settings(**{name: value for name, value in given.items() if value is not None}))


def filters(
    year_from: int | None, year_to: int | None, venues: list[str] | None, sources: list[str] | None
) -> "Filters | None":
    """The filters that were given, or None; UsageError for years that no abstract can have."""
    from rag.errors import UsageError
    from rag.records import Filters

    if year_from is not None and year_to is not None and year_from > year_to:
        raise UsageError(f"No year is in --from {year_from} --to {year_to}; give the earlier year with --from.")
    return Filters(year_from, year_to, tuple(venues or ()), tuple(sources or ())) or None


def print_json(value: Any) -> None:
    """Print JSON to standard output, as it is, one value."""
    import orjson

    typer.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode())


@contextmanager
def progress() -> Iterator[Any]:
    """A function to report Progress to; a bar with the rate appears on the terminal after half a second."""
    import time

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    started = time.monotonic()
    bar = Bar(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(), console=console,
    )  # fmt: skip
    task = bar.add_task("starting", total=None, rate="")
    taken_by = ""

    def report(state: "Progress") -> None:
        nonlocal taken_by
        if state.by != taken_by:
            said = f"handed over to {state.by}" if state.by else f"{taken_by} has ended; going on here"
            console.print(said, highlight=False, soft_wrap=True)
            taken_by = state.by
        seconds = time.monotonic() - started
        if seconds > 0.5 and console.is_terminal and not bar.live.is_started:
            bar.start()
        bar.update(
            task,
            description=state.stage,
            completed=state.done,
            total=state.total,
            rate=f"{state.done / max(seconds, 1e-3):.0f} abstracts/s",
        )

    try:
        yield report
    finally:
        if bar.live.is_started:
            bar.stop()
