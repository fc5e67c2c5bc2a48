"""Import, export, import: the same abstracts, in the formats of reference managers."""

import io
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.corpus import Record, clean
from rag.corpus.export import to_bibtex, to_ris
from rag.corpus.formats import Format, detect
from rag.corpus.lines import Stream, Text, open_text
from rag.records import Abstract, Rejection

Export = Callable[[Iterable[Abstract]], str]
EXPORTS = [pytest.param(to_bibtex, "x.bib", id="BibTeX"), pytest.param(to_ris, "x.ris", id="RIS")]

_PIECES = [
    *"$&%#_{}~^\\|<>@\"'`,;:=()[]/*-+", " and ", " ", "--", "``", "''", "$x^2$", r"\alpha", r"\foo{bar}", r"\"o", r"\'e",
    r"\_", "{B}", "ß", "é", "Ł", "Ω", "€", "日本", "𝔄", "a", "B2", "7", "5%", "$5", "@article{x,", "ER  - ", "http://a.b/~c_d",
    "\u2028", "\x85", "\u00a0", "&amp;", "others", "Jr.", "\n", "TY  - JOUR", "\\\\", "\\{", "\\", "}}", "{{",
]  # fmt: skip
_words = st.lists(st.sampled_from(_PIECES) | st.text(max_size=4), max_size=8).map("".join)
_names = st.lists(
    st.sampled_from(
        [
            "Ana Müller",
            "Müller, Ana",
            "van der Moor, Piét",
            "Drummle, Hob, Jr.",
            "E, Weinan",
            "Moss I.",
            "Bark T-B",
            "The Snail and Slug Group",
        ]
    )
    | _words,
    max_size=4,
)
_objects = st.lists(st.fixed_dictionaries({"given": _words, "family": _words}), max_size=3)
_addresses = st.sampled_from(["https://a.example/x_y?z=1&w=%7B2%7D#f", "http://b.example/{id}\\d~e", ""]) | _words.map(
    "https://a.example/".__add__
)
_fields = st.fixed_dictionaries(
    {
        "abstract": _words.map("We weigh boats as the tides move them; ".__add__),
        "title": _words,
        "authors": _names | _objects,
        "venue": _words,
        "url": _addresses,
        "keywords": st.lists(_words, max_size=3),
        "year": st.sampled_from([None, 2021, "1999-12-31"]),
        "doi": st.sampled_from(["", "10.1000/a_b(c)%d", "10.1000/{x}", "https://doi.org/10.5555/A&B"]),
        "pmid": st.sampled_from(["", "PMID: 0042"]),
        "arxiv_id": st.sampled_from(
            ["", "arXiv:2101.00001v2", "math.GT/0309136", "https://arxiv.org/abs/hep-th/9901001"]
        ),
        "id": st.sampled_from(["", "smith2020", "b 2", "7", "2101.00001v2", "10.1000/x"]) | _words,
    }
)


def again(written: str, name: str) -> list[Abstract | Rejection]:
    """What the reader and the cleaning make of an exported text."""
    opened = open_text(name, Stream(io.BytesIO(written.encode())))
    assert isinstance(opened, Text)
    form = detect("x", opened.head)  # by its content alone
    assert isinstance(form, Format)
    return [each if isinstance(each, Rejection) else clean(each) for each in form.read(name, opened.lines(form.pieces))]


def known(abstract: Abstract | Rejection) -> Any:
    """An abstract without where it stood."""
    return replace(abstract, sources=()) if isinstance(abstract, Abstract) else abstract


@pytest.mark.parametrize(("export", "name"), EXPORTS)
@given(st.lists(_fields, min_size=1, max_size=3))
def test_export_and_import_give_the_same_abstract(export: Export, name: str, given: list[dict[str, Any]]) -> None:
    """Whatever an import made, exported and imported again, is what it was, every field and their order."""
    cleaned = [clean(Record("given", number, fields, "")) for number, fields in enumerate(given, start=1)]
    abstracts = [each for each in cleaned if isinstance(each, Abstract)]
    if abstracts:
        assert list(map(known, again(export(abstracts), name))) == list(map(known, abstracts))
