"""The numbers by which the reader is judged."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rag.reader.data import Example
from rag.reader.validate import auroc, measure

numbers = st.lists(st.integers(-3, 3).map(float), min_size=1)


@given(numbers, numbers)
def test_auroc_is_symmetric(right: list[float], wrong: list[float]) -> None:
    """Swapping the two sides gives the complement, ties counting half on both."""
    assert math.isclose(auroc(right, wrong) + auroc(wrong, right), 1)


def test_auroc_of_nothing_is_no_number() -> None:
    """Without both kinds there is nothing to tell apart."""
    assert math.isnan(auroc([1.0], []))


def test_maybe_counts_neither_way() -> None:
    """A "maybe" sentence on top does not make the first sentence wrong; a wrong one does."""
    examples = [
        Example("covidqa_2020_04", "Q", "", ("a", "b", "c"), frozenset({1}), frozenset({0})),
        Example("covidqa_2020_04", "Q", "", ("a", "b", "c"), frozenset({1})),
    ]
    scores = np.array([3, 2, 1], np.float32)
    result = measure(examples, lambda shown: [(scores[: len(e.sentences)], 0.0) for e in shown])
    assert result["first/covidqa_2020_04"] == 0.5
    assert result["mrr/science"] == 0.75
