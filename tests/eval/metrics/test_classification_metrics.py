"""Confusion matrices, and latency."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, recall_score

from eval.metrics.classification import confusion
from eval.metrics.latency import by_stage

LABELS = ["yes", "no", "maybe"]


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)), min_size=1, max_size=50))
def test_the_matrix_agrees_with_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    """Counts, accuracy, balanced accuracy and macro-F1 (both of the gold labels that occur)."""
    gold, called = [a for a, _ in pairs], [b for _, b in pairs]
    found = confusion(gold, called, LABELS)
    present = sorted(set(gold))
    assert np.array_equal(found.counts, confusion_matrix(gold, called, labels=LABELS))
    assert found.accuracy == pytest.approx(accuracy_score(gold, called), abs=1e-6)
    mean_recall = recall_score(gold, called, labels=present, average="macro", zero_division=0)
    assert found.balanced_accuracy == pytest.approx(mean_recall, abs=1e-6)
    macro_f1 = f1_score(gold, called, labels=present, average="macro", zero_division=0)
    assert found.macro_f1 == pytest.approx(macro_f1, abs=1e-6)


def test_a_constant_yes_has_half_the_balanced_accuracy() -> None:
    """However many are truly yes."""
    assert confusion(["yes"] * 9 + ["no"], ["yes"] * 10, ["yes", "no"]).balanced_accuracy == 0.5


def test_an_unknown_label_is_refused() -> None:
    """A typo must not vanish from the counts."""
    with pytest.raises(ValueError, match="perhaps"):
        confusion(["perhaps"], ["yes"], LABELS)


def test_latency_is_by_stage_over_the_answers_that_have_it() -> None:
    """Type-7 percentiles; a stage that some answers skip is measured over the others."""
    found = by_stage([{"search": 1.0}, {"search": 3.0, "write": 10.0}])
    assert found["search"].p50 == pytest.approx(2.0)
    assert found["search"].p95 == pytest.approx(2.9)
    assert (found["write"].p50, found["write"].count) == (10.0, 1)
