"""The question set over machine-learning abstracts: sound in itself, and true to the abstracts where they are there."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from rag.text import normalise, split_sentences

ROOT = Path(__file__).parents[2]
PAPERS = ROOT.parent / "shared" / "data" / "ml_abstracts" / "papers.jsonl.gz"
IDS = (ROOT / "eval" / "questions" / "ml_ids.txt").read_text(encoding="utf-8").split()
QUESTIONS: list[dict[str, Any]] = [
    json.loads(line) for line in (ROOT / "eval" / "questions" / "ml.jsonl").read_text(encoding="utf-8").splitlines()
]


def _of_type(name: str) -> int:
    return sum(question["type"] == name for question in QUESTIONS)


def test_the_list_names_five_thousand_papers_once() -> None:
    """The corpus of the set is fixed: 5,000 different ids."""
    assert len(IDS) == len(set(IDS)) == 5000


def test_the_set_has_the_questions_it_promises() -> None:
    """Enough answerable ones, near misses, off-topic, follow-up, sloppy and multi-abstract questions, no id twice."""
    assert len({question["id"] for question in QUESTIONS}) == len(QUESTIONS) >= 220
    assert sum(question["answerable"] for question in QUESTIONS) >= 165
    wanted = {"nearmiss": 27, "offtopic": 16, "followup": 15, "sloppy": 10, "multi": 10}
    assert {name: least for name, least in wanted.items() if _of_type(name) < least} == {}


def test_questions_ask_about_papers_of_the_list_and_publish_no_text() -> None:
    """Every paper named is in the list, and evidence is offsets alone: the abstracts may not be published."""
    for question in QUESTIONS:
        assert {*question["gold_abstract_ids"], *question.get("near_abstract_ids", [])} <= set(IDS), question["id"]
        for evidence in question["gold_evidence"]:
            assert all(isinstance(start, int) and start < end for start, end in evidence["sentences"]), question["id"]


@pytest.mark.data
def test_evidence_is_whole_sentences_that_hold_the_key_facts() -> None:
    """Each span is a sentence of the abstract as shown, and each key fact stands in the evidence of its question."""
    if not PAPERS.is_file():
        pytest.skip(f"{PAPERS} is absent")
    wanted = set(IDS)
    with gzip.open(PAPERS, "rt", encoding="utf-8") as lines:
        papers = (json.loads(line) for line in lines)
        texts = {paper["id"]: normalise(paper["abstract"]) for paper in papers if paper["id"] in wanted}
    assert texts.keys() == wanted
    for question in QUESTIONS:
        quotes = []
        for evidence in question["gold_evidence"]:
            text = texts[evidence["abstract_id"]]
            spans = {(sentence.start, sentence.end) for sentence in split_sentences(text)}
            marked = {tuple(span) for span in evidence["sentences"]}
            assert marked <= spans, (question["id"], marked - spans)
            quotes += [text[start:end].casefold() for start, end in sorted(marked)]
        for fact in question["key_facts"]:
            assert any(one.casefold() in quote for one in fact for quote in quotes), (question["id"], fact)
