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
    ("faithful", "correct", "wanted"),
    [
        ("The context is about bees.", "4.0\nFine.", "yes or no"),
        ("", "4.0\nFine.", "yes or no"),
        ("YES", "The answer is good.", "a score from 1 to 5"),
        ("YES", "7\nExcellent.", "a score from 1 to 5"),
        ("YES", "", "a score from 1 to 5"),
    ],
)
def test_a_judge_that_answers_nonsense_is_an_error(
    questions: list[Question],
    make_assistant: MakeAssistant,
    tmp_path: Path,
    faithful: str,
    correct: str,
    wanted: str,
) -> None:
    """Neither NaN nor a pass: the run stops and says what the judge wrote."""
    judge = make_judge(_judging(faithful, correct), "confused")
    with pytest.raises(LLMUnavailableError, match=f"confused was asked for {wanted}"):
        run(questions, make_assistant(), tmp_path, judge=judge)


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
