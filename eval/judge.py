"""A language model as a judge of answers, through LlamaIndex's evaluators; nonsense from it is an error."""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from eval.results import Result
from rag.errors import LLMUnavailableError
from rag.settings import Settings

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

Judge = Callable[[Result], Mapping[str, float]]
"""What a judge makes of one result: values of 0..1 by name."""

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
    Raises LLMUnavailableError when a reply is neither a score nor a yes or no.
    """
    from llama_index.core.evaluation import CorrectnessEvaluator, FaithfulnessEvaluator

    correctness = CorrectnessEvaluator(llm=llm, parser_function=lambda reply: (_score(reply, name), reply))
    faithfulness = FaithfulnessEvaluator(llm=llm)

    def judge(result: Result) -> Mapping[str, float]:
        if result.answer.abstained:
            return {}
        said = " ".join(sentence.text for sentence in result.answer.sentences)
        contexts = [abstract.text for abstract in result.answer.sources]
        reply = faithfulness.evaluate(response=said, contexts=contexts).feedback or ""
        verdict = _YES_OR_NO.match(reply)
        if verdict is None:
            raise _nonsense(name, "yes or no", reply)
        values = {"judged_faithfulness": float(verdict.group(1).lower() == "yes")}
        if result.question.answerable:
            grade = correctness.evaluate(
                query=result.question.question, response=said, reference=result.question.reference_answer
            )
            values["judged_correctness"] = ((grade.score or 1.0) - 1) / 4
        return values

    return judge


def _score(reply: str, name: str) -> float:
    found = _SCORE.match(reply)
    if found is None or not 1 <= float(found.group(1)) <= 5:
        raise _nonsense(name, "a score from 1 to 5", reply)
    return float(found.group(1))


def _nonsense(name: str, wanted: str, reply: str) -> LLMUnavailableError:
    shown = " ".join(reply.split())[:80]
    return LLMUnavailableError(f"The judge {name} was asked for {wanted} and wrote {shown!r}; use a stronger model.")
