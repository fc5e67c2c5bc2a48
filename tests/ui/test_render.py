"""An answer as text, Markdown and HTML."""

from hypothesis import given
from hypothesis import strategies as st

from tests.ui.answers import HOSTILE, abstract, answer, sentence
from tests.ui.test_markup import parsed
from ui.render import highlighted, to_html, to_markdown, to_text, verdict
from ui.web.evidence import abstract_evidence

ONE = abstract("First fact. Second fact.", "One", year=2020, doi="10.1/x")
TWO = abstract("Other fact.", "Two")
ANSWER = answer(sentence(ONE, 0, 11, 1), sentence(TWO, 0, 11, 2), sentence(ONE, 12, 24, 1), sources=(ONE, TWO))


def test_text_lists_footnotes_under_the_answer() -> None:
    """Markers in the text, the abstracts with their quotes below, the summary last."""
    assert to_text(ANSWER) == (
        "First fact. [1] Other fact. [2] Second fact. [1]\n\n"
        "[1] One (2020)\n    “First fact.”\n    “Second fact.”\n    https://doi.org/10.1/x\n"
        "[2] Two\n    “Other fact.”\n\n"
        "3 of 3 sentences supported · quotes · 0.02 s"
    )


def test_a_retracted_paper_is_marked_and_versions_are_named() -> None:
    """In text, Markdown, HTML and the evidence panel; a title that says so itself is left as it is."""
    paper = abstract("A fact.", "Snails", retracted=True, versions=("pre <b>",))
    shown = answer(sentence(paper, 0, 7, 1), sources=(paper,))
    assert "[1] [Retracted] Snails\n" in to_text(shown)
    assert "also here as pre <b>" in to_text(shown)
    assert r"\[Retracted\] Snails" in to_markdown(shown)
    assert 'aria-label="Footnote 1: [Retracted] Snails"' in to_html(shown)
    panel = parsed(abstract_evidence(paper))
    assert "[Retracted] Snails" in panel.text
    assert "Also here as pre <b>" in panel.text
    assert abstract("A fact.", "RETRACTED: Snails", retracted=True).heading == "RETRACTED: Snails"
    assert abstract("A fact.", "Snails").heading == "Snails"


def test_text_of_an_abstention_says_what_was_looked_for() -> None:
    """It shows the filled-in question and the nearest abstracts."""
    text = to_text(answer(query="Why does ONE do it?", nearest=(ONE,)))
    assert "do not say" in text
    assert "Looked for: Why does ONE do it?" in text
    assert "  - One (2020)" in text
    assert text.endswith("The abstracts do not answer this · quotes · 0.02 s")


def test_an_abstention_without_neighbours_says_what_may_be_wrong() -> None:
    """An empty library and too narrow a filter look alike otherwise."""
    assert "filter too narrow" in to_text(answer())
    assert "filter too narrow" in to_html(answer())


def test_verdict_counts_what_is_backed() -> None:
    """Marked sentences do not count as supported, and dropped ones are told."""
    marked = sentence(ONE, 0, 11, 1, "unsupported")
    told = answer(sentence(ONE, 12, 24, 1, "supported"), marked, sources=(ONE,), dropped=(marked,))
    assert verdict(told) == "1 of 2 sentences supported, 1 unsupported left out"
    assert to_text(told).startswith("Second fact. [1] First fact. (not supported by the abstracts) [1]\n")
    assert "not supported by the abstracts" in to_html(told)


def test_markdown_numbers_footnotes_through() -> None:
    """Footnotes can start anywhere, so that several answers stand in one document."""
    written = to_markdown(ANSWER, first=5)
    assert written.startswith("First fact.[^5] Other fact.[^6] Second fact.[^5]")
    assert "\n[^6]: Two “Other fact.”\n" in written


def test_html_links_lead_to_sources_and_places() -> None:
    """A footnote is a link with the marker, the place it cites and a label for those who hear it."""
    shown = parsed(to_html(ANSWER, "turn-3-"))
    (first, *_) = [attributes for tag, attributes in shown.tags if tag == "a"]
    assert first["href"] == "#turn-3-source-1"
    assert first["data-places"] == "0-11"
    assert first["aria-label"] == "Footnote 1: One"


def test_hostile_text_is_inert_everywhere() -> None:
    """Markup in an abstract and its title comes out as text in all three forms."""
    source = abstract(HOSTILE, HOSTILE)
    shown = answer(sentence(source, 0, len(HOSTILE), 1), sources=(source,))
    tags = {tag for tag, _ in parsed(to_html(shown)).tags}
    assert tags <= {"p", "span", "sup", "a"}
    assert "<script" not in to_html(shown)
    assert "\n" not in to_html(shown)
    assert "](javascript" not in to_markdown(shown)
    assert "![" not in to_markdown(shown)


@given(
    st.text(alphabet=st.characters(blacklist_categories=("Cs", "Cc", "Cf")), max_size=60),
    st.lists(st.tuples(st.integers(-5, 70), st.integers(-5, 70)), max_size=6),
)
def test_highlighting_changes_no_character(text: str, places: list[tuple[int, int]]) -> None:
    """Whatever is marked, overlapping or out of range, the text reads the same and every marked place is marked."""
    shown = parsed(highlighted(text, places))
    assert shown.text == text
    marked = {
        number
        for tag, told in shown.tags
        if tag == "mark"
        for number in range(int(told["data-start"] or 0), int(told["data-end"] or 0))
    }
    assert marked == {number for start, end in places for number in range(max(start, 0), min(end, len(text)))}
