"""How sure Footnote is that the abstracts answer: a logistic model over the signals of the best hits.

The coefficients were fitted on the development questions; ``python -m eval.fit.confidence`` fits them again.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rag.records import Evidence, Hit

INTERCEPT = -7.0
COEFFICIENTS = {"chunk": 6.0, "sentence": 6.0, "coverage": 3.0}


@dataclass(frozen=True, slots=True)
class Features:
    """What the confidence is computed from: the best signals among the hits that an answer would cite."""

    chunk: float
    sentence: float
    coverage: float


def features(hits: Sequence[Hit], ranked: Sequence[Evidence]) -> Features:
    """The features of a question's hits (best first) and of its ranked evidence; all zero without hits."""
    if not hits or not ranked:
        return Features(0.0, 0.0, 0.0)
    top = hits[:3]
    return Features(
        chunk=max(hit.signals.chunk for hit in top),
        sentence=max(hit.signals.sentence for hit in top),
        coverage=max(hit.signals.coverage for hit in top),
    )


def confidence(of: Features) -> float:
    """The calibrated probability, 0..1, that the abstracts answer the question."""
    logit = INTERCEPT + sum(weight * getattr(of, name) for name, weight in COEFFICIENTS.items())
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, logit))))
