"""Key facts, token F1 and ROUGE-L."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer

from eval.metrics.answers import key_fact_recall, rouge_l, token_f1

WORDS = st.lists(st.sampled_from(["bees", "sleep", "long", "after", "flights", "and", "winter", "moss"]), max_size=12)


@pytest.mark.parametrize(
    ("answer", "fact", "there"),
    [
        ("It removes 40 percent of the weights.", "40 percent", True),
        ("It removes 140 percent.", "40 percent", False),
        ("It removes 1.40 percent.", "40 percent", False),
        ("It has 405 layers.", "40", False),
        ("There are 5,183 abstracts.", "5183", True),
        ("It was 40.", "40", True),
        ("A STATE–OF–THE–ART result", "state-of-the-art", True),
        ("The goals were aligned.", "align", True),
        ("The crank turns.", "rank", False),
        ("the model’s own words", "model's own", True),
        ("We reach 0.5 F1", "0.5", True),
        ("We reach 0.55 F1", "0.5", False),
        ("C++ (and Rust)", "c++", True),
    ],
)
def test_a_fact_is_found_as_a_reader_would(answer: str, fact: str, there: bool) -> None:
    """Case, dashes, quotes and thousands do not matter; word starts and whole numbers do."""
    assert key_fact_recall(answer, [[fact]]) == there


def test_any_alternative_makes_a_fact() -> None:
    """Two facts, one of them there in its second wording: one half."""
    assert key_fact_recall("Twelve rivers.", [["12", "twelve"], ["one hour"]]) == 0.5


def test_token_f1_has_its_known_values() -> None:
    """SQuAD's normalisation: articles, case and punctuation do not count."""
    assert token_f1("The cat, sat!", "a cat sat") == 1.0
    assert token_f1("a b c d", "c d e") == pytest.approx(2 * 2 / (3 + 3))
    assert token_f1("", "") == 1.0
    assert token_f1("the", "cat") == 0.0


@settings(max_examples=80, deadline=None)
@given(said=WORDS, right=WORDS)
def test_token_f1_agrees_with_precision_and_recall_written_out(said: list[str], right: list[str]) -> None:
    """F1 from precision and recall over the two bags of words."""
    common = sum(min(Counter(said)[word], Counter(right)[word]) for word in set(said))
    precision, recall = common / len(said) if said else 0, common / len(right) if right else 0
    expected = 2 * precision * recall / (precision + recall) if common else float(said == right)
    assert token_f1(" ".join(said), " ".join(right)) == pytest.approx(expected, abs=1e-6)


@settings(max_examples=80, deadline=None)
@given(said=WORDS, right=WORDS)
def test_rouge_l_agrees_with_the_longest_common_subsequence(said: list[str], right: list[str]) -> None:
    """Against dynamic programming over rouge_score's own stems."""
    stem = RougeScorer(["rougeL"], use_stemmer=True)._tokenizer.tokenize
    a, b = stem(" ".join(said)), stem(" ".join(right))
    table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i, left in enumerate(a):
        for j, other in enumerate(b):
            table[i + 1][j + 1] = table[i][j] + 1 if left == other else max(table[i][j + 1], table[i + 1][j])
    longest = table[-1][-1]
    expected = 2 * longest / (len(a) + len(b)) if longest else 0.0
    assert rouge_l(" ".join(said), " ".join(right)) == pytest.approx(expected, abs=1e-6)
