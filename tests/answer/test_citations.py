"""The grammar of drafts: which sentence cites what, and nothing of a marker left in the text."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answer.citations import CitedSentence, parse_citations
from rag.text import content_words

DRAFTS = [
    ("The method helps [1]. Accuracy rises [2][3].", [("The method helps.", (1,)), ("Accuracy rises.", (2, 3))]),
    ("The method helps. [1] Accuracy rises. [2]", [("The method helps.", (1,)), ("Accuracy rises.", (2,))]),
    ("The method helps.[1]Accuracy rises.[2]", [("The method helps.", (1,)), ("Accuracy rises.", (2,))]),
    ("[1] The method helps. [2] Accuracy rises.", [("The method helps.", (1,)), ("Accuracy rises.", (2,))]),
    ("[1] The method helps.\n[2] Accuracy rises.", [("The method helps.", (1,)), ("Accuracy rises.", (2,))]),
    ("The method helps (1). Accuracy rises (2).", [("The method helps.", (1,)), ("Accuracy rises.", (2,))]),
    ("The method helps【1】. Accuracy rises【2†source】.", [("The method helps.", (1,)), ("Accuracy rises.", (2,))]),
    ("The method [1, 2] and the data [5] help.", [("The method and the data help.", (1, 2, 5))]),
    ("It helps [1-3].", [("It helps.", (1, 2, 3))]),
    ("It helps [2–9].", [("It helps.", (2, 3, 4, 5))]),
    ("It helps [1; 3].", [("It helps.", (1, 3))]),
    ("It helps [1 and 3].", [("It helps.", (1, 3))]),
    ("It helps [1], [3].", [("It helps.", (1, 3))]),
    ("It helps [3][1][3].", [("It helps.", (3, 1))]),
    ("It helps [7]. It works [6, 2].", [("It helps.", ()), ("It works.", (2,))]),
    ("It helps [evidence 1; source 2].", [("It helps.", (1, 2))]),
    ("It helps [^2].", [("It helps.", (2,))]),
    ("It helps [2](#src-2).", [("It helps.", (2,))]),
    ("It helps (see [1]).", [("It helps.", (1,))]),
    ("It helps ([1], [2]).", [("It helps.", (1, 2))]),
    ("It helps, as reported in [2].", [("It helps.", (2,))]),
    ("According to [1], the method helps.", [("The method helps.", (1,))]),
    ("It works. According to [2], it helps.", [("It works.", ()), ("It helps.", (2,))]),
    ("Evidence [1] states that the method helps.", [("The method helps.", (1,))]),
    ("Smith et al. [1] show gains.", [("Smith et al. show gains.", (1,))]),
    ("In [2020] the loss fell [1].", [("In [2020] the loss fell.", (1,))]),
    ("Scores lie in [0, 1] [2].", [("Scores lie in [0, 1].", (2,))]),
    ("Scores lie in [0.5, 2] [2].", [("Scores lie in [0.5, 2].", (2,))]),
    ("They use the range [1, 5] [2].", [("They use the range [1, 5].", (2,))]),
    ("It has (1) speed and (2) size [3].", [("It has (1) speed and (2) size.", (3,))]),
    ("It was found in many (2020).", [("It was found in many (2020).", ())]),
    ("- It helps [1]\n- It works [2]", [("It helps", (1,)), ("It works", (2,))]),
    ("1. It helps [1].\n2. It works [2].", [("It helps.", (1,)), ("It works.", (2,))]),
    ("Answer: **It helps** [1].", [("It helps.", (1,))]),
    ("It helps.\n\n[1] [2]", [("It helps.", (1, 2))]),
    ("No citation here. None here.", [("No citation here.", ()), ("None here.", ())]),
    ("[1]", []),
    (" \n ", []),
    ("", []),
]


@pytest.mark.parametrize(("draft", "expected"), DRAFTS)
def test_every_way_to_write_a_citation_is_understood(draft: str, expected: list[tuple[str, tuple[int, ...]]]) -> None:
    """Models cite in many styles; each gives the sentence without markers and the numbers that are meant."""
    assert parse_citations(draft, 5) == [CitedSentence(text, numbers) for text, numbers in expected]


PIECES = st.sampled_from(
    [
        *"[1] [2][3] [1,4] [9] [1-3] (2) 【2】 [0,1] [2020] [[1]2] [ ] ( ) . , - 1. ** \ue000 The model works.".split(),
        *"fails, Accuracy rises! et al. According to see".split(),
        *("\n", "[1, 2]", "as stated in"),
    ]
)


@given(st.lists(PIECES, max_size=25).map(" ".join) | st.text(alphabet="[]()【】0123456789,-–. \nabAB*^", max_size=60))
def test_no_marker_survives_and_every_number_exists(draft: str) -> None:
    """Whatever the draft, the numbers are those of evidence, each once, and the text holds no marker any more."""
    for sentence in parse_citations(draft, 4):
        assert all(1 <= number <= 4 for number in sentence.numbers)
        assert len(set(sentence.numbers)) == len(sentence.numbers)
        assert sentence.text.strip()
        assert not re.search(r"\[\s*[1-9]\d?\s*\]|【\s*\d{1,2}\s*】|\ue000", sentence.text)


@given(st.lists(st.sampled_from("Apples fall. Birds sing well. Cats sleep!".split(". ")), min_size=1, max_size=6))
def test_text_and_order_are_kept(sentences: list[str]) -> None:
    """Nothing but markers is lost, and the sentences come in the order of the draft."""
    plain = [f"{sentence.rstrip('.!')}." for sentence in sentences]
    draft = " ".join(f"{sentence[:-1]} [{number % 4 + 1}]." for number, sentence in enumerate(plain))
    parsed = parse_citations(draft, 4)
    assert [sentence.text for sentence in parsed] == plain
    assert [sentence.numbers for sentence in parsed] == [(number % 4 + 1,) for number in range(len(plain))]


@pytest.mark.timeout(10)
def test_a_long_run_of_markers_takes_no_time() -> None:
    """Small models count on: each blank between two markers once doubled the time."""
    draft = "[1] The evidence says [2] nothing. " + " ".join(f"[{number}]" for number in range(3, 99))
    assert [sentence.numbers[0] for sentence in parse_citations(draft, 98)] == [1]


@given(st.text(max_size=80))
def test_any_text_can_be_parsed(draft: str) -> None:
    """A draft of any characters gives sentences whose words stand in it."""
    said = content_words(draft)
    for sentence in parse_citations(draft, 3):
        assert len(content_words(sentence.text)) <= len(said) + 1
