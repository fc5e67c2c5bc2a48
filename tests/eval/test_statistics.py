"""Intervals and paired tests."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from eval.statistics import bootstrap, bootstrap_mean, paired_randomisation, paired_randomisation_of

VALUES = st.lists(st.integers(0, 8).map(lambda n: n / 8), min_size=2, max_size=10)


def _mean(items: Sequence[float]) -> float:
    return float(np.mean(items))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=2, max_size=10))
def test_the_paired_test_agrees_with_scipy(pairs: list[tuple[int, int]]) -> None:
    """All sign flips of up to ten differences: the p-value of scipy's exact permutation test."""
    first, second = [a / 8 for a, _ in pairs], [b / 8 for _, b in pairs]
    reference = stats.permutation_test(
        (np.subtract(second, first),), np.mean, permutation_type="samples", n_resamples=np.inf, vectorized=False
    )
    found = paired_randomisation(first, second)
    assert found.value == pytest.approx(np.mean(second) - np.mean(first), abs=1e-6)
    assert found.p == pytest.approx(reference.pvalue, abs=1e-6)


def test_the_drawn_p_value_is_close_to_the_exact_one() -> None:
    """Thirty differences are too many to enumerate; the normal approximation gives the same picture."""
    generator = np.random.default_rng(3)
    first = generator.random(30)
    second = first + generator.normal(0.05, 0.1, 30)
    found = paired_randomisation(first, second)
    assert found.p == pytest.approx(stats.ttest_rel(first, second).pvalue, abs=0.01)


def test_the_same_run_twice_does_not_differ() -> None:
    """No difference anywhere: p is 1."""
    assert paired_randomisation([0.1, 0.2], [0.1, 0.2]).p == 1.0
    found = paired_randomisation_of([1.0, 2.0], [1.0, 2.0], _mean)
    assert found is not None
    assert (found.value, found.p) == (0.0, 1.0)


def test_a_set_statistic_is_tested_by_swapping_whole_questions() -> None:
    """A clear shift of forty questions is significant, and as large as it is."""
    first = [n / 40 for n in range(40)]
    found = paired_randomisation_of(first, [value + 0.5 for value in first], _mean)
    assert found is not None
    assert found.value == pytest.approx(0.5)
    assert found.p < 0.01


@settings(max_examples=30, deadline=None)
@given(VALUES)
def test_an_interval_holds_its_value_and_repeats(values: list[float]) -> None:
    """Low, value and high in order, within the data, and the same again."""
    found = bootstrap_mean(values)
    assert min(values) - 1e-9 <= found.low <= found.value + 1e-9
    assert found.value - 1e-9 <= found.high <= max(values) + 1e-9
    assert found == bootstrap_mean(values)


def test_the_interval_agrees_with_scipy() -> None:
    """Percentile bootstraps of the same hundred values with many resamples differ in the third digit."""
    values = np.random.default_rng(1).random(100)
    reference = stats.bootstrap((values,), np.mean, method="percentile", n_resamples=20_000, rng=2).confidence_interval
    found = bootstrap_mean(list(values), resamples=20_000)
    assert (found.low, found.high) == pytest.approx((reference.low, reference.high), abs=0.003)


def test_resamples_without_a_value_are_left_out() -> None:
    """A statistic that some resamples do not have still gets an interval; one that the data lack gets none."""

    def of_positives(items: Sequence[float]) -> float | None:
        positives = [item for item in items if item > 0]
        return float(np.mean(positives)) if positives else None

    found = bootstrap([0.0, 0.0, 0.0, 2.0], of_positives)
    assert found is not None
    assert (found.low, found.value, found.high) == (2.0, 2.0, 2.0)
    assert bootstrap([0.0], of_positives) is None


def test_nothing_has_no_mean() -> None:
    """An empty list is refused rather than turned into NaN."""
    with pytest.raises(ValueError, match="no values"):
        bootstrap_mean([])
