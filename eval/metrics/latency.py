"""How long answers take, by stage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Latency:
    """The median and the 95th percentile of ``count`` measurements, in milliseconds."""

    p50: float
    p95: float
    count: int


def percentiles(milliseconds: Sequence[float]) -> Latency:
    """p50 and p95 with linear interpolation (type 7 of Hyndman and Fan, 1996, numpy's default)."""
    low, high = np.percentile(np.asarray(milliseconds, dtype=np.float64), [50, 95])
    return Latency(float(low), float(high), len(milliseconds))


def by_stage(timings: Sequence[Mapping[str, float]]) -> dict[str, Latency]:
    """Latency of each stage over the answers that went through it; the longest list of stages gives their order."""
    stages = dict.fromkeys(stage for each in sorted(timings, key=len, reverse=True) for stage in each)
    return {stage: percentiles([each[stage] for each in timings if stage in each]) for stage in stages}
