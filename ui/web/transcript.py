"""The conversation as HTML: turns, the one being answered, the list of conversations. One line each, escaped."""

from collections.abc import Sequence

from rag.records import Answer, Filters
from ui.markup import attributes, escape
from ui.render import seconds, to_html, to_text, verdict
from ui.web.conversation import Conversation, Shelf, Turn


def button(label: str, do: str, **values: object) -> str:
    """A button that tells the page to ``do`` something; ``values`` go along as data, or as aria- and class attributes."""
    told = {
        name if name.startswith("aria_") or name in ("class_", "disabled", "title") else f"data_{name}": value
        for name, value in values.items()
    }
    key = "-".join([do, *(str(values[name]) for name in ("turn", "id", "form", "good", "first") if name in values)])
    return f"<button {attributes(type='button', data_do=do, data_key=key, **told)}>{escape(label)}</button>"


def conversation_html(conversation: Conversation, examples: Sequence[str], abstracts: int) -> str:
    """Every turn, or what to do first when there is none."""
    if not conversation.turns:
        return _welcome(examples, abstracts)
    last = len(conversation.turns) - 1
    turns = "".join(_turn(turn, index, index == last) for index, turn in enumerate(conversation.turns))
    return f'<div class="turns">{turns}</div>'


def _welcome(examples: Sequence[str], abstracts: int) -> str:
    if not abstracts:
        return (
            '<div class="welcome"><h2>There are no abstracts yet.</h2>'
            "<p>Open the Library and drop in a file: an export of your library, JSON, CSV or text.</p></div>"
        )
    offered = "".join(f"<li>{button(each, 'ask', question=each, class_='example')}</li>" for each in examples)
    found = f"<p>Questions these abstracts can answer:</p><ul>{offered}</ul>" if offered else ""
    noun = "abstract" if abstracts == 1 else "abstracts"
    return (
        f'<div class="welcome"><h2>Ask {abstracts:,} {noun} a question.</h2><p>Every sentence of the answer is '
        "footnoted to the sentence that supports it. What the abstracts do not say is left unsaid.</p>"
        f"{found}</div>"
    )


def _turn(turn: Turn, index: int, last: bool) -> str:
    body = _answer(turn.answer, index) if turn.answer else f'<p class="error" role="alert">{escape(turn.error)}</p>'
    filtered = f'<p class="filtered">{escape(describe(turn.filters))}</p>' if turn.filters else ""
    return (
        f'<article class="turn" id="turn-{index}" aria-label="Question {index + 1}">'
        f'<h2 class="question">{escape(turn.question)}</h2>{filtered}{body}{_tools(turn, index, last)}</article>'
    )


def _answer(answer: Answer, index: int) -> str:
    searched = ""
    if answer.abstained or answer.query != answer.question:
        searched = f'<p class="searched">Looked for: <q>{escape(answer.query)}</q></p>'
    near = ""
    if answer.abstained and answer.nearest:
        items = "".join(
            f"<li>{button(each.heading, 'open', id=each.id, class_='title')}"
            f"<span>{escape(each.byline(most=2))}</span></li>"
            for each in answer.nearest
        )
        near = f'<div class="nearest"><h3>Nearest abstracts</h3><ul>{items}</ul></div>'
    backed = all(sentence.verdict in ("quoted", "supported") for sentence in answer.sentences)
    mark = "open" if answer.abstained else "kept" if backed else "partly"
    line = f"{verdict(answer)} · {seconds(answer):.2f} s · {answer.model}"
    return (
        f"{to_html(answer, f'turn-{index}-')}{searched}{near}"
        f'<p class="verdict {mark}"><span class="mark" aria-hidden="true"></span>{escape(line)}</p>'
    )


def _tools(turn: Turn, index: int, last: bool) -> str:
    tools = []
    if turn.answer:
        tools.append(button("Copy", "copy", text=to_text(turn.answer), turn=index, title="Copy answer and footnotes"))
    tools.append(button("Edit", "edit", turn=index, title="Change the question; later turns go"))
    if last:
        tools.append(button("Ask again", "retry", turn=index, title="Ask the same question again"))
    if turn.answer:
        for label, good in (("Helpful", True), ("Not helpful", False)):
            pressed = str(turn.good is good).lower()
            tools.append(button(label, "rate", turn=index, good=str(good).lower(), aria_pressed=pressed))
        if turn.answer.sources:
            tools.append(button("Evidence", "evidence", turn=index, title="Show the cited abstracts"))
    return f'<div class="tools" role="group" aria-label="Question {index + 1}: actions">{"".join(tools)}</div>'


def describe(filters: Filters) -> str:
    """The filters in words."""
    start, end = filters.year_from, filters.year_to
    years = f"{start} to {end}" if start and end else f"since {start}" if start else f"up to {end}" if end else ""
    venues = " or ".join(filters.venues)
    sources = " or ".join(source.rsplit("/", 1)[-1] for source in filters.sources)
    return "Only " + "; ".join(part for part in (years, venues, sources) if part)


def live_html(question: str, stage: str, draft: str = "") -> str:
    """The turn being answered: what is being done, and the draft as far as it is written."""
    written = f'<p class="draft">{escape(draft)}</p>' if draft else ""
    return (
        f'<article class="turn live" aria-busy="true"><h2 class="question">{escape(question)}</h2>'
        f'{written}<p class="verdict"><span class="mark busy" aria-hidden="true"></span>{escape(stage)}</p></article>'
    )


def editing_html(index: int) -> str:
    """What is said above the question box while an earlier question is edited."""
    later = f"Question {index + 1} and what came after it will be replaced."
    return f'<p class="editing">{escape(later)} {button("Keep them", "keep")}</p>'


def shelf_html(shelf: Shelf) -> str:
    """The list of conversations, the export menu of the open one, and the way to a new one."""
    items = "".join(
        f"<li{' class=current' if each.id == shelf.open else ''}>"
        + button(
            each.title, "switch", id=each.id, aria_current="true" if each.id == shelf.open else None, class_="title"
        )
        + button("×", "delete", id=each.id, aria_label=f"Delete conversation: {each.title}", class_="delete")
        + "</li>"
        for each in shelf.conversations
        if each.turns
    )
    forms = (("Markdown", "markdown"), ("JSON", "json"), ("BibTeX of cited", "bibtex"), ("RIS of cited", "ris"))
    exports = "".join(f"<li>{button(label, 'export', form=form)}</li>" for label, form in forms)
    keep = f'<h2>Save this one as</h2><ul class="exports">{exports}</ul>' if shelf.current.turns else ""
    listed = f'<h2>Conversations</h2><ul class="conversations">{items}</ul>' if items else ""
    kept = f"<details><summary>Conversations</summary>{listed}{keep}</details>" if listed else ""
    return f'<div class="shelf">{button("New conversation", "new", class_="new")}{kept}</div>'
