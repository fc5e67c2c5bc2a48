"""Questions about a paper instead of what its abstract says: who wrote it, where and when it was published."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from rag import Assistant

PAPERS = [
    {
        "title": "BERT: deep transformers", "authors": ["Ada Devlin", "Bo Chang", "Cy Lee", "Di Toutanova"],
        "year": 2019, "venue": "NAACL", "abstract": "We introduce BERT, a model developed by us. It reads both ways.",
    },
    {
        "title": "Who wrote the reviews", "abstract": "Students wrote the reviews in the dataset when the paper was due.",
    },
]  # fmt: skip


@pytest.fixture
def papers(answering: Callable[[Sequence[dict[str, Any]]], Assistant]) -> Assistant:
    """An assistant that answers whatever it is asked."""
    return answering(PAPERS)


@pytest.mark.parametrize(
    "question",
    [
        "Who wrote the BERT paper?",
        "who are the authors of the bert paper",
        "Who is the first author of BERT?",
        "In which journal was BERT published?",
        "At what conference was the BERT paper presented?",
        "Where was the paper on BERT published?",
        "When was BERT published?",
        "What year was the BERT paper first published?",
    ],
)
def test_who_wrote_a_paper_is_declined_with_what_is_known_of_the_nearest(papers: Assistant, question: str) -> None:
    """No sentence of an abstract is passed off as the answer; authors, venue and year stand beside the nearest title."""
    answer = papers.ask(question)
    assert answer.abstained
    assert answer.confidence == 0
    assert answer.nearest[0].title == "BERT: deep transformers"
    assert "BERT: deep transformers (Ada Devlin, Bo Chang, Cy Lee et al. · NAACL · 2019)" in answer.text


@pytest.mark.parametrize(
    "question",
    [
        "Who developed BERT?",
        "When was the paper due?",
        "Who wrote the reviews in the dataset?",
        "Who are the authors of the reviews in the study?",
        "When was the drug given?",
        "When were the included studies published?",
        "When was the study's drug given?",
        "Which journals publish the most retracted papers?",
        "Which conference videos were presented to the participants?",
        "What do the authors of the paper conclude?",
        "Which method do the authors of BERT use?",
        "Who wrote the reviews used in this study?",
    ],
)
def test_who_and_when_within_an_abstract_are_asked_of_it(papers: Assistant, question: str) -> None:
    """A word like "wrote", "when" or "authors" does not make a question one about the paper."""
    assert not papers.ask(question).abstained
