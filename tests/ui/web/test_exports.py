"""Conversations as files."""

import json

from tests.ui.answers import abstract, answer, sentence
from ui.web.conversation import Conversation, Turn
from ui.web.exports import download

ONE, TWO = abstract("First fact.", "One"), abstract("Other fact.", "Two")
TALK = Conversation(
    "talk",
    (
        Turn("Why *so*?", answer(sentence(ONE, 0, 11, 1), sources=(ONE,)), good=True),
        Turn("And?", answer(sentence(TWO, 0, 11, 1), sentence(ONE, 0, 11, 2), sources=(TWO, ONE))),
        Turn("How?", error="It broke."),
    ),
)


def test_markdown_holds_every_turn_with_footnotes_of_its_own() -> None:
    """Numbers go on from answer to answer, so that no footnote is defined twice."""
    file = download(TALK, "markdown")
    assert file.name.endswith(".md")
    assert "## Why \\*so\\*?\n\nFirst fact.[^1]" in file.content
    assert "Other fact.[^2] First fact.[^3]" in file.content
    assert file.content.count("\n[^1]: ") == file.content.count("\n[^3]: ") == 1
    assert "It broke." in file.content


def test_json_holds_the_answers_as_every_surface_returns_them() -> None:
    """The answer is exactly ``Answer.to_dict()``."""
    told = json.loads(download(TALK, "json").content)
    first = TALK.turns[0].answer
    assert first is not None
    assert told["turns"][0]["answer"] == json.loads(json.dumps(first.to_dict()))
    assert told["turns"][0]["good"] is True
    assert told["turns"][2] == {
        "question": "How?",
        "filters": {"year_from": None, "year_to": None, "venues": [], "sources": [], "ids": []},
        "answer": None,
        "error": "It broke.",
        "good": None,
    }


def test_cited_abstracts_are_exported_once() -> None:
    """An abstract cited in two answers makes one entry."""
    assert download(TALK, "bibtex").content.count("@misc{") == 2
    assert download(TALK, "ris").content.count("TY  - ") == 2
