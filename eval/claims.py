"""Test claims for the checker, made from a question set: some that their evidence supports, some it must refuse."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from eval.questions import Question
from eval.results import GoldAbstract
from rag.records import Verdict
from rag.settings import Settings

Supports = Callable[[str, Sequence[str]], bool]
"""Whether a claim is supported by some evidence sentences."""

_NUMBER = re.compile(r"(?<![\w.])\d+(?![\w.]*\d)")
_VERB = re.compile(r"\b(is|are|was|were|can)\b")
_MIN_WORDS = 5


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim, the sentences it is held against, and whether they support it; ``id`` starts with its kind."""

    id: str
    text: str
    evidence: tuple[str, ...]
    supported: bool


def make_claims(questions: Sequence[Question], gold: Mapping[str, Sequence[GoldAbstract]]) -> list[Claim]:
    """The claims of the answerable questions; ``gold`` is by question id.

    Supported: the reference answer against its gold evidence. To be refused, against the same evidence: the reference
    answer of the next question about another abstract; the reference answer with a number changed; and the reference
    answer negated. Yes/no questions and references of fewer than five words are left out, since they say nothing alone.
    """
    usable = [
        question
        for question in questions
        if question.answerable and question.type != "yesno" and len(question.reference_answer.split()) >= _MIN_WORDS
    ]
    claims = []
    for number, question in enumerate(usable):
        evidence = tuple(each.text[span.start : span.end] for each in gold[question.id] for span in each.gold)
        claims.append(Claim(f"check_supported:{question.id}", question.reference_answer, evidence, True))
        later = [*usable[number + 1 :], *usable[:number]]
        stranger = next((each for each in later if not {*each.gold_abstract_ids} & {*question.gold_abstract_ids}), None)
        wrong = {
            "swapped": stranger.reference_answer if stranger else "",
            "number": _other_number(question.reference_answer),
            "negated": _negated(question.reference_answer),
        }
        claims += [
            Claim(f"check_refused:{kind}:{question.id}", text, evidence, False) for kind, text in wrong.items() if text
        ]
    return claims


def judge(claims: Sequence[Claim], supports: Supports) -> dict[str, float]:
    """1 for each claim that was judged rightly and 0 for the others, by claim id."""
    return {claim.id: float(supports(claim.text, claim.evidence) == claim.supported) for claim in claims}


def verdicts(settings: Settings) -> Callable[[str, Sequence[str]], Verdict]:
    """The verdict of Footnote's own check on a claim and its evidence, with the embedder of the settings."""
    from rag.answer.check import Checker
    from rag.index.embed import load

    check = Checker(load(settings)).check
    return lambda claim, evidence: check(claim, evidence).verdict


def checker(settings: Settings) -> Supports:
    """Footnote's own check as a yes or a no."""
    verdict = verdicts(settings)
    return lambda claim, evidence: verdict(claim, evidence) in ("supported", "quoted")


def _other_number(text: str) -> str:
    """The text with its first whole number plus seven; "" when it has none."""
    changed, count = _NUMBER.subn(lambda found: str(int(found.group()) + 7), text, count=1)
    return changed if count else ""


def _negated(text: str) -> str:
    """The text with "not" after its first is, are, was, were or can; "" when it has none, or a negation already."""
    if re.search(r"\b(no|not|never|without|cannot)\b|n't", text):
        return ""
    changed, count = _VERB.subn(r"\1 not", text, count=1)
    return changed if count else ""
