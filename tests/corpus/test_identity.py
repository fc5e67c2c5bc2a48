"""Identifiers, identity keys and merging."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.corpus import identity_keys, merge
from rag.corpus.identity import normalise_arxiv_id, normalise_doi, normalise_pmid
from rag.records import Abstract, Source

SICI = "10.1002/(SICI)1097-0258(19980815/30)17:15/16<1661::AID-SIM968>3.0.CO;2-2"


def abstract(**known: object) -> Abstract:
    """An abstract of which only the given is known."""
    return Abstract(**{"id": "a", "text": "Snails are slow.", "title": "Snails", **known})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("raw", "doi"),
    [
        ("10.1000/ABC", "10.1000/abc"),
        ("https://doi.org/10.1000/a(b)c.", "10.1000/a(b)c"),
        ("(doi:10.1000/x)", "10.1000/x"),
        ("http://dx.doi.org/10.1000/x;", "10.1000/x"),
        ("11.1000/x", ""),
        (f"https://doi.org/{SICI}", SICI.lower()),
        (f"https://doi.org/{SICI}".replace("<", "%3C").replace(">", "%3E"), SICI.lower()),
        ("10.1175/1520-0477(1996)077<0437:TNYRP>2.0.CO;2", "10.1175/1520-0477(1996)077<0437:tnyrp>2.0.co;2"),
        ("<doi>10.1000/x</doi>", "10.1000/x"),
        ("10.1000/x<jats:p>", "10.1000/x"),
        ("https://doi.org/10.1016%2Fj.cell.2020.01.001", "10.1016/j.cell.2020.01.001"),
        ("https://a.example/doi/10.1000/x?needAccess=true#top", "10.1000/x"),
        ("https://a.example/article?id=10.1371/journal.pone.1&type=printable", "10.1371/journal.pone.1"),
        ("https://a.example/articles/10.1000/x/full", "10.1000/x"),
        ("https://a.example/articles/10.1000/x.1/EPDF", "10.1000/x.1"),
        ("https://a.example/pdf/10.1000/x.pdf", "10.1000/x"),
        ("https://a.example/content/10.1101/2020.01.02.123456v1.full.pdf", "10.1101/2020.01.02.123456"),
        ("https://a.example/content/10.1101/2020.01.02.123456v2.abstract", "10.1101/2020.01.02.123456"),
        ("https://a.example/10.1000/xv1.full", "10.1000/xv1"),
        ("https://a.example/?a=1 https://doi.org/10.1000/x", "10.1000/x"),
        ("https://doi.org/10.1000/x.pdf", "10.1000/x.pdf"),
        ("10.1000/x/full", "10.1000/x/full"),
        ("10.1000/https://a.example/x/full", "10.1000/https://a.example/x/full"),
        ("10.1000/a.)", "10.1000/a"),
        ("", ""),
    ],
)
def test_doi(raw: str, doi: str) -> None:
    """A DOI is found in any of its spellings."""
    assert normalise_doi(raw) == doi


def test_brackets_without_an_opening_one_go_at_once() -> None:
    """Taken off one by one, so many took minutes."""
    assert normalise_doi("10.1000/x(1)" + ")." * 300_000) == "10.1000/x(1)"


@pytest.mark.parametrize(
    ("raw", "arxiv"),
    [
        ("2101.01234v2", "2101.01234v2"),
        ("arXiv:hep-th/9901001", "hep-th/9901001"),
        ("https://arxiv.org/pdf/2101.01234v1.pdf", "2101.01234v1"),
        ("math.AG/0101001", "math.ag/0101001"),
        ("see 2101.01234", ""),
        ("https://openreview.net/forum?id=2101", ""),
    ],
)
def test_arxiv_id(raw: str, arxiv: str) -> None:
    """An arXiv id is found bare, prefixed or in an address, old or new."""
    assert normalise_arxiv_id(raw) == arxiv


@pytest.mark.parametrize(
    ("raw", "pmid"),
    [("00123", "123"), ("PMID: 123", "123"), ("https://pubmed.ncbi.nlm.nih.gov/123/", "123"), ("x", "")],
)
def test_pmid(raw: str, pmid: str) -> None:
    """A PubMed number is found bare, prefixed or in an address."""
    assert normalise_pmid(raw) == pmid


@given(st.text(max_size=60))
def test_normalising_identifiers_again_changes_nothing(raw: str) -> None:
    """An identifier in its one spelling stays as it is."""
    for spelled in (normalise_doi, normalise_pmid, normalise_arxiv_id):
        assert spelled(spelled(raw)) == spelled(raw)


PIECES = st.sampled_from(
    "https:// doi.org/ a.b/ 10.1000/ 10.1101/ x1 /full .pdf v1 ? # & %2F %3C %00 %253C <1::A> <1:A> < > . ) ( İ".split()
)


@given(st.lists(PIECES, max_size=9).map("".join))
def test_normalising_a_doi_out_of_an_address_again_changes_nothing(raw: str) -> None:
    """What was taken off or decoded once leaves nothing to take off."""
    assert normalise_doi(normalise_doi(raw)) == normalise_doi(raw)


def test_keys_meet_where_papers_do() -> None:
    """Versions of an arXiv paper, arXiv's own DOI, and the same text in other type share a key."""
    preprint = set(identity_keys(abstract(arxiv_id="2101.01234v2")))
    assert preprint & set(identity_keys(abstract(arxiv_id="2101.01234", text="Other.")))
    assert preprint & set(identity_keys(abstract(doi="10.48550/arxiv.2101.01234", text="Other.")))
    assert preprint & set(identity_keys(abstract(text="SNAILS  are slow")))
    assert not preprint & set(identity_keys(abstract(text="Other.", doi="10.1000/x", pmid="5")))


def test_merge_keeps_the_best_of_both() -> None:
    """Id and text stay; a real title, more authors, missing fields and every source are taken in."""
    known = abstract(title="Derived", title_derived=True, authors=("A. Lovelace",), sources=(Source("a", 1),))
    other = abstract(
        id="b",
        text="SNAILS are slow",
        title="True title",
        authors=("Ada Lovelace",),
        year=2020,
        venue="Journal",
        doi="10.1000/x",
        keywords=("snails",),
        sources=(Source("b", 2),),
    )
    both = merge(known, other)
    assert (both.id, both.text, both.title, both.title_derived) == ("a", known.text, "True title", False)
    assert (both.authors, both.year, both.venue, both.doi) == (("Ada Lovelace",), 2020, "Journal", "10.1000/x")
    assert both.sources == (Source("a", 1), Source("b", 2))
    assert merge(both, known) == both
    assert merge(both, both) == both
    assert merge(other, known).title == "True title"


def test_merge_keeps_what_is_known() -> None:
    """A field that both have stays as it was."""
    assert merge(abstract(year=2019, doi="10.1000/a"), abstract(year=2020, doi="10.1000/b")).year == 2019
