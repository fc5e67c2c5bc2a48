"""Example questions made from abstracts."""

from rag.records import Abstract
from ui.web.examples import example_questions


def _questions(*abstracts: Abstract) -> list[str]:
    return list(example_questions(abstracts))


def test_a_named_contribution_is_asked_for() -> None:
    """What an abstract says it proposes makes the question."""
    text = "Attacks matter. In this paper, we propose the Adversarial Converging Time Score (ACTS), a metric."
    assert _questions(Abstract("1", text, "T")) == ["What does ACTS do?"]
    assert _questions(Abstract("2", "We introduce MAGVIT-v2, a tokenizer.", "T")) == ["What is MAGVIT-v2?"]


def test_a_title_that_asks_is_asked() -> None:
    """But not one that Footnote derived."""
    assert _questions(Abstract("1", "Text.", "Do models dream?")) == ["Do models dream?"]
    assert _questions(Abstract("1", "Text.", "Do models dream?", title_derived=True)) == []


def test_topics_come_last_and_once() -> None:
    """Spelt-out terms are the fallback, each asked once."""
    generic = Abstract("1", "Deep Neural Networks (DNNs) are used.", "T")
    named = Abstract("2", "We present FooNet, a net.", "T")
    assert _questions(generic, generic, named) == ["What is FooNet?", "What is known about Deep Neural Networks?"]


def test_plain_text_makes_none() -> None:
    """No guess is offered where the text gives no handle."""
    assert _questions(Abstract("1", "Sugar lowers mood in the long run.", "T")) == []
