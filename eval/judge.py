"""A language model as a judge of answers, through LlamaIndex's evaluators; nonsense from it is no grade."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from eval.results import Result
from rag.settings import Settings

if TYPE_CHECKING:
    from llama_index.core.evaluation import EvaluationResult
    from llama_index.core.llms import LLM

Judge = Callable[[Result], Result]
"""Fills ``judged`` and ``unreadable`` of a result."""

_SCORE = re.compile(r"\s*\**\s*(?:score\s*:?\s*)?([1-5](?:\.\d+)?)\s*\**\s*(?:/\s*5)?\s*(?:\n|$)", re.IGNORECASE)
_YES_OR_NO = re.compile(r"\W*(yes|no)\b", re.IGNORECASE)


def connect_judge(name: str, settings: Settings) -> Judge:
    """The judge that the language model of that name is; LLMError when it cannot be used."""
    from rag.answer.llm import connect, preflight

    own = settings.model_copy(update={"llm": name})
    preflight(own)
    return make_judge(connect(own), name)


def make_judge(llm: "LLM", name: str) -> Judge:
    """A judge of answers that were given; what was declined is not judged.

    ``judged_correctness``: LlamaIndex's CorrectnessEvaluator against the reference answer, 1..5 mapped to 0..1.
    ``judged_faithfulness``: its FaithfulnessEvaluator against the cited abstracts, 1 or 0, read from the judge's
    first word, since the evaluator itself takes any reply that holds "yes" for a pass.
    A reply that is neither a score nor a yes or no is asked for once more; the second stands in ``unreadable``.
    Raises LLMUnavailableError when the judge does not answer at all.
    """
    from llama_index.core.evaluation import CorrectnessEvaluator, FaithfulnessEvaluator

    correctness = CorrectnessEvaluator(llm=llm, parser_function=lambda reply: (None, reply))
    faithfulness = FaithfulnessEvaluator(llm=llm)

    def judge(result: Result) -> Result:
        question, answer = result.question, result.answer
        if answer.abstained:
            return result
        said = " ".join(sentence.text for sentence in answer.sentences)
        contexts = [abstract.text for abstract in answer.sources]
        replies = {
            "judged_faithfulness": _asked(
                lambda: faithfulness.evaluate(response=said, contexts=contexts), _yes_or_no, name
            )
        }
        if question.answerable:
            replies["judged_correctness"] = _asked(
                lambda: correctness.evaluate(
                    query=question.question, response=said, reference=question.reference_answer
                ),
                _score,
                name,
            )
        return replace(
            result,
            judged={metric: reply for metric, reply in replies.items() if isinstance(reply, float)},
            unreadable={metric: reply for metric, reply in replies.items() if isinstance(reply, str)},
        )

    return judge


def _asked(evaluate: "Callable[[], EvaluationResult]", read: Callable[[str], float | None], name: str) -> float | str:
    """The grade, or else the start of what the judge wrote when it was asked again."""
    from rag.answer.failures import explained

    reply = ""
    for _ in range(2):
        try:
            reply = evaluate().feedback or ""
        except Exception as error:
            raise explained(error, f"the judge {name}") from error
        grade = read(reply)
        if grade is not None:
            return grade
    return " ".join(reply.split())[:80]


def _yes_or_no(reply: str) -> float | None:
    found = _YES_OR_NO.match(reply)
    return float(found[1].lower() == "yes") if found else None


def _score(reply: str) -> float | None:
    found = _SCORE.match(reply)
    return (float(found[1]) - 1) / 4 if found and float(found[1]) <= 5 else None
