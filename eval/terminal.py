"""What the commands of the evaluation share: progress on stderr, and a sentence when an extra is missing."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec

from rich.console import Console

from rag.errors import UsageError
from rag.records import Progress

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
