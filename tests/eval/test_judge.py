"""The judge: its scale, its yes or no, and what nonsense leads to; tokens and their price."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from llama_index.core.llms import ChatMessage

from eval import results
from eval.judge import make_judge
from eval.questions import Question
from eval.results import Usage
from eval.runner import run
from eval.usage import TokenCount, counting_tokens, parse_prices
from rag.answer.scripted import ScriptedLLM
from rag.errors import InputError, LLMUnavailableError

MakeAssistant = Callable[..., Any]


def _judging(faithful: str, correct: str) -> ScriptedLLM:
    """Replies by which of the two evaluators asks."""
    return ScriptedLLM(lambda prompt: correct if "Reference Answer" in prompt else faithful)


def test_a_judge_grades_what_was_answered(
    questions: list[Question], make_assistant: MakeAssistant, tmp_path: Path
) -> None:
    """4 of 5 is three quarters; NO is 0 even where the reply goes on to say yes; what was declined has no grade."""
    judge = make_judge(_judging("NO. There is no yes/no evidence.", "4.0\nClose enough."), "strict")
    groups = run(questions, make_assistant(), tmp_path, judge=judge)
    assert groups[0].metrics["judged_correctness"].value == 0.75
    assert groups[0].metrics["judged_faithfulness"].value == 0.0
    by_id = {result.question.id: result for result in results.load(tmp_path / "results.jsonl")}
    assert by_id["off-1"].judged == {}
    assert set(by_id["near-1"].judged) == {"judged_faithfulness"}


@pytest.mark.parametrize(
    ("faithful", "correct", "metric"),
    [
        ("The context is about bees.", "4.0\nFine.", "judged_faithfulness"),
        ("", "4.0\nFine.", "judged_faithfulness"),
        ("YES", "The answer is good.", "judged_correctness"),
        ("YES", "7\nExcellent.", "judged_correctness"),
        ("YES", "", "judged_correctness"),
    ],
)
def test_a_judge_that_answers_nonsense_gives_no_grade(
    questions: list[Question],
    make_assistant: MakeAssistant,
    tmp_path: Path,
    faithful: str,
    correct: str,
    metric: str,
) -> None:
    """Neither NaN nor a pass nor the end of the run: counted as not readable, with what it wrote; the rest stays."""
    overall = run(questions, make_assistant(), tmp_path, judge=make_judge(_judging(faithful, correct), "confused"))[0]
    assert metric not in overall.metrics
    assert len({"judged_faithfulness", "judged_correctness"} & overall.metrics.keys()) == 1
    answered = 7 if metric == "judged_faithfulness" else 6  # correctness is asked of answerable ones alone
    unreadable = overall.metrics["judge_unreadable"]
    assert (round(unreadable.value * unreadable.count), unreadable.count) == (answered, 7)
    first = results.load(tmp_path / "results.jsonl")[0]
    wrote = faithful or "Empty Response"  # LlamaIndex's words for none
    assert first.unreadable == {metric: wrote if metric == "judged_faithfulness" else correct.replace("\n", " ")}
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.count("no grade, as the judge wrote") == answered


def test_a_reply_that_cannot_be_read_is_asked_for_once_more(
    questions: list[Question], make_assistant: MakeAssistant, tmp_path: Path
) -> None:
    """A slip is not counted; and an answer whose judge never found the words is neither judged nor asked again."""
    judge = make_judge(ScriptedLLM(["Hm.", "YES", "Well.", "4.0\nFine.", "Hm.", "Hm.", "5.0\nFine."]), "slow")
    groups = run(questions[:2], make_assistant(), tmp_path, judge=judge)
    once, never = results.load(tmp_path / "results.jsonl")
    assert (once.judged, once.unreadable) == ({"judged_faithfulness": 1.0, "judged_correctness": 0.75}, {})
    assert (never.judged, never.unreadable) == ({"judged_correctness": 1.0}, {"judged_faithfulness": "Hm."})
    assert groups[0].metrics["judge_unreadable"].value == 0.5
    again = make_assistant()
    run(questions[:2], again, tmp_path, judge=judge)
    assert again.asked == []


def test_a_judge_that_does_not_answer_stops_the_run(
    questions: list[Question], make_assistant: MakeAssistant, tmp_path: Path
) -> None:
    """Then no further answer would be judged; the judge is named, and what was judged before is kept."""
    judge = make_judge(ScriptedLLM(["YES", "4.0\nFine.", ConnectionError("refused")]), "far-away")
    with pytest.raises(LLMUnavailableError, match="the judge far-away cannot be reached"):
        run(questions, make_assistant(), tmp_path, judge=judge)
    assert len(results.load(tmp_path / "results.jsonl")) == 1


def test_reported_tokens_are_added_up() -> None:
    """OpenAI's usage as a dict or an object; a model that reports none leaves None, not 0."""
    count = TokenCount()
    assert count.usage is None
    count.add({"prompt_tokens": 10, "completion_tokens": 2})
    count.add(Usage(1, 5, 3))
    count.add(None)
    assert count.usage == Usage(2, 15, 5)
    assert parse_prices("2,10").dollars(Usage(1, 1_000_000, 100_000)) == pytest.approx(3.0)
    with pytest.raises(InputError, match="two numbers"):
        parse_prices("2")


def test_listening_ends_with_its_block() -> None:
    """No handler stays behind in LlamaIndex's dispatcher, and a model without a report counts nothing."""
    from llama_index_instrumentation import root_dispatcher

    before = len(root_dispatcher.event_handlers)
    with counting_tokens() as tokens:
        assert len(root_dispatcher.event_handlers) == before + 1
        ScriptedLLM(["hello"]).chat([ChatMessage(role="user", content="hi")])
    assert tokens.usage is None
    assert len(root_dispatcher.event_handlers) == before
