"""Records to abstracts: rag.corpus.clean, with authors and identifiers."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.corpus import Record, clean
from rag.records import Abstract, Rejection, Source
from rag.text import derived_id, normalise

TEXT = "We measure how quickly snails cross a garden. They are slow."


def record(**fields: Any) -> Record:
    """A record as a file would give it."""
    return Record("file.jsonl", 7, fields, "0" * 32)


def cleaned(**fields: Any) -> Abstract:
    """The abstract of a record that has to be good."""
    abstract = clean(record(**{"abstract": TEXT, **fields}))
    assert isinstance(abstract, Abstract)
    return abstract


def test_usual_fields() -> None:
    """Every field is found under its usual name and put in its usual form."""
    abstract = cleaned(
        _id="S-1",
        title=r"Snails \emph{in} gardens",
        authors=["Ada Lovelace", "Hopper, Grace"],
        publication_date="2021-05-03",
        journal="Journal of Snails",
        DOI="https://doi.org/10.1000/ABC.1",
        pmid=12345,
        arxiv_id="arXiv:2101.01234v2",
        url="https://example.org/s",
        keywords="snails; gardens",
    )
    assert abstract == Abstract(
        id="S-1",
        text=TEXT,
        title="Snails in gardens",
        authors=("Ada Lovelace", "Grace Hopper"),
        year=2021,
        venue="Journal of Snails",
        doi="10.1000/abc.1",
        pmid="12345",
        arxiv_id="2101.01234v2",
        url="https://example.org/s",
        keywords=("snails", "gardens"),
        sources=(Source("file.jsonl", 7, "S-1"),),
    )


def test_bare_text() -> None:
    """A record of text alone gets the id and the title that the text gives."""
    abstract = cleaned()
    assert abstract.id == derived_id(TEXT)
    assert abstract.title_derived
    assert abstract.title == "How quickly snails cross a garden"
    assert abstract.sources == (Source("file.jsonl", 7, ""),)


@pytest.mark.parametrize("name", ["abstract", "Abstract", "text", "summary", "abstract_text", "paperAbstract"])
def test_names_of_the_text(name: str) -> None:
    """The text is found under any of its names, in any case."""
    found = clean(record(**{name: TEXT}))
    assert isinstance(found, Abstract)
    assert found.text == TEXT


def test_text_in_parts_and_with_a_label() -> None:
    """A list of sentences is joined, and the word "Abstract" before the text goes."""
    found = clean(record(abstract=["Abstract: One sentence here.", "And then another."]))
    assert isinstance(found, Abstract)
    assert found.text == "One sentence here. And then another."
    assert cleaned(abstract="Abstract reasoning is hard for snails.").text == "Abstract reasoning is hard for snails."


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("Ada Lovelace; Grace Hopper", ("Ada Lovelace", "Grace Hopper")),
        ("Lovelace, Ada; Hopper, Grace", ("Ada Lovelace", "Grace Hopper")),
        ("Lovelace, Ada and Hopper, Grace", ("Ada Lovelace", "Grace Hopper")),
        ("Ada Lovelace, Grace Hopper and Alan Turing", ("Ada Lovelace", "Grace Hopper", "Alan Turing")),
        ("Ada Lovelace, Grace Hopper, and Alan Turing", ("Ada Lovelace", "Grace Hopper", "Alan Turing")),
        ("Ada Lovelace, Grace Hopper", ("Ada Lovelace", "Grace Hopper")),
        ("Lovelace, A., Hopper, G. M.", ("A. Lovelace", "G. M. Hopper")),
        ("Lovelace, A., Hopper, G. M., & Turing, A.", ("A. Lovelace", "G. M. Hopper", "A. Turing")),
        ("de la Cruz, J.-A., van Dam, B., and Xu, L.", ("J.-A. de la Cruz", "B. van Dam", "L. Xu")),
        ("Jia Li, Bo Xu", ("Jia Li", "Bo Xu")),
        ("J. Smith, A. Doe", ("J. Smith", "A. Doe")),
        ("A DOE, B LEE", ("A DOE", "B LEE")),
        ("Kestrel A.; Silva Costa T.B.; Kim S-H", ("A. Kestrel", "T.B. Silva Costa", "S-H Kim")),
        ("Kim S, van der Plume JA", ("S Kim", "JA van der Plume")),
        (["Hopper G. M.", "Robert Hopper III", "Hopper MD"], ("G. M. Hopper", "Robert Hopper III", "Hopper MD")),
        (["Cancer Research UK", "NASA A", "J. Smith A."], ("Cancer Research UK", "NASA A", "J. Smith A.")),
        (
            ["E, Weinan", {"given": "Weinan", "family": "E"}, {"literal": "Google AI"}],
            ("Weinan E", "Weinan E", "Google AI"),
        ),
        ("Lovelace, Ada", ("Ada Lovelace",)),
        ("García Márquez, Gabriel", ("Gabriel García Márquez",)),
        ("Ada Lovelace", ("Ada Lovelace",)),
        ("Andy Sand", ("Andy Sand",)),
        (["Ada Lovelace", "", None, 3], ("Ada Lovelace",)),
        (["Martin Luther King, Jr."], ("Martin Luther King, Jr.",)),
        ([{"name": "Ada Lovelace"}, {"given": "Grace", "family": "Hopper"}], ("Ada Lovelace", "Grace Hopper")),
        ([{"first": "Grace", "middle": [], "last": "Hopper"}], ("Grace Hopper",)),
        ([{"author": {"display_name": "Ada Lovelace"}}], ("Ada Lovelace",)),
        ([["Lovelace", "Ada", ""], ["Hopper", "Grace", "Jr"]], ("Ada Lovelace", "Grace Hopper Jr")),
        (
            [["Bruneau", "Vincent", "", "IMB"], ["Hopper", "Grace", "Jr", "Navy", "Yale"]],
            ("Vincent Bruneau", "Grace Hopper Jr"),
        ),
        (r"G\"odel, Kurt", ("Kurt Gödel",)),
        (";;, ,", ()),
        ([{"given": "", "family": ",,,"}], ()),
        (None, ()),
        (42, ()),
    ],
)
def test_authors(value: Any, names: tuple[str, ...]) -> None:
    """Authors come as "Given Family" out of strings, lists and objects."""
    assert cleaned(authors=value).authors == names


@pytest.mark.parametrize(
    ("value", "year"),
    [(2020, 2020), ("2020", 2020), (2020.0, 2020), ("May 2019", 2019), ("n.d.", None), (99999, None), (True, None)],
)
def test_year(value: Any, year: int | None) -> None:
    """A year is read out of numbers and dates; anything else leaves it unknown."""
    assert cleaned(year=value).year == year


def test_only_web_addresses_become_links() -> None:
    """Scripts and local paths are not offered as links."""
    assert cleaned(url="javascript:alert(1)").url == ""
    assert cleaned(url="file:///etc/passwd").url == ""
    assert cleaned(url=["ftp://x", "http://example.org/a b"]).url == "http://example.org/a"
    assert (
        cleaned(url="https://a.example/x;y;https://b.example/").url == "https://a.example/x;y"
    )  # one, as RIS parts them


def test_addresses_and_identifiers_cannot_steer_a_terminal() -> None:
    """Escape sequences and characters that turn the direction of writing are left out of them, too."""
    abstract = cleaned(url="https://a.example/\x1b]0;b\x07c\u202e", doi="10.1234/ab\x1b[31mc")
    assert (abstract.url, abstract.doi) == ("https://a.example/]0;bc", "10.1234/ab[31mc")


def test_identifiers_out_of_addresses() -> None:
    """DOI and arXiv id are also found in the record's address."""
    assert cleaned(pmid="31000001.0").pmid == "31000001"  # as pandas writes a column of numbers with gaps
    assert cleaned(pmid=31000001.0).pmid == "31000001"
    assert cleaned(url="https://doi.org/10.1000/x").doi == "10.1000/x"
    assert cleaned(url="https://arxiv.org/abs/2101.01234").arxiv_id == "2101.01234"
    assert cleaned(doi="10.48550/arXiv.2101.01234").arxiv_id == "2101.01234"
    assert cleaned(doi="not a doi").doi == ""


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"title": "Only a title"}, "no abstract"),
        ({"abstract": ""}, "no abstract"),
        ({"abstract": None, "text": {}}, "no abstract"),
        ({"abstract": " \n "}, "no abstract"),
        ({"abstract": "\u200b\x00"}, "too short"),
        ({"abstract": "Too short"}, "too short"),
        ({"abstract": "No abstract available."}, "only says"),
        ({"abstract": "N/A"}, "only says"),
        ({"abstract": "0x3f 00 11 22 33 44 55 66 77 88 99 ## $$ %% && ab"}, "prose"),
        ({"abstract": "\ufffd" * 9 + " some words here and there"}, "prose"),
        ({"abstract": "x" * 2000}, "prose"),
        ({"abstract": "word " * 30_000}, "whole papers"),
    ],
)
def test_rejections(fields: dict[str, Any], told: str) -> None:
    """What is no abstract is rejected with its place and what to do."""
    found = clean(record(**fields))
    assert isinstance(found, Rejection)
    assert (found.path, found.record) == ("file.jsonl", 7)
    assert told in found.reason
    assert found.reason.endswith(".")


@pytest.mark.parametrize("field", ["abstract", "type"])
def test_values_that_are_nested_too_deeply(field: str) -> None:
    """They cost their record, which is told, and not the run."""
    value: Any = TEXT
    for _ in range(990):
        value = [value]
    found = clean(record(**{"abstract": TEXT, field: value}))
    assert isinstance(found, Rejection)
    assert "nested too deeply" in found.reason
    assert field in found.reason


def test_powers() -> None:
    """A superscript number right after another is its power in LaTeX, too."""
    text = cleaned(abstract=rf"{TEXT} Of 10\textsuperscript{{6}} and 2\textsuperscript{{-5}}.").text
    assert text.endswith("Of 10^6 and 2^-5.")


def test_other_scripts_are_text() -> None:
    """An abstract without blanks between words is not too short."""
    assert cleaned(abstract="本文提出了一种新的方法来测量蜗牛的速度。").text


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=60),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["name", "given", "text", "x"]), inner),
    max_leaves=6,
)
FIELDS = st.sampled_from("abstract title id doi pmid arxiv_id authors year venue url keywords link date".split())


@settings(deadline=None)
@given(st.dictionaries(FIELDS | st.text(max_size=9), VALUES))
def test_any_fields_give_an_abstract_or_a_reason(fields: dict[str, Any]) -> None:
    """Values of any shape are cleaned or rejected, and what comes out can be stored and shown."""
    found = clean(Record("f", 1, fields, ""))
    if isinstance(found, Rejection):
        assert found.reason
        return
    shown = [found.id, found.text, found.title, found.venue, found.doi, found.pmid, found.url, *found.authors]
    "".join([*shown, *found.keywords]).encode()
    assert found.id
    assert found.title
    assert normalise(found.text) == found.text


@settings(deadline=None)
@given(st.text(min_size=30, max_size=300))
def test_cleaning_is_idempotent(text: str) -> None:
    """The text of an abstract, cleaned again, is the same abstract."""
    once = clean(record(abstract=text))
    if isinstance(once, Abstract):
        again = clean(record(abstract=once.text))
        assert isinstance(again, Abstract)
        assert (again.id, again.text, again.title) == (once.id, once.text, once.title)


def test_a_reason_can_be_shown() -> None:
    """Field names out of a file are shown cleaned, and not endlessly."""
    found = clean(record(**{"a\ud800\n": 1, "b" * 5000: 2}))
    assert isinstance(found, Rejection)
    found.reason.encode()
    assert len(found.reason) < 400
