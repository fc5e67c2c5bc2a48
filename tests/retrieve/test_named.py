"""Papers that are named by DOI, PMID or arXiv id: shown, found and asked about by them."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from rag import Assistant, Filters, NotFoundError

PAPERS = [
    {
        "id": "bees", "title": "BeeNet: counting bees", "year": 2019, "doi": "10.18653/v1/N19-1423", "pmid": "32678530",
        "arxiv_id": "1810.04805v2", "abstract": "We introduce BeeNet, which counts bees. It needs 12 labels.",
    },
    {
        "id": "propose", "title": "What papers propose", "year": 2021, "doi": "10.1000/shared",
        "abstract": "We ask what papers propose. Most propose a method, and 32678530 propose a metric.",
    },
    {
        "id": "zebras", "title": "Striped animals", "year": 2022, "doi": "10.1000/shared", "pmid": "2022",
        "abstract": "The zebra reader finds stripes in the savanna. In 2022 it read 42 images.",
    },
]  # fmt: skip


@pytest.fixture
def papers(answering: Callable[[Sequence[dict[str, Any]]], Assistant]) -> Assistant:
    """An assistant over three papers, two of which claim one DOI; it answers whatever it is asked."""
    return answering(PAPERS)


NAMES = [
    "10.18653/v1/N19-1423", "https://doi.org/10.18653/V1/N19-1423", "doi: 10.18653/v1/N19-1423", "PMID 32678530",
    "pmid:32678530", "https://pubmed.ncbi.nlm.nih.gov/32678530/", "arXiv:1810.04805", "arXiv 1810.04805v1",
    "https://arxiv.org/abs/1810.04805", "(10.18653/v1/N19-1423)",
]  # fmt: skip


@pytest.mark.parametrize("name", [*NAMES, "32678530"])
def test_a_paper_is_had_by_what_others_call_it(papers: Assistant, name: str) -> None:
    """``get`` takes a DOI, a PMID or an arXiv id, however it is written; the search brings that paper alone."""
    assert papers.get(name).id == "bees"
    assert [hit.abstract.id for hit in papers.search(name)] == ["bees"]


@pytest.mark.parametrize("name", NAMES)
def test_a_question_that_names_a_paper_is_answered_from_it(papers: Assistant, name: str) -> None:
    """The identifier may be all of the question or a part; what is searched for has the title in its place."""
    answer = papers.ask(f"What does {name} propose?")
    assert [source.id for source in answer.sources] == ["bees"]
    assert answer.query == "What does BeeNet: counting bees propose?"
    answer = papers.ask(name)
    assert answer.query == "BeeNet: counting bees"
    assert "We introduce BeeNet" in answer.text


def test_a_follow_up_is_about_the_paper_that_was_named(papers: Assistant) -> None:
    """What the conversation is about is the title, not the letters of an identifier."""
    asked = "What does 10.18653/v1/N19-1423 propose?"
    answer = papers.ask("How many labels does it need?", history=[(asked, papers.ask(asked).text)])
    assert "BeeNet" in answer.query
    assert answer.sources[0].id == "bees"


def test_filters_hold_for_a_paper_that_is_named(papers: Assistant) -> None:
    """A paper that a filter leaves out is not answered from, and neither is another in its place."""
    for filters in (Filters(year_from=2020), Filters(ids=("zebras",)), Filters(year_from=2020, ids=("bees",))):
        hits = papers.search("PMID 32678530", filters=filters)
        assert [hit.abstract.id for hit in hits] == [each for each in filters.ids if each == "zebras"]
    assert papers.ask("10.18653/v1/N19-1423", filters=Filters(year_from=2020)).abstained


def test_a_number_in_a_question_is_no_pmid(papers: Assistant) -> None:
    """Only what is called a PMID, or is all there is, names a paper; unknown identifiers name none."""
    assert {hit.abstract.id for hit in papers.search("images read in 2022")} == {"bees", "propose", "zebras"}
    assert papers.get("2022").id == "zebras"
    assert len(papers.search("What does 10.1000/unknown propose?")) == 3
    with pytest.raises(NotFoundError, match=r"10\.1000/unknown"):
        papers.get("10.1000/unknown")


def test_an_identifier_of_two_papers_names_both(papers: Assistant) -> None:
    """A proceedings' DOI finds all its papers; asked for the one, it says which there are."""
    assert {hit.abstract.id for hit in papers.search("What does 10.1000/shared find?")} == {"propose", "zebras"}
    with pytest.raises(NotFoundError, match="propose, zebras"):
        papers.get("10.1000/shared")
