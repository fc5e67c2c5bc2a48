"""Which sentences are quoted: none twice, and of one abstract or of several."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from rag import Answer, Assistant
from rag.answer.kind import wants_several

TWINS = (
    "When the dataset of portraits is scaled, misclassification by the base model changes by 20% and 47%.",
    "When the dataset of portraits is scaled, misclassification by the large model changes by 65% and 69%.",
)
PAPERS = {
    "portraits": f"We audit models. {TWINS[0]} {TWINS[1]} {TWINS[1][:-1]} again.",
    "zebras": "Zebras of the north graze in herds. Zebras of the south graze in pairs. Lions wait.",
}


@pytest.fixture
def ask(answering: Callable[[Sequence[dict[str, Any]]], Assistant]) -> Callable[[str], Answer]:
    """Asks an assistant over the papers."""
    return answering([{"id": name, "abstract": text} for name, text in PAPERS.items()]).ask


def test_results_in_the_same_words_but_other_numbers_do_not_repeat_each_other(ask: Callable[[str], Answer]) -> None:
    """Both are quoted, and what says one of them again is not."""
    answer = ask("By how much does misclassification change when the dataset of portraits is scaled?")
    assert {sentence.text for sentence in answer.sentences[:2]} == set(TWINS)
    assert not any(sentence.text.endswith("again.") for sentence in answer.sentences)


def test_a_comparison_within_one_abstract_gets_its_sentences(ask: Callable[[str], Answer]) -> None:
    """Where no other abstract comes near, several sentences of the one are quoted."""
    answer = ask("What is the difference between zebras of the north and zebras of the south?")
    assert [source.id for source in answer.sources] == ["zebras"]
    assert len(answer.sentences) > 1


@pytest.mark.parametrize(
    ("question", "several"),
    [
        ("Which papers survey alignment?", True),
        ("Compare Frido with MAGVIT-v2.", True),
        ("What do Frido and MAGVIT-v2 each use?", True),
        ("Which model is faster, and which is smaller?", True),
        ("What is differential privacy?", False),
        ("What did the authors of Frido find?", False),
        ("How many papers did the survey analyse?", False),
        ("How many different participants appear?", False),
        ("Is it in both NP and coNP?", False),
    ],
)
def test_what_asks_for_several_abstracts(question: str, several: bool) -> None:
    """Lists and comparisons do; words that only look like them do not."""
    assert wants_several(question) is several
