"""How sure a number is: bootstrap intervals, and paired randomisation tests between two runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")

RESAMPLES = 2000
ROUNDS = 10_000
SEED = 20_240_917


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with its 95% interval, over ``count`` questions."""

    value: float
    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True)
class Difference:
    """How B differs from A: B - A, and the two-sided p-value of no difference, over ``count`` questions."""

    value: float
    p: float
    count: int


def bootstrap_mean(values: Sequence[float], *, resamples: int = RESAMPLES, seed: int = SEED) -> Interval:
    """The mean with its percentile bootstrap interval, questions drawn with replacement (Efron, 1979).

    ValueError without values; the same values and seed give the same interval.
    """
    sample = np.asarray(values, dtype=np.float64)
    if not len(sample):
        raise ValueError("no values to resample")
    draws = np.random.default_rng(seed).integers(0, len(sample), size=(resamples, len(sample)))
    low, high = np.percentile(sample[draws].mean(axis=1), [2.5, 97.5])
    return Interval(float(sample.mean()), float(low), float(high), len(sample))


def bootstrap(
    items: Sequence[T], statistic: Callable[[Sequence[T]], float | None], *, resamples: int = 500, seed: int = SEED
) -> Interval | None:
    """Any statistic of the questions with its percentile bootstrap interval; None where it is not defined.

    A resample without a value (AUROC of one class, say) is left out.
    """
    value = statistic(items)
    if value is None:
        return None
    draws = np.random.default_rng(seed).integers(0, len(items), size=(resamples, len(items)))
    found = [each for row in draws if (each := statistic([items[i] for i in row])) is not None]
    low, high = np.percentile(found or [value], [2.5, 97.5])
    return Interval(value, float(low), float(high), len(items))


def paired_randomisation(
    first: Sequence[float], second: Sequence[float], *, rounds: int = ROUNDS, seed: int = SEED
) -> Difference:
    """Whether the mean of ``second`` differs from that of ``first``, question by question.

    Under the null hypothesis the two values of a question may be swapped: p is the share of the swaps whose mean
    difference is at least as far from 0 as the observed one. All 2^n swaps when those are no more than ``rounds``,
    else that many drawn at random, with 1 added to both counts (Smucker, Allan and Carterette, "A comparison of
    statistical significance tests for information retrieval evaluation", CIKM 2007). ValueError without values.
    """
    differences = np.asarray(second, dtype=np.float64) - np.asarray(first, dtype=np.float64)
    if not len(differences):
        raise ValueError("no questions in common")
    moved = differences[differences != 0]
    if not len(moved):
        return Difference(0.0, 1.0, len(differences))
    exact = 2 ** len(moved) <= rounds
    signs = _all_signs(len(moved)) if exact else _random_signs(len(moved), rounds, seed)
    # Sums of the same numbers in another order differ in the last bits; those are as far from 0 as the observed one.
    extreme = int((np.abs(signs @ moved) >= abs(moved.sum()) - 1e-9).sum())
    p = extreme / len(signs) if exact else (extreme + 1) / (rounds + 1)
    return Difference(float(differences.mean()), p, len(differences))


def paired_randomisation_of(
    first: Sequence[T],
    second: Sequence[T],
    statistic: Callable[[Sequence[T]], float | None],
    *,
    rounds: int = 1000,
    seed: int = SEED,
) -> Difference | None:
    """The same test for a statistic of all questions together (AUROC, say); None where it is not defined."""
    before, after = statistic(first), statistic(second)
    if before is None or after is None:
        return None
    if list(first) == list(second):
        return Difference(0.0, 1.0, len(first))
    generator = np.random.default_rng(seed)
    extreme = 0
    for _ in range(rounds):
        swap = generator.random(len(first)) < 0.5
        left = statistic([b if out else a for a, b, out in zip(first, second, swap, strict=True)])
        right = statistic([a if out else b for a, b, out in zip(first, second, swap, strict=True)])
        if left is not None and right is not None:
            extreme += abs(right - left) >= abs(after - before) - 1e-9
    return Difference(after - before, (extreme + 1) / (rounds + 1), len(first))


def _all_signs(n: int) -> NDArray[np.float64]:
    bits = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    return (1 - 2 * bits).astype(np.float64)


def _random_signs(n: int, rounds: int, seed: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).choice(np.array([-1.0, 1.0]), size=(rounds, n))
