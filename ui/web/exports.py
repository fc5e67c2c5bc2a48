"""A conversation as a file: Markdown or JSON of what was said, BibTeX or RIS of what it cites."""

from collections.abc import Callable
from dataclasses import dataclass

import orjson

from rag.corpus.export import to_bibtex, to_ris
from rag.records import Abstract, as_json
from ui.markup import escape_markdown
from ui.render import to_markdown
from ui.web.conversation import Conversation


@dataclass(frozen=True, slots=True)
class Download:
    """A file for the browser to save: its name, media type and content."""

    name: str
    media_type: str
    content: str


def markdown(conversation: Conversation) -> str:
    """Every question as a heading with its answer under it; footnotes are numbered through the whole document."""
    parts, noted = [f"# {escape_markdown(conversation.title)}\n"], 0
    for turn in conversation.turns:
        body = escape_markdown(turn.error) + "\n"
        if turn.answer:
            body = to_markdown(turn.answer, first=noted + 1)
            noted += len(turn.answer.sources)
        parts.append(f"## {escape_markdown(turn.question)}\n\n{body}")
    return "\n".join(parts)


def json(conversation: Conversation) -> str:
    """The turns with ``Answer.to_dict()`` of each answer, indented."""
    turns = [
        {
            "question": turn.question,
            "filters": as_json(turn.filters),
            "answer": turn.answer.to_dict() if turn.answer else None,
            "error": turn.error,
            "good": turn.good,
        }
        for turn in conversation.turns
    ]
    return orjson.dumps({"title": conversation.title, "turns": turns}, option=orjson.OPT_INDENT_2).decode()


def cited(conversation: Conversation) -> list[Abstract]:
    """The cited abstracts of a conversation, each once, in the order of citing."""
    found = {source.id: source for turn in conversation.turns if turn.answer for source in turn.answer.sources}
    return list(found.values())


_FORMATS: dict[str, tuple[str, str, Callable[[Conversation], str]]] = {
    "markdown": ("conversation.md", "text/markdown", markdown),
    "json": ("conversation.json", "application/json", json),
    "bibtex": ("cited.bib", "application/x-bibtex", lambda conversation: to_bibtex(cited(conversation))),
    "ris": ("cited.ris", "application/x-research-info-systems", lambda conversation: to_ris(cited(conversation))),
}


def download(conversation: Conversation, form: str) -> Download:
    """The conversation as markdown, json, bibtex or ris (KeyError for another)."""
    name, media_type, write = _FORMATS[form]
    return Download(name, media_type, write(conversation))
