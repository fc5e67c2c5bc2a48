"""The ``rag`` command: its commands in one place, and what it does when something goes wrong."""

import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from rag.errors import FootnoteError
from ui.terminal import asking, corpus, keeping, setup


class _Commands(TyperGroup):
    """The commands, and ``rag eval`` from its own package, imported when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [*super().list_commands(ctx), "eval"]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name == "eval":
            from eval.commands import app as evaluation

            return typer.main.get_command(evaluation)
        return super().get_command(ctx, cmd_name)


app = typer.Typer(
    cls=_Commands,
    help="Ask questions over scientific abstracts; every sentence of an answer is footnoted to the sentence behind it.",
    epilog="Settings come from RAG_* variables and .env (see .env.example). --debug shows where an error came from.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for group in (asking, corpus, keeping, setup):
    group.add_to(app)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"footnote-rag {version('footnote-rag')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Stand before the commands: the options of ``rag`` itself."""


def main() -> None:
    """Run ``rag``. Exit status: 0 it worked (an abstention works), 2 bad use or bad input, 1 a failure."""
    debug = "--debug" in sys.argv
    arguments = [each for each in sys.argv[1:] if each != "--debug"]
    try:
        app(arguments, prog_name="rag")
    except FootnoteError as error:
        if debug:
            raise
        _stop(str(error), error.exit_status)
    except KeyboardInterrupt:
        _stop("Stopped; what was done until now is kept.", 130)
    except BrokenPipeError:
        # The reader of our output (head, less) has seen enough; Python must not complain about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:
        if debug:
            raise
        import sqlite3  # the catalog has it by now, if that is where this came from

        if type(error) is sqlite3.DatabaseError:
            _stop(f"The catalog cannot be read ({error}); restore a backup with: rag restore FILE --force.", 1)
        _stop(f"Something unforeseen went wrong ({type(error).__name__}: {error}); run it again with --debug.", 1)


def _stop(message: str, status: int) -> None:
    typer.echo(f"rag: {message}", err=True)
    sys.exit(status)
