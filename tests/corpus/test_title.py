"""Titles made for abstracts that have none."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rag.corpus.title import MOST_WORDS, derive_title
from rag.text import STOP_WORDS, normalise, words

SEEDS = Path(__file__).parents[2] / "seeds"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Snails are slow. We propose the Garden Crossing Time (GCT), a metric of pace.", "Garden Crossing Time (GCT)"),
        ("We introduce SnailNet-v2, a network that predicts pace.", "SnailNet-v2: Network that predicts pace"),
        ("We design a new model, called Shell Aware Network (SAN). It works.", "Shell Aware Network (SAN)"),
        (
            "In this paper, we conduct a comprehensive survey of snail racing and trace its roots.",
            "survey of snail racing",
        ),
        ("Many try. We aim to improve the pace of garden snails.", "Improving the pace of garden snails"),
        ("Snails were raced. This paper surveys the pace of snails, and more.", "Pace of snails"),
        ("A garden for racing snails is presented. It is green.", "Garden for racing snails"),
        ("To determine whether snails hurry in the rain. METHODS We raced ten.", "Snails hurry in the rain"),
        ("Snails hurry in the rain because they are wet.", "Snails hurry in the rain"),
        ("We show that snails hurry in the rain.", "Snails hurry in the rain"),
    ],
)
def test_titles(text: str, title: str) -> None:
    """The defined name, or the leading clause of what the authors say they do, is the title."""
    assert title in derive_title(text)


def test_seeds_get_titles_that_tell_them_apart() -> None:
    """The 20 abstracts of the seeds, which have no titles, get 20 different ones, each out of its own words."""
    lines = {line for path in SEEDS.glob("*.txt") for line in path.read_text("utf-8").splitlines() if line.strip()}
    titles = {derive_title(normalise(line)): line for line in lines}
    assert len(titles) == len(lines) == 20
    assert "Adversarial Converging Time Score (ACTS)" in titles
    assert "Semantic Evidence aware Graph Neural Network (SE-GNN)" in titles
    assert all(3 <= len(title.split()) <= MOST_WORDS for title in titles)
    assert any(title.startswith("MAGVIT-v2") for title in titles)


@example("0 A.")
@given(st.text(max_size=300) | st.text("we propose a new (ABC) method, to study. Net1 called", max_size=300))
def test_any_text_gets_a_short_title(text: str) -> None:
    """A title has at most 12 words, and does not end on a word that asks for more."""
    shown = normalise(text)
    title = derive_title(shown)
    assert len(title.split()) <= MOST_WORDS
    assert title == title.strip()
    if len(title.split()) > 1 and words(title.split()[-1]):
        assert title.split()[-1].lower() not in STOP_WORDS
