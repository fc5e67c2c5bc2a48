"""What the commands of the evaluation share: what is asked and of whom, progress, a sentence for a missing extra."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from rag.errors import InputError, UsageError
from rag.records import Progress

if TYPE_CHECKING:
    from rag.assistant import Assistant

PEERS_EXTRA = (
    "llama_index.vector_stores.chroma",
    "llama_index.embeddings.huggingface",
    "langchain_chroma",
    "langchain_huggingface",
    "txtai",
)


def require(modules: Sequence[str], extra: str) -> None:
    """UsageError when an extra's packages are missing; nothing is imported to find out."""
    for module in modules:
        try:
            found = find_spec(module)
        except ModuleNotFoundError:  # a package above it is missing
            found = None
        if found is None:
            raise UsageError(f"{module} is not installed; run: pip install 'footnote-rag[{extra}]'.")


@contextmanager
def progress_bar() -> Iterator[Callable[[Progress], None]]:
    """A progress bar on stderr, for any number of stages; it leaves nothing behind."""
    from rich import progress as bars

    columns = (
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.MofNCompleteColumn(),
        bars.TimeRemainingColumn(),
    )
    with bars.Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        tasks: dict[str, bars.TaskID] = {}

        def show(now: Progress) -> None:
            if now.stage not in tasks:
                tasks[now.stage] = shown.add_task(now.stage, total=now.total)
            shown.update(tasks[now.stage], completed=now.done, total=now.total)

        yield show


def question_files(given: list[Path] | None) -> list[Path]:
    """The question sets that were named, or else the bundled one."""
    from eval.questions import bundled

    return given or [bundled("seeds")]


@contextmanager
def open_assistant(corpus: str | None, ingest: list[Path] | None, llm: str | None) -> Iterator[tuple["Assistant", str]]:
    """The assistant that the options ask for, and what to call its corpus."""
    from eval.corpus import SEEDS, throw_away
    from rag.assistant import Assistant
    from rag.settings import Settings

    chosen: dict[str, Any] = {} if llm is None else {"llm": llm}
    if corpus is not None:
        if ingest:
            raise InputError("--corpus and --ingest exclude each other; name a corpus or files.")
        with Assistant.open(Settings(corpus=corpus, **chosen)) as assistant:
            if not assistant.count():
                raise InputError(
                    f"The corpus {corpus!r} holds no abstract; fill it with `rag ingest`, or name another."
                )
            yield assistant, corpus
        return
    paths = ingest or [SEEDS]
    with progress_bar() as progress, throw_away(Settings(**chosen), paths, progress=progress) as assistant:
        yield assistant, ", ".join(path.name for path in paths)
