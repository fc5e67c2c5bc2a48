"""Three signals to one score. Pure functions over arrays, one entry a candidate."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each signal counts; only their ratios matter."""

    chunk: float = 0.25
    sentence: float = 0.25
    bm25: float = 0.5


def min_max(values: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """``values`` scaled to 0..1 over the candidates; all zero when they are all alike."""
    low, high = float(values.min(initial=np.inf)), float(values.max(initial=-np.inf))
    return (values - low) / (high - low) if high > low else np.zeros_like(values)


def fuse(
    chunk: "NDArray[np.float64]",
    sentence: "NDArray[np.float64]",
    bm25: "NDArray[np.float64]",
    coverage: "NDArray[np.float64]",
    weights: Weights,
) -> "NDArray[np.float64]":
    """The fused score of each candidate, 0..1, higher is better."""
    total = weights.chunk + weights.sentence + weights.bm25
    return (
        weights.chunk * min_max(chunk) + weights.sentence * min_max(sentence) + weights.bm25 * min_max(bm25)
    ) / total
