"""The terminal's door to the measurements of speed and size: ``rag eval speed ...``."""

import sys
from pathlib import Path
from typing import Annotated

import orjson
import typer

from eval.terminal import PEERS_EXTRA, progress_bar, require

app = typer.Typer(
    name="speed",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Measure speed and size: ingest, search, growth to a million abstracts, LlamaIndex's stock pipeline.\n\n"
    "Run each part by itself on an otherwise idle machine, then write the page:\n\n"
    "- `rag eval speed ingest papers.jsonl.gz --corpus papers`\n"
    "- `rag eval speed search --corpus papers`\n"
    "- `rag eval speed growth --like papers`\n"
    "- `rag eval speed table --write docs/scale.md`",
)

Out = Annotated[Path, typer.Option(help="Folder that keeps the measurements.")]
OUT = Path("speed-run")


@app.command("ingest")
def ingest_command(
    file: Annotated[Path, typer.Argument(help="A file of abstracts, as for rag ingest.")],
    corpus: Annotated[str, typer.Option(help="A new corpus to ingest into; it stays, for rag eval speed search.")],
    every: Annotated[int, typer.Option(min=1, help="Embed one of so many batches again, bare.")] = 4,
    out: Out = OUT,
) -> None:
    """Ingest a file beside the bare embedding of its texts, part by part; then ingest it again.

    Memory, disk and the share that the second ingest takes are measured too. Takes a quarter more time than the ingest.
    """
    from eval.speed.ingest import measure_ingest
    from eval.speed.table import INGEST, ingest_table
    from rag.settings import Settings

    with progress_bar() as progress:
        speed = measure_ingest(file, Settings(corpus=corpus), every=every, progress=progress)
    _keep(out / INGEST, speed)
    sys.stdout.write(ingest_table(speed))


@app.command("search")
def search_command(
    corpus: Annotated[str, typer.Option(help="The corpus to search, as it is.")],
    queries: Annotated[int, typer.Option(min=2, help="Questions and titles to search for.")] = 300,
    repeats: Annotated[int, typer.Option(min=1, help="Processes to open the corpus and to ask cold.")] = 5,
    out: Out = OUT,
) -> None:
    """Search a corpus warm, with and without filters; open it, and ask it cold."""
    from eval.speed.search import measure_search
    from eval.speed.table import SEARCH, search_table
    from rag.settings import Settings

    with progress_bar() as progress:
        speed = measure_search(Settings(corpus=corpus), count=queries, repeats=repeats, progress=progress)
    _keep(out / SEARCH, speed)
    sys.stdout.write(search_table(speed))


@app.command("growth")
def growth_command(
    like: Annotated[str, typer.Option(help="A real corpus, of some thousand abstracts or more, to draw near to.")],
    corpus: Annotated[str, typer.Option(help="The corpus to grow.")] = "made-up",
    sizes: Annotated[str, typer.Option(help="Abstracts to measure at.")] = "10000,30000,100000,300000,1000000",
    queries: Annotated[int, typer.Option(min=2, help="Questions and titles to search for at each size.")] = 300,
    out: Out = OUT,
) -> None:
    """Grow a corpus of made-up abstracts, and search it at each size.

    Nothing is embedded: a million takes about 10 GB of disk and 4 GB of memory. Stopped half-way, the same command goes on.
    """
    from eval.speed.growth import measure_growth
    from eval.speed.table import GROWTH, growth_table
    from rag.errors import InputError
    from rag.settings import Settings

    try:
        wanted = [int(size) for size in sizes.split(",")]
    except ValueError:
        raise InputError(f"The sizes {sizes!r} are not numbers; write them as 10000,100000.") from None
    out.mkdir(parents=True, exist_ok=True)
    with progress_bar() as progress:
        growth = measure_growth(
            Settings(corpus=like),
            Settings(corpus=corpus),
            out / GROWTH,
            sizes=wanted,
            queries=queries,
            progress=progress,
        )
    sys.stdout.write(growth_table(growth, "scale.svg"))


@app.command("table")
def table_command(
    out: Out = OUT,
    write: Annotated[Path, typer.Option(help="The Markdown page; the plot is written beside it.")] = Path(
        "docs/scale.md"
    ),
) -> None:
    """Write the page of all measurements that the folder holds, with the growth plotted."""
    from eval.speed.table import write_page

    write_page(out, write)


@app.command("stock")
def stock_command(
    data: Annotated[Path, typer.Option(help="A file of abstracts, as for rag ingest.")],
    limit: Annotated[int, typer.Option(min=32, help="How many of them.")] = 2000,
    stock: Annotated[int, typer.Option(min=32, help="How many LlamaIndex ingests.")] = 300,
    out: Annotated[Path | None, typer.Option(help="File for the Markdown table; without it, standard output.")] = None,
) -> None:
    """Measure ingest against bare embedding and against LlamaIndex's stock pipeline, and the time to an answer.

    Needs the extra [peers].

    - `rag eval speed stock --data papers.jsonl --limit 500`
    """
    from rag.settings import Settings

    require(PEERS_EXTRA, "peers")
    from eval.speed.stock import markdown, measure

    with progress_bar() as progress:
        table = markdown(measure(data, Settings(), limit=limit, stock=stock, progress=progress)) + "\n"
    if out is None:
        sys.stdout.write(table)
    else:
        out.write_text(table, encoding="utf-8")


def _keep(path: Path, measured: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(orjson.dumps(measured, option=orjson.OPT_INDENT_2))
