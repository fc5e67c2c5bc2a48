"""Conversations as the browser keeps them."""

import pytest

from rag.records import Filters
from tests.ui.answers import abstract, answer, sentence
from ui.web import conversation as module
from ui.web.conversation import Conversation, Shelf, Turn, from_json, with_texts

SOURCE = abstract("First fact. Second fact.", "One", year=2020)
ANSWER = answer(sentence(SOURCE, 0, 11, 1), sources=(SOURCE,), nearest=(SOURCE,))
TALK = Conversation("talk", (Turn("Why?", ANSWER, filters=Filters(2019)), Turn("How?", error="It broke.")))


def test_a_shelf_comes_back_from_the_browser() -> None:
    """All but the abstracts' texts survives, and those come from the catalog."""
    shelf = from_json(Shelf((TALK,), "talk").to_json())
    back = shelf.current.turns[0]
    assert back.question == "Why?"
    assert back.filters == Filters(2019)
    assert shelf.current.turns[1].error == "It broke."
    assert back.answer is not None
    assert back.answer.sources[0].text == ""
    assert with_texts(back.answer, {"One": SOURCE}.get) == ANSWER


def test_an_abstract_that_is_gone_stays_without_text() -> None:
    """Removing an abstract does not break the conversations that cite it."""
    back = from_json(Shelf((TALK,), "talk").to_json()).current.turns[0].answer
    assert back is not None
    assert with_texts(back, lambda _: None).sources[0].title == "One"


@pytest.mark.parametrize(
    "stored",
    [None, "text", [], {}, {"version": 2}, {"version": 1}, {"version": 1, "open": "a", "conversations": [{"id": 3}]}],
)
def test_an_unreadable_store_counts_as_empty(stored: object) -> None:
    """An older version, or a store that someone edited, starts afresh instead of breaking the page."""
    assert from_json(stored).conversations == ()


def test_the_oldest_conversations_go_when_the_browser_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    """The open one is kept even when it is the oldest."""
    monkeypatch.setattr(module, "MOST_BYTES", 600)
    talks = tuple(Conversation(name, (Turn("q" * 80),)) for name in ("new", "middle", "old"))
    kept = Shelf(talks, "old").to_json()["conversations"]
    assert [each["id"] for each in kept] == ["new", "old"]


def test_keeping_and_deleting() -> None:
    """A new conversation goes on top and opens; deleting the open one opens an empty one."""
    shelf = Shelf((TALK,), "talk").keep(Conversation("next", (Turn("What?"),)))
    assert [each.id for each in shelf.conversations] == ["next", "talk"]
    assert shelf.current.title == "What?"
    left = shelf.without("next")
    assert left.current.turns == ()
    assert left.conversations == (TALK,)


def test_history_is_what_was_answered() -> None:
    """Errors are not part of what a follow-up builds on."""
    assert TALK.history == [("Why?", "First fact. [1]")]
