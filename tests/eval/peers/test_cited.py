"""Others' texts read as answers."""

from collections.abc import Sequence

import pytest

from eval.peers.cited import declines, read_answer
from eval.peers.systems import numbered
from eval.scoring import cited_sentences
from rag.records import Abstract, Answer, Verdict

SHOWN = [Abstract("a", "One is red. Two is blue.", "A"), Abstract("b", "Three is green.", "B")]


def _verdict(claim: str, evidence: Sequence[str]) -> Verdict:
    return "supported" if claim in evidence else "unsupported"


def _read(text: str) -> Answer:
    return read_answer("What?", text, SHOWN, 0.5, "peer", _verdict)


def test_markers_become_citations_of_whole_abstracts() -> None:
    """Several numbers in one bracket, markers after the full stop, and Source 2 are all read."""
    answer = _read("One is red [1]. Three is green. [2] All of it [1, 2]. More of it [Source 2].")
    assert [sentence.markers for sentence in answer.sentences] == [(1,), (2,), (1, 2), (2,)]
    assert [sentence.verdict for sentence in answer.sentences[:2]] == ["supported", "supported"]
    assert answer.sentences[0].text == "One is red."
    first = answer.sentences[0].citations[0]
    assert SHOWN[0].text[first.start : first.end] == first.quote
    assert len(cited_sentences(answer)) == 3


def test_a_marker_that_names_nothing_stays_as_a_wrong_citation() -> None:
    """[7] of two sources is counted against the system, and supports nothing."""
    answer = _read("Seven is grey [7].")
    assert answer.sentences[0].citations[0].abstract_id == ""
    assert answer.sentences[0].verdict == "unsupported"


@pytest.mark.parametrize(
    "text",
    ["", "Empty Response", "The sources do not mention it.", "I don't know.", "None of the sources is helpful."],
)
def test_refusals_in_words_are_abstentions(text: str) -> None:
    """A system without a way to decline may still say that it cannot answer."""
    assert _read(text).abstained


def test_an_answer_is_not_taken_for_a_refusal() -> None:
    """A negation of the matter itself declines nothing."""
    assert not declines("The method does not need labels [1].")


def test_sources_are_numbered_from_one() -> None:
    """As the prompt promises."""
    assert numbered(["x", "y"]) == "[1] x\n[2] y"
