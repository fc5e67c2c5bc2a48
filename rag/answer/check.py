"""Whether evidence sentences support a drafted sentence: exact checks first, then a small fitted model.

Numbers, names and polarity are what small language models invent; they are checked exactly, and a fault in any of them
is never outvoted by similarity. The rest is a logistic model over embedding similarity and word recall, whose
coefficients ``python -m eval.fit checker`` writes into ``checker.json``.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rag.answer import compare
from rag.answer.compare import Words
from rag.answer.statement import asks
from rag.records import Verdict
from rag.text import words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rag.index.embed import Embedder

COEFFICIENTS = Path(__file__).with_name("checker.json")
_CARRIERS = 3
_MIN_GAIN = 0.08
"""A further sentence is named as support when it adds this much word recall."""
_TIE = 0.9
_FLIP_RECALL = 0.5
"""Below this word recall, claim and sentence speak of different things, and opposite words in them are no conflict."""


@dataclass(frozen=True, slots=True)
class Check:
    """What the check says of a claim.

    ``score`` is the calibrated probability (0..1) that the evidence supports it. ``best`` are the indices of the
    sentences that carry it, best first. ``reason`` says what is wrong, and is empty when nothing is.
    """

    verdict: Verdict
    score: float
    best: tuple[int, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Features:
    """What the fitted model sees; every field is 0..1 or a logarithm of a count."""

    cosine: float
    joint_cosine: float
    recall: float
    joint_recall: float
    pair_recall: float
    unmatched: float
    wrong_numbers: float
    unknown_names: float
    flipped: float
    length: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """A claim held against evidence: the features, the carrying sentences and the exact faults, before any verdict."""

    features: Features
    best: tuple[int, ...]
    fault: str
    contradicts: bool
    copied: bool


class Checker:
    """Checks claims with an embedder of the index; keeps nothing between claims."""

    def __init__(self, embedder: "Embedder") -> None:
        self._embedder = embedder

    def check(self, claim: str, evidence: Sequence[str], context: Sequence[str] = ()) -> Check:
        """Whether the ``evidence`` sentences support ``claim``.

        ``context`` (a title, the rest of an abstract) may explain the names of a claim, but supports nothing.
        """
        said = Words.of(claim)
        if not said.tokens:
            return Check("unsupported", 0.0, (), "it says nothing")
        if not evidence:
            return Check("unsupported", 0.0, (), "there is no evidence for it")
        if not any(token.content for token in said.tokens) or _rambles(claim):
            return Check("unsupported", 0.0, (), "it says nothing of its own")
        for number, sentence in enumerate(evidence):
            if compare.is_copy(said, Words.of(sentence)):
                return Check("supported", 1.0, (number,), "")
        vectors = self._embedder.encode([claim, *evidence])
        found = compare_all(claim, evidence, vectors, context)
        score = probability(found.features)
        if found.fault:
            return Check(
                "contradicted" if found.contradicts else "unsupported", min(score, 0.49), found.best, found.fault
            )
        if score >= 0.5:
            return Check("supported", score, found.best, "")
        return Check("unsupported", score, found.best, "the evidence says too little of it")


def probability(features: Features) -> float:
    """The fitted probability that evidence with these features supports its claim."""
    intercept, weights = _coefficients()
    return 1 / (1 + math.exp(-(intercept + float(np.dot(weights, astuple(features))))))


@cache
def _coefficients() -> "tuple[float, NDArray[np.float64]]":
    table = json.loads(COEFFICIENTS.read_text())
    return table["intercept"], np.array([table["weights"][name] for name in Features.__slots__])


def compare_all(
    claim: str, evidence: Sequence[str], vectors: "NDArray[np.float32]", context: Sequence[str] = ()
) -> Comparison:
    """Hold ``claim`` against ``evidence``; ``vectors`` are theirs, float32 (1 + sentences, d), the claim's first."""
    said, sentences = Words.of(claim), [Words.of(sentence) for sentence in evidence]
    around = [Words.of(text) for text in context]
    weights = compare.weights(said)
    total = sum(weights.values()) or 1.0
    credits = np.array([list(_credit(said, sentence).values()) for sentence in sentences])
    weight = np.array([weights.get(each, 0.0) for each in said.stems or ("",)]) / total
    recalls = credits @ weight
    cosines = vectors[1:] @ vectors[0]
    order = np.argsort(-(recalls + cosines), kind="stable")
    best, covered = _carriers(credits, weight, cosines, int(order[0]))
    joint = vectors[1:][best].sum(axis=0)
    carrying = [sentences[each] for each in best]
    wrong = compare.invented_numbers(said, [sentences[each] for each in order])
    strange = compare.unknown_names(said, [*sentences, *around])
    flip = _flip(said, sentences, recalls, order, best)
    fault = (
        f"says {wrong[0].written}, the evidence does not"
        if wrong
        else f"names {strange[0].written}, the evidence does not"
        if strange
        else f"says the opposite of the evidence ({flip})"
        if flip
        else ""
    )
    return Comparison(
        features=Features(
            cosine=float(cosines.max()),
            joint_cosine=float(joint @ vectors[0] / (np.linalg.norm(joint) or 1.0)),
            recall=float(recalls.max()),
            joint_recall=float(covered @ weight),
            pair_recall=compare.pair_recall(said, carrying),
            unmatched=math.log1p(float((1 - covered).sum())),
            wrong_numbers=float(bool(wrong)),
            unknown_names=float(bool(strange)),
            flipped=float(bool(flip)),
            length=math.log1p(len(weights)),
        ),
        best=tuple(best),
        fault=fault,
        contradicts=bool(flip) and not wrong and not strange,
        copied=any(compare.is_copy(said, sentence) for sentence in sentences),
    )


def _carriers(
    credits: "NDArray[np.float64]", weight: "NDArray[np.float64]", cosines: "NDArray[np.float32]", first: int
) -> "tuple[list[int], NDArray[np.float64]]":
    """The best sentence and up to two that add to it, and the credit of each claim word from all of them."""
    best, covered = [first], credits[first]
    for _ in range(_CARRIERS - 1):
        gains = np.maximum(credits, covered) @ weight - covered @ weight
        further = int(np.argmax(gains + 0.1 * cosines * (gains > 0)))
        if gains[further] < _MIN_GAIN:
            break
        best.append(further)
        covered = np.maximum(covered, credits[further])
    return best, covered


def _credit(said: Words, sentence: Words) -> dict[str, float]:
    return compare.credits(said, sentence) or {"": 0.0}


def _flip(
    said: Words,
    sentences: Sequence[Words],
    recalls: "NDArray[np.float64]",
    order: "NDArray[np.intp]",
    best: Sequence[int],
) -> str:
    """On which word the best sentence contradicts the claim; "" when another, as good a match, agrees with it."""
    top = float(recalls[order[0]])
    if top < _FLIP_RECALL:
        return ""
    rivals = [int(each) for each in order if recalls[each] >= _TIE * top]
    rivals = [each for each in rivals if not asks(sentences[each].text)] or rivals
    words = [compare.flipped(said, sentences[each]) for each in rivals]
    if not all(words):
        return compare.denies_alone(said, [sentences[each] for each in {*rivals, *best}])
    agreed = any(compare.says_too(said, words[0], sentences[each]) for each in best if each not in rivals)
    return "" if agreed else words[0]


def _rambles(claim: str) -> bool:
    """Whether it goes round in circles, as small models do: over twenty words, and less than a third of them new."""
    said = words(claim)
    return len(said) > 20 and len(set(said)) < len(said) / 3
