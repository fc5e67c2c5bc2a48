"""Knowing when not to answer: abstention, the ranking and the calibration of confidence, selective answering."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class RiskAtCoverage:
    """When only the most confident share ``coverage`` (0..1) of the questions is answered: their mean loss."""

    coverage: float
    risk: float


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """The predictions between two bounds: how many, their mean confidence, and the share that was true."""

    low: float
    high: float
    count: int
    confidence: float
    true_share: float


def abstention_precision(abstained: Sequence[bool], answerable: Sequence[bool]) -> float | None:
    """Right abstentions / abstentions; None when there is no abstention."""
    rights = [not able for able, declined in zip(answerable, abstained, strict=True) if declined]
    return sum(rights) / len(rights) if rights else None


def abstention_recall(abstained: Sequence[bool], answerable: Sequence[bool]) -> float | None:
    """Right abstentions / unanswerable questions; None when every question is answerable."""
    declined = [out for able, out in zip(answerable, abstained, strict=True) if not able]
    return sum(declined) / len(declined) if declined else None


def auroc(scores: Sequence[float], positive: Sequence[bool]) -> float | None:
    """P(score of a positive > score of a negative) + half of P(equal); None when a class is missing.

    The area under the ROC curve as the Mann-Whitney statistic: (R - n(n+1)/2) / (n m), with R the sum of the n
    positives' mid-ranks among all n + m (Fawcett, "An introduction to ROC analysis", 2006).
    """
    values, truth = np.asarray(scores, dtype=np.float64), np.asarray(positive, dtype=bool)
    n, m = int(truth.sum()), int((~truth).sum())
    if not n or not m:
        return None
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    mid_ranks = np.cumsum(counts) - (counts - 1) / 2
    return float((mid_ranks[places][truth].sum() - n * (n + 1) / 2) / (n * m))


def risk_coverage(confidence: Sequence[float], loss: Sequence[float], total: int | None = None) -> list[RiskAtCoverage]:
    """The risk-coverage curve of the answered questions, most confident first.

    ``loss`` is 0..1 for each answer. ``total`` counts all questions, declined ones included, so that the curve ends
    at the share that was answered. Point i: coverage i / total, risk = mean loss of the i most confident; equals in
    confidence share their mean loss, so that their order does not matter. El-Yaniv and Wiener, "On the Foundations
    of Noise-free Selective Classification", JMLR 2010.
    """
    values, losses = np.asarray(confidence, dtype=np.float64), np.asarray(loss, dtype=np.float64)
    if not len(values):
        return []
    _, places, counts = np.unique(-values, return_inverse=True, return_counts=True)
    shared = (np.bincount(places, weights=losses) / counts)[places]
    risks = np.cumsum(shared[np.argsort(places, kind="stable")]) / np.arange(1, len(values) + 1)
    return [RiskAtCoverage((i + 1) / (total or len(values)), float(risk)) for i, risk in enumerate(risks)]


def aurc(curve: Sequence[RiskAtCoverage]) -> float | None:
    """The mean risk over the points of the curve; lower is better, None without points.

    The area under the risk-coverage curve (Geifman, Uziel and El-Yaniv, "Bias-Reduced Uncertainty Estimation for
    Deep Neural Classifiers", ICLR 2019).
    """
    return float(np.mean([point.risk for point in curve])) if curve else None


def calibration_bins(confidence: Sequence[float], true: Sequence[bool], bins: int = 10) -> list[CalibrationBin]:
    """The predictions in equally wide bins over 0..1, right-closed (the first takes 0 too); empty bins are left out."""
    values: NDArray[np.float64] = np.asarray(confidence, dtype=np.float64)
    truth = np.asarray(true, dtype=np.float64)
    edges = np.linspace(0.0, 1.0, bins + 1)
    places = np.clip(np.searchsorted(edges, values, side="left") - 1, 0, bins - 1)
    return [
        CalibrationBin(
            float(edges[place]),
            float(edges[place + 1]),
            int((places == place).sum()),
            float(values[places == place].mean()),
            float(truth[places == place].mean()),
        )
        for place in np.unique(places)
    ]


def expected_calibration_error(confidence: Sequence[float], true: Sequence[bool], bins: int = 10) -> float | None:
    """Sum over the bins of (count / all) |mean confidence - share true|; None without predictions.

    Naeini, Cooper and Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian Binning", AAAI 2015; ten
    bins of equal width.
    """
    if not len(confidence):
        return None
    return sum(
        each.count / len(confidence) * abs(each.confidence - each.true_share)
        for each in calibration_bins(confidence, true, bins)
    )
