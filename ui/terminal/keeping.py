"""``rag backup | restore``: a corpus as one file."""

from pathlib import Path
from typing import Annotated

import typer

from ui.terminal import options


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(backup)
    app.command()(restore)


def backup(
    file: Annotated[Path, typer.Argument(help="File to write; one of that name is replaced.", metavar="FILE")],
    corpus: options.Corpus = None,
) -> None:
    """Write the corpus to one compressed file, also while it is in use.

    Example: rag backup library.footnote.zip
    """
    with options.assistant(corpus) as assistant:
        made = assistant.backup(file)
    typer.echo(f"{made.abstracts} abstracts in {file}, {file.expanduser().stat().st_size / 2**20:.1f} MiB")


def restore(
    file: Annotated[Path, typer.Argument(help="File that rag backup wrote.", metavar="FILE")],
    corpus: options.Corpus = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a corpus that holds abstracts.")] = False,
) -> None:
    """Put a backup in the place of the corpus, also while it is in use; nothing is embedded again."""
    from rag.assistant import Assistant
    from rag.settings import Settings

    settings = Settings(**({} if corpus is None else {"corpus": corpus}))
    with options.progress() as progress, Assistant.restore(file, settings, force=force, progress=progress) as assistant:
        count = assistant.count()
    typer.echo(f"{count} abstracts restored")
