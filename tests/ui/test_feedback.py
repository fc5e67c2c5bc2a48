"""Judged answers as a question set."""

import json

from eval.questions import parse
from rag.assistant import Feedback
from tests.ui.answers import abstract, answer, sentence
from ui.feedback import to_question_set

ONE, TWO = abstract("First fact. Second fact.", "One"), abstract("Other fact.", "Two")


def _judged(good: bool, *sentences: object, query: str = "Why?") -> Feedback:
    given = answer(*sentences, sources=(ONE, TWO), query=query)  # type: ignore[arg-type]
    return Feedback("2026-01-01", good, "", given.to_dict())


def test_helpful_answers_become_questions_that_the_eval_takes() -> None:
    """The cited sentences are the gold evidence; an approved abstention is unanswerable."""
    written = to_question_set(
        [
            _judged(True, sentence(ONE, 0, 11, 1), query="One?"),
            _judged(True, sentence(ONE, 0, 11, 1), sentence(TWO, 0, 11, 2), query="Both?"),
            _judged(True, query="Wine?"),
        ]
    )
    one, both, wine = (parse(json.loads(line)) for line in written.splitlines())
    assert one.gold_evidence[0].sentences == ("First fact.",)
    assert both.type == "multi"
    assert both.gold_abstract_ids == ("One", "Two")
    assert not wine.answerable


def test_unhelpful_and_withdrawn_judgements_make_none() -> None:
    """Nobody knows the right answer then; the last judgement of a question is the one that counts."""
    good, bad = (_judged(how, sentence(ONE, 0, 11, 1)) for how in (True, False))
    assert to_question_set([bad]) == ""
    assert to_question_set([good, bad]) == ""
    assert to_question_set([bad, good, good]).count("\n") == 1
