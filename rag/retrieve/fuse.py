"""Four signals to one score: a pure function of what was measured, nothing scaled over the candidates.

Min-max scaling over the candidates makes the best match of a hopeless search look perfect, and in a corpus of twenty it
scales noise. All signals here are absolute instead: two cosines, how much of the question is covered, and BM25. On
SciFact's 809 train queries that reaches nDCG@10 0.750; the same signals scaled by min-max, at weights 25/25/50, reach 0.741.
"""

from dataclasses import dataclass

from rag.records import Signals

COVERAGE_SHARE = 0.75
"""Of the lexical signal: the question's terms found, by weight; the rest is BM25, which also counts how often."""
DAMPING = 0.25
"""Exponent of the coverage by which the lexical signal is damped: one chance word in common says next to nothing."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each signal counts; only their ratios matter."""

    chunk: float
    sentence: float
    bm25: float


def fuse(signals: Signals, weights: Weights) -> float:
    """The fused score, higher is better; about 0..1, comparable between questions."""
    total = weights.chunk + weights.sentence + weights.bm25
    semantic = weights.chunk * signals.chunk + weights.sentence * signals.sentence
    return (semantic + weights.bm25 * lexical(signals)) / total


def lexical(signals: Signals) -> float:
    """How much of the question the abstract has in its own words, 0 to about 1."""
    matched = COVERAGE_SHARE * signals.coverage + (1 - COVERAGE_SHARE) * signals.bm25
    return matched * float(signals.coverage**DAMPING)
