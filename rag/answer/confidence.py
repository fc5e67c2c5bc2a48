"""How sure Footnote is that the abstracts answer: a logistic model over the signals of the best hits.

The coefficients are what ``python -m eval.fit confidence`` prints for the development splits of the two question sets. With
the reader a threshold of 0.7 declines all 33 off-topic questions of both sets, 1 to 2% of the answerable ones, and of the near
misses (the right paper, a detail that it does not state) 23 of 30 on the test splits; without it near misses cannot be told.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from rag.records import Hit
from rag.retrieve.fuse import lexical


@dataclass(frozen=True, slots=True)
class Features:
    """What the confidence is computed from: the best of each signal among the hits, and what the reader says.

    ``size`` is the logarithm (base 10) of the number of abstracts: the best of many strangers looks nearer than the best
    of few. ``answerable`` is the reader's best logit that an abstract answers; None when there is no reader.
    """

    chunk: float
    sentence: float
    lexical: float
    size: float
    answerable: float | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """A fitted logistic model: the intercept and a coefficient for each feature."""

    intercept: float
    chunk: float
    sentence: float
    lexical: float
    size: float
    answerable: float = 0.0


WITHOUT_READER = Model(intercept=-2.49, chunk=9.19, sentence=7.08, lexical=3.31, size=-0.85)
WITH_READER = Model(intercept=-0.39, chunk=5.91, sentence=3.03, lexical=1.66, size=-0.37, answerable=0.92)


def features(hits: Sequence[Hit], abstracts: int, answerable: float | None = None) -> Features:
    """The features of a question's hits in a corpus of that many abstracts; signals are zero without hits."""
    return Features(
        chunk=max((hit.signals.chunk for hit in hits), default=0.0),
        sentence=max((hit.signals.sentence for hit in hits), default=0.0),
        lexical=max((lexical(hit.signals) for hit in hits), default=0.0),
        size=math.log10(max(1, abstracts)),
        answerable=answerable,
    )


def confidence(of: Features, model: Model | None = None) -> float:
    """The calibrated probability, 0..1, that the abstracts answer the question."""
    model = model or (WITHOUT_READER if of.answerable is None else WITH_READER)
    logit = model.intercept + sum(getattr(model, name) * (value or 0.0) for name, value in asdict(of).items())
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, logit))))
