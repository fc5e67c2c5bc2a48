"""Citations against gold, and verdict shares."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import precision_score, recall_score

from eval.metrics.citations import citation_precision, citation_recall, verdict_shares

SPANS = st.sets(st.integers(0, 9))


def test_hand_made_citations_have_the_known_values() -> None:
    """Three cited, two of them gold, out of four gold; a repeated citation counts once."""
    assert citation_precision(["a", "b", "x", "a"], {"a", "b", "c", "d"}) == pytest.approx(2 / 3)
    assert citation_recall(["a", "b", "x"], {"a", "b", "c", "d"}) == 0.5
    assert citation_precision([], {"a"}) == 0.0


def test_recall_without_gold_is_refused() -> None:
    """There is no number to give, so none is made up."""
    with pytest.raises(ValueError, match="gold"):
        citation_recall(["a"], set())


@given(cited=SPANS.filter(bool), gold=SPANS.filter(bool))
def test_citation_metrics_agree_with_scikit_learn(cited: set[int], gold: set[int]) -> None:
    """Precision and recall of the same choice among ten sentences."""
    truth, called = [each in gold for each in range(10)], [each in cited for each in range(10)]
    assert citation_precision(sorted(cited), gold) == pytest.approx(precision_score(truth, called), abs=1e-6)
    assert citation_recall(sorted(cited), gold) == pytest.approx(recall_score(truth, called), abs=1e-6)


def test_verdict_shares_add_up() -> None:
    """Every verdict has a share, and the shares of a non-empty answer add up to 1."""
    shares = verdict_shares(["quoted", "quoted", "unsupported", "supported"])
    assert shares == {"quoted": 0.5, "supported": 0.25, "unsupported": 0.25, "contradicted": 0.0}
    assert sum(verdict_shares([]).values()) == 0
