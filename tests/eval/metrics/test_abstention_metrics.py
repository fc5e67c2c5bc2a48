"""Abstention, AUROC, risk-coverage and calibration."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import precision_score, recall_score, roc_auc_score

from eval.metrics.abstention import (
    abstention_precision,
    abstention_recall,
    aurc,
    auroc,
    calibration_bins,
    expected_calibration_error,
    risk_coverage,
)

PAIRS = st.lists(st.tuples(st.integers(0, 20).map(lambda n: n / 20), st.booleans()), min_size=1, max_size=60)


@settings(deadline=None)
@given(PAIRS)
def test_auroc_agrees_with_scikit_learn(pairs: list[tuple[float, bool]]) -> None:
    """Ties included; undefined exactly when a class is missing."""
    scores, truth = [score for score, _ in pairs], [right for _, right in pairs]
    found = auroc(scores, truth)
    if len(set(truth)) == 1:
        assert found is None
    else:
        assert found == pytest.approx(roc_auc_score(truth, scores), abs=1e-6)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40))
def test_abstention_agrees_with_scikit_learn(pairs: list[tuple[bool, bool]]) -> None:
    """Precision and recall of "decline" as the positive class."""
    abstained, answerable = [a for a, _ in pairs], [b for _, b in pairs]
    truth = [not able for able in answerable]
    if any(abstained):
        assert abstention_precision(abstained, answerable) == pytest.approx(precision_score(truth, abstained))
    else:
        assert abstention_precision(abstained, answerable) is None
    if any(truth):
        assert abstention_recall(abstained, answerable) == pytest.approx(recall_score(truth, abstained))
    else:
        assert abstention_recall(abstained, answerable) is None


def test_the_risk_coverage_curve_has_the_known_values() -> None:
    """Four of five questions answered, the two most confident rightly."""
    curve = risk_coverage([0.9, 0.2, 0.8, 0.4], [0, 1, 0, 1], total=5)
    assert [point.coverage for point in curve] == pytest.approx([0.2, 0.4, 0.6, 0.8])
    assert [point.risk for point in curve] == pytest.approx([0, 0, 1 / 3, 0.5])
    assert aurc(curve) == pytest.approx((0 + 0 + 1 / 3 + 0.5) / 4)
    assert risk_coverage([], []) == []
    assert aurc([]) is None


@given(PAIRS, st.randoms(use_true_random=False))
def test_the_order_of_equals_does_not_matter(pairs: list[tuple[float, bool]], random: object) -> None:
    """Shuffling the questions leaves the curve, and it ends at the mean loss."""
    shuffled = list(pairs)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, two = (risk_coverage([c for c, _ in each], [float(w) for _, w in each]) for each in (pairs, shuffled))
    assert [point.risk for point in one] == pytest.approx([point.risk for point in two])
    assert one[-1].risk == pytest.approx(np.mean([wrong for _, wrong in pairs]))


def test_calibration_error_has_its_known_value() -> None:
    """Two bins: 0.85 said and 0.5 true for two questions, 0.15 said and 0 true for two."""
    confidence, true = [0.85, 0.85, 0.15, 0.15], [True, False, False, False]
    assert expected_calibration_error(confidence, true) == pytest.approx(0.5 * 0.35 + 0.5 * 0.15)
    assert expected_calibration_error([], []) is None


@given(PAIRS)
def test_calibration_agrees_with_the_definition_written_out(pairs: list[tuple[float, bool]]) -> None:
    """Right-closed bins of one tenth, in plain Python; every prediction is in exactly one."""
    confidence, true = [c for c, _ in pairs], [t for _, t in pairs]
    expected = 0.0
    edges = np.linspace(0, 1, 11)
    for number in range(10):
        inside = [(c, t) for c, t in pairs if edges[number] < c <= edges[number + 1] or (number == 0 and c == edges[0])]
        if inside:
            gap = np.mean([c for c, _ in inside]) - np.mean([t for _, t in inside])
            expected += len(inside) / len(pairs) * abs(gap)
    assert expected_calibration_error(confidence, true) == pytest.approx(expected, abs=1e-6)
    assert sum(each.count for each in calibration_bins(confidence, true)) == len(pairs)
