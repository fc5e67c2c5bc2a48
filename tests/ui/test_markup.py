"""Text made safe: nothing of it stays markup."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.records import Abstract
from tests.ui.answers import HOSTILE
from ui.markup import attributes, escape, escape_markdown, links


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def parsed(html: str) -> _Tags:
    """The tags with their attributes, and the text, as a browser would read them."""
    parser = _Tags()
    parser.feed(html)
    parser.close()
    return parser


@given(st.text())
def test_escaped_text_makes_no_tag_and_one_line(text: str) -> None:
    """Whatever the text, it parses as text alone, on one line, so that Markdown sees one HTML block."""
    shown = parsed(f"<p>{escape(text)}</p>")
    assert [tag for tag, _ in shown.tags] == ["p"]
    assert "\n" not in escape(text)
    assert "\r" not in escape(text)


@given(st.text(alphabet=st.characters(blacklist_categories=("Cs", "Cc", "Cf"))))
def test_attribute_values_come_back_whole(text: str) -> None:
    """A value survives the way through an attribute, and opens no other one."""
    ((_, found),) = parsed(f"<a {attributes(data_x=text, hidden=True, gone=None)}>").tags
    assert found == {"data-x": text, "hidden": None}


def test_bidirectional_overrides_are_dropped() -> None:
    """A text cannot turn the reading direction round to pass for another one."""
    assert escape("abc\u202efdp.exe") == "abcfdp.exe"


def test_markdown_of_hostile_text_is_literal() -> None:
    """No link, image, tag, heading or code comes out of an abstract's text."""
    literal = escape_markdown(HOSTILE)
    assert r"\<script\>" in literal
    assert r"\!\[leak\]\(http\:" in literal
    assert "\n" not in literal
    assert escape_markdown("1. first") == r"1\. first"


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "ftp://a/b", "http://[", "//a/b", ""])
def test_only_http_addresses_become_links(url: str) -> None:
    """An address of another scheme, or none, is not offered."""
    assert links(Abstract("1", "Text.", "Title", url=url)) == []


def test_links_of_all_identifiers() -> None:
    """DOI, arXiv and PubMed lead to their sites; characters that could end an attribute are quoted."""
    known = Abstract(
        "1", "T.", "T", doi='10.1/a"b<c', arxiv_id="2101.00001", pmid="123", url="https://doi.org/10.1/a%22b%3Cc"
    )
    assert links(known) == [
        ("DOI", "https://doi.org/10.1/a%22b%3Cc"),
        ("arXiv", "https://arxiv.org/abs/2101.00001"),
        ("PubMed", "https://pubmed.ncbi.nlm.nih.gov/123/"),
    ]


def test_byline_says_what_is_known() -> None:
    """Unknown parts leave no separator behind, and long author lists are cut."""
    assert Abstract("1", "T.", "T", year=2020).byline() == "2020"
    assert Abstract("1", "T.", "T", authors=("A", "B", "C"), venue="V").byline(most=2) == "A, B et al. · V"
