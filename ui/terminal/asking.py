"""``rag ask``, ``rag chat`` and ``rag search``."""

from typing import TYPE_CHECKING, Annotated

import typer

from ui.terminal import options

if TYPE_CHECKING:
    from rag.assistant import Assistant
    from rag.records import Answer, Filters

Question = Annotated[str, typer.Argument(help="What you want to know, in quotation marks.", show_default=False)]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    for command in (ask, chat, search):
        app.command()(command)


def ask(
    question: Question,
    corpus: options.Corpus = None,
    llm: options.LLM = None,
    year_from: options.YearFrom = None,
    year_to: options.YearTo = None,
    venue: options.Venue = None,
    source: options.FromSource = None,
    json: options.Json = False,
) -> None:
    """Answer a question, every sentence footnoted.

    Example: rag ask "Which metric measures robustness by convergence time?"
    """
    with options.assistant(corpus, llm) as assistant:
        only = options.filters(year_from, year_to, venue, source)
        if json:
            options.print_json(assistant.ask(question, filters=only).to_dict())
        else:
            _answer(assistant, question, [], only)


def chat(
    corpus: options.Corpus = None,
    llm: options.LLM = None,
    year_from: options.YearFrom = None,
    year_to: options.YearTo = None,
    venue: options.Venue = None,
    source: options.FromSource = None,
) -> None:
    """Ask in a conversation: follow-ups are understood from what was said. An empty line ends it."""
    only = options.filters(year_from, year_to, venue, source)
    with options.assistant(corpus, llm) as assistant:
        typer.echo(f"{assistant.count()} abstracts. Ask away; an empty line ends the conversation.\n")
        history: list[tuple[str, str]] = []
        while question := _read_question():
            answer = _answer(assistant, question, history, only)
            history.append((question, answer.text))
            typer.echo()


def _read_question() -> str:
    try:
        import readline  # noqa: F401 - gives input() line editing and a history of questions

        return input("> ").strip()
    except EOFError:
        return ""


def search(
    query: Annotated[str, typer.Argument(help="What to look for.", show_default=False)],
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="Abstracts to show.")] = 10,
    corpus: options.Corpus = None,
    year_from: options.YearFrom = None,
    year_to: options.YearTo = None,
    venue: options.Venue = None,
    source: options.FromSource = None,
    json: options.Json = False,
) -> None:
    """Find abstracts, best match first, each with the sentence nearest to the query.

    Example: rag search "robustness metrics" -n 5
    """
    with options.assistant(corpus) as assistant:
        hits = assistant.search(query, limit=limit, filters=options.filters(year_from, year_to, venue, source))
        if json:
            options.print_json([hit.to_dict() for hit in hits])
            return
        from ui.terminal.drawing import console, hit_lines

        if not hits:
            typer.echo("Nothing found; is the corpus empty (rag stats), or a filter too narrow?")
        for place, hit in enumerate(hits, 1):
            console().print(hit_lines(place, hit))


def _answer(
    assistant: "Assistant", question: str, history: list[tuple[str, str]], filters: "Filters | None"
) -> "Answer":
    """Draw a model's draft as it comes, dimmed, then the checked answer in its place."""
    from rag.records import Draft, Finished
    from ui.terminal.drawing import answer_lines, console

    screen = console()
    drafted = False
    for event in assistant.stream(question, history=history, filters=filters):
        if isinstance(event, Draft) and screen.is_terminal:
            screen.print(event.text, end="", style="dim", markup=False, highlight=False)
            drafted = True
        elif isinstance(event, Finished):
            if drafted:
                screen.print("\n")
            screen.print(answer_lines(event.answer))
            return event.answer
    raise AssertionError("a stream ends with Finished")
