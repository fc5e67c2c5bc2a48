"""When two abstracts are versions of one paper, and when only their keys agree."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.corpus.identity import same_paper
from rag.corpus.versions import are_versions, bands, jaccard
from rag.records import Abstract

WORDS = [f"{stem}{number}" for stem in ("alpha", "beta", "gamma", "delta") for number in range(200)]


def _text(seed: int, length: int = 150) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=length))


def _edited(text: str, edits: int, seed: int = 0) -> str:
    chance, words = random.Random(seed), text.split()
    for place in chance.sample(range(len(words)), edits):
        words[place] = "edited"
    return " ".join(words)


PREPRINT = Abstract("p", _text(1), "Slow snails on steep slopes", authors=("Ada Lovelace", "Grace Hopper"))


@given(st.integers(0, 10_000), st.integers(0, 8))
def test_a_text_changed_a_little_shares_a_band(seed: int, edits: int) -> None:
    """Up to eight of 150 words changed leaves a Jaccard index over 0.7; the title finds what the text does not."""
    text = _text(seed)
    one, other = replace(PREPRINT, text=text), replace(PREPRINT, text=_edited(text, edits, seed))
    assert jaccard(one.text, other.text) > 0.7
    assert set(bands(one)) & set(bands(other))


@given(st.integers(0, 10_000))
def test_other_texts_share_no_band(seed: int) -> None:
    """Neither by their words nor by short or derived titles."""
    one = Abstract("a", _text(2 * seed), "Editorial")
    other = Abstract("b", _text(2 * seed + 1), "Editorial")
    assert not set(bands(one)) & set(bands(other))


@pytest.mark.parametrize(
    ("edits", "other", "versions"),
    [
        (5, {}, True),
        (25, {}, True),
        (60, {}, False),
        (5, {"title": "On the speed of molluscs"}, True),
        (25, {"title": "On the speed of molluscs"}, False),
        (5, {"authors": ("Alan Turing",)}, False),
        (5, {"authors": ("Hopper, G.",)}, True),
        (5, {"authors": ("Lovelace AK",)}, True),
        (5, {"authors": ()}, True),
        (5, {"authors": (), "title": "On the speed of molluscs"}, False),
        (5, {"title_derived": True, "authors": ()}, True),
        (25, {"title_derived": True, "authors": ()}, False),
    ],
)
def test_versions(edits: int, other: dict[str, object], versions: bool) -> None:
    """Mostly the same text, or much of it under the same title; never by other people."""
    published = replace(PREPRINT, id="q", text=_edited(PREPRINT.text, edits), **other)  # type: ignore[arg-type]
    assert are_versions(PREPRINT, published) is versions
    assert are_versions(published, PREPRINT) is versions


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ({"text": _text(2)}, True),
        ({"text": _text(2), "title": "A wholly different matter"}, False),
        ({"text": _text(2), "title": "Snails", "title_derived": True}, False),
        ({"text": PREPRINT.text[:300], "title": "Snails", "title_derived": True}, True),
        ({"text": _edited(PREPRINT.text, 60), "title": "A wholly different matter"}, True),
        ({"title": "A wholly different matter"}, True),
        ({"title": "A wholly different matter", "authors": ("Alan Turing",)}, False),
        ({"title": "A wholly different matter", "authors": (), "doi": "10.1000/other"}, False),
        ({"title": "A wholly different matter", "authors": ()}, True),
        ({"authors": ("Alan Turing",)}, True),
    ],
)
def test_what_shares_a_key_is_one_paper_unless_it_plainly_is_not(other: dict[str, object], same: bool) -> None:
    """A DOI needs a like text or a like title; a text under an unlike title needs a common author or no other DOI."""
    one = replace(PREPRINT, doi="10.1000/x")
    assert same_paper(one, replace(one, **other)) is same  # type: ignore[arg-type]
    assert same_paper(replace(one, **other), one) is same  # type: ignore[arg-type]
