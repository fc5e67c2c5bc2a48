"""Conversations as the browser keeps them: no server holds them, so none shows them to somebody else.

Abstracts' texts are not kept with them: the catalog has those, and a browser gives a page 5 MB.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from rag.records import Abstract, Answer, Filters, as_json

MOST_BYTES = 3_000_000
"""Oldest conversations go beyond this; encrypted, it becomes about 4 of the 5 MB that browsers grant."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and what came of it: an answer, or a sentence that says why there is none.

    ``good`` is the reader's thumb, None when neither was given. ``filters`` are those it was asked with.
    """

    question: str
    answer: Answer | None = None
    error: str = ""
    good: bool | None = None
    filters: Filters = field(default_factory=Filters)


@dataclass(frozen=True, slots=True)
class Conversation:
    """Turns in order, under an id of its own."""

    id: str
    turns: tuple[Turn, ...] = ()

    @property
    def title(self) -> str:
        """The first question."""
        return self.turns[0].question if self.turns else "New conversation"

    @property
    def history(self) -> list[tuple[str, str]]:
        """(question, answer) of the answered turns, as ``Assistant.stream`` takes them."""
        return [(turn.question, turn.answer.text) for turn in self.turns if turn.answer]

    def upto(self, count: int) -> "Conversation":
        """The same with the first ``count`` turns only."""
        return replace(self, turns=self.turns[:count])

    def with_turn(self, turn: Turn) -> "Conversation":
        """The same with one more turn."""
        return replace(self, turns=(*self.turns, turn))

    def rated(self, index: int, good: bool) -> "Conversation":
        """The same with a thumb on turn ``index``."""
        turns = list(self.turns)
        turns[index] = replace(turns[index], good=good)
        return replace(self, turns=tuple(turns))


def new_conversation() -> Conversation:
    """An empty conversation under a fresh id."""
    return Conversation(secrets.token_hex(6))


@dataclass(frozen=True, slots=True)
class Shelf:
    """All conversations of a browser, the newest first; ``open`` is the id of the one on screen."""

    conversations: tuple[Conversation, ...] = ()
    open: str = ""

    @property
    def current(self) -> Conversation:
        """The conversation on screen; an empty one when there is none yet."""
        found = next((each for each in self.conversations if each.id == self.open), None)
        return found or Conversation(self.open or new_conversation().id)

    def keep(self, conversation: Conversation) -> "Shelf":
        """The same with ``conversation`` in its place, or on top when it is new; it becomes the open one."""
        if any(each.id == conversation.id for each in self.conversations):
            kept = tuple(conversation if each.id == conversation.id else each for each in self.conversations)
        else:
            kept = (conversation, *self.conversations)
        return Shelf(kept, conversation.id)

    def without(self, conversation_id: str) -> "Shelf":
        """The same without that conversation; a fresh one is open if it was on screen."""
        kept = tuple(each for each in self.conversations if each.id != conversation_id)
        return Shelf(kept, new_conversation().id if self.open == conversation_id else self.open)

    def to_json(self) -> dict[str, Any]:
        """What the browser stores, at most ``MOST_BYTES`` of it: the oldest conversations are given up first."""
        conversations = [as_json(_without_texts(each)) for each in self.conversations if each.turns]
        sizes = [len(orjson.dumps(each)) for each in conversations]
        while len(conversations) > 1 and sum(sizes) > MOST_BYTES:
            oldest = -1 if conversations[-1]["id"] != self.open else -2
            conversations.pop(oldest)
            sizes.pop(oldest)
        return {"version": 1, "open": self.open, "conversations": conversations}


_SHELF = TypeAdapter(Shelf)


def from_json(stored: Any) -> Shelf:
    """The shelf a browser sent. What cannot be read (another version, an edited store) counts as no conversations."""
    if not isinstance(stored, dict) or stored.get("version") != 1:
        return Shelf(open=new_conversation().id)
    try:
        return _SHELF.validate_python({"conversations": stored.get("conversations"), "open": stored.get("open")})
    except ValidationError:
        return Shelf(open=new_conversation().id)


def _without_texts(conversation: Conversation) -> Conversation:
    def bare(abstracts: tuple[Abstract, ...]) -> tuple[Abstract, ...]:
        return tuple(replace(each, text="", sources=(), keywords=()) for each in abstracts)

    turns = tuple(
        replace(turn, answer=replace(turn.answer, sources=bare(turn.answer.sources), nearest=bare(turn.answer.nearest)))
        if turn.answer
        else turn
        for turn in conversation.turns
    )
    return replace(conversation, turns=turns)


def with_texts(answer: Answer, get: Callable[[str], Abstract | None]) -> Answer:
    """``answer`` with its abstracts as the catalog has them now; those that are gone stay without text."""

    def full(abstracts: tuple[Abstract, ...]) -> tuple[Abstract, ...]:
        return tuple(each if each.text else get(each.id) or each for each in abstracts)

    return replace(answer, sources=full(answer.sources), nearest=full(answer.nearest))
