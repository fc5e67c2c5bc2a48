"""Abstracts as BibTeX and RIS."""

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from rag.corpus.export import to_bibtex, to_ris
from rag.records import Abstract

FULL = Abstract(
    "a1",
    "Costs 5% & more_less.",
    "The Müller {effect}: 100% of $x$",
    authors=("Ana Müller", "Li, Wei", "Johnson and Johnson"),
    year=2021,
    venue="Journal of Tests",
    doi="10.1000/a_b",
    pmid="42",
    arxiv_id="2101.00001",
    url="https://example.org/a_b",
    keywords=("one", "two"),
)


def test_bibtex_escapes_what_latex_would_read() -> None:
    """Titles and texts are escaped, addresses are not, an author with "and" stays one author."""
    written = to_bibtex([FULL])
    assert written.startswith("@article{a1,\n")
    assert r"title = {The Müller \textbraceleft{}effect\textbraceright{}: 100\% of \$x\$}" in written
    assert "author = {Ana Müller and {Li, Wei} and {Johnson and Johnson}}" in written
    assert "doi = {10.1000/a_b}" in written
    assert r"abstract = {Costs 5\% \& more\_less.}" in written


def test_bibtex_keys_are_unique() -> None:
    """The same paper's key twice would make a reference manager drop one; an id that is no key is written as a field."""
    nameless = replace(FULL, id="0123456789ab")
    written = to_bibtex([nameless, nameless, FULL, Abstract("b 2", "Text.", "")])
    assert re.findall(r"@\w+\{([^,]+),", written) == ["muller2021muller", "muller2021muller-2", "a1", "b-2"]
    assert re.findall(r"  id = \{(.*)\}", written) == ["0123456789ab", "0123456789ab", "b 2"]


def test_a_derived_title_says_so() -> None:
    """Nobody should cite a title that Footnote made."""
    made = Abstract("c", "Text.", "Made up", title_derived=True)
    assert "note = {Title derived from the abstract}" in to_bibtex([made])
    assert "N1  - Title derived from the abstract" in to_ris([made])


def test_ris_is_one_field_a_line() -> None:
    """Each line is a tag and a value, the record starts with TY and ends with ER."""
    written = to_ris([FULL])
    lines = written.split("\r\n")
    assert lines[0] == "TY  - JOUR"
    assert lines[-3] == "ER  - "
    assert "AU  - Li,, Wei" in lines
    assert "DO  - 10.1000/a_b" in lines
    assert all(re.match(r"[A-Z][A-Z0-9]  - ", line) for line in lines if line)


@given(st.text(min_size=1), st.text(), st.lists(st.text(min_size=1), max_size=3))
def test_no_text_breaks_out_of_its_field(text: str, title: str, authors: list[str]) -> None:
    """Braces stay balanced in BibTeX, and a RIS record stays one record, whatever an abstract says."""
    abstract = Abstract("x", text, title, authors=tuple(authors))
    unescaped = re.sub(r"\\[{}]", "", to_bibtex([abstract]))
    assert unescaped.count("{") == unescaped.count("}")
    assert len(re.findall(r"^ER  - $", to_ris([abstract]).replace("\r\n", "\n"), re.MULTILINE)) == 1


def test_nothing_makes_an_empty_file() -> None:
    """No abstracts, no text."""
    assert to_bibtex([]) == to_ris([]) == ""
