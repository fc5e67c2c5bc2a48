"""Ranked retrieval against formulas written out, and against scikit-learn."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from eval.metrics.retrieval import ranking_scores

MEASURES = ["R@1", "R@5", "Success@3", "RR@10", "nDCG@10"]
ITEMS = [f"d{number}" for number in range(15)]


def test_a_hand_made_ranking_has_the_known_values() -> None:
    """Relevant at ranks 2 and 4 of three relevant: the values follow from the formulas by hand."""
    found = ranking_scores({"q": ["a", "x", "b", "y"]}, {"q": {"x": 1, "y": 1, "z": 1}}, MEASURES)["q"]
    ideal = 1 + 1 / math.log2(3) + 1 / math.log2(4)
    assert found["R@1"] == 0
    assert found["R@5"] == pytest.approx(2 / 3)
    assert found["Success@3"] == 1
    assert found["RR@10"] == pytest.approx(0.5)
    assert found["nDCG@10"] == pytest.approx((1 / math.log2(3) + 1 / math.log2(5)) / ideal)


def test_a_question_without_a_ranking_scores_nothing() -> None:
    """A question the run never answered counts as 0 and is not left out of the mean."""
    assert ranking_scores({}, {"q": {"x": 1}}, MEASURES) == {"q": dict.fromkeys(MEASURES, 0.0)}


def test_an_item_that_comes_twice_keeps_its_first_place() -> None:
    """A repeated item takes no second rank, so it does not push others down."""
    found = ranking_scores({"q": ["a", "a", "x"]}, {"q": {"x": 1}}, ["RR@10"])
    assert found["q"]["RR@10"] == pytest.approx(0.5)


@settings(max_examples=60, deadline=None)
@given(
    ranking=st.permutations(ITEMS),
    grades=st.lists(st.integers(0, 3), min_size=len(ITEMS), max_size=len(ITEMS)).filter(any),
)
def test_the_metrics_agree_with_reference_implementations(ranking: list[str], grades: list[int]) -> None:
    """Graded nDCG@10 as scikit-learn has it (linear gains); recall and reciprocal rank as their definitions say."""
    graded = {item: grade for item, grade in zip(ITEMS, grades, strict=True) if grade}
    found = ranking_scores({"q": ranking}, {"q": graded}, MEASURES)["q"]
    truth = np.array([[graded.get(item, 0) for item in ranking]])
    scores = np.arange(len(ranking), 0, -1)[None, :]
    ranks = [rank for rank, item in enumerate(ranking, start=1) if item in graded]
    assert found["nDCG@10"] == pytest.approx(ndcg_score(truth, scores, k=10), abs=1e-6)
    assert found["R@5"] == pytest.approx(sum(rank <= 5 for rank in ranks) / len(graded), abs=1e-6)
    assert found["Success@3"] == float(ranks[0] <= 3)
    assert found["RR@10"] == pytest.approx(1 / ranks[0] if ranks[0] <= 10 else 0, abs=1e-6)
