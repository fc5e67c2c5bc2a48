"""Text as shown and as compared: rag/text.py and rag/latex.py through their public functions."""

import subprocess
import sys
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rag.text import LONGEST_SENTENCE, content_words, derived_id, normalise, split_sentences, text_key, words

PROSE = st.text(max_size=300)
# fmt: off
PIECES = [
    r"\emph{", r"\textit{x}", "}", "{", "$", "$x_i$", r"$10^{-3}$", r"\alpha", r"\frac{a}{b}", "\\", "%", "&amp;",
    "``", "''", "`", "'", "--", "~", " ", "\n", "a", "word", "5", ".", "^{2}", "_", r"\(", r"\)", "\x00", "ﬁ", "&lt;",
    "&amp;amp;", r"\"o", r"\cite{a}", r"\%", r"\$", r"\{", "&#36;", "&bsol;", "\u00e2\u0080\u009c", "[", "]", r"\left(",
    "\ud800",
]
# fmt: on
MARKUP = st.lists(st.sampled_from(PIECES), max_size=25).map("".join)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (r"by the so-called \textit{principal components}, that", "by the so-called principal components, that"),
        (r"results: $i)$ when, and $ii)$ when", "results: i) when, and ii) when"),
        (r"{\em x} and \emph{y \textbf{z}}", "x and y z"),
        (r"$\alpha$-divergence below $10^{-3}$ or 5\%", "α-divergence below 10^-3 or 5%"),
        (r"$T^{n+1}$, $x_{i}$, $\frac{a+b}{c}$", "T^(n+1), x_i, (a+b)/c"),
        (r"$\tilde{\mathcal{O}}(1/\sqrt{T})$ and $K\log K$", "Õ(1/√(T)) and K log K"),
        (r"${360^\circ}$ views, $\widetilde{O}(n)$", "360° views, Õ(n)"),
        ("``one'' and `what to align with' and don't", "\"one\" and 'what to align with' and don't"),
        ("method -- used -- and Kolmogorov--Smirnov", "method – used – and Kolmogorov–Smirnov"),
        (r"G\"odel said \"no\"", 'Gödel said "no"'),
        (r"see \cite{smith2019} at \url{https://a.b/c_d%20e}", "see [smith2019] at https://a.b/c_d%20e"),
        (r"\href{https://a.b}{here}, \ie, \unknown{kept}", "here (https://a.b), i.e., kept"),
        (r"the \emphagnostic \mathcalD", "the agnostic D"),
        ("R&amp;D, p &lt; 0.05, &amp;lt;", "R&D, p < 0.05, <"),
        ("eﬃcient ﬁrst so\u00adft zero\u200bwidth", "efficient first soft zerowidth"),
        ("a\u00a0b\r\n\tc  d\u2028e", "a b c d e"),
        ("\u00e2\u0080\u009cdouble\u00e2\u0080\u009d", "“double”"),
        ("nul\x00l and \ud83d\ude00 and \ud800", "null and 😀 and \ufffd"),
        ("Cafe\u0301", "Café"),
    ],
)
def test_normalise_reads_markup(raw: str, shown: str) -> None:
    """LaTeX, entities, odd white space and broken Unicode become the characters they stand for."""
    assert normalise(raw) == shown


@pytest.mark.parametrize(
    "text",
    [
        "$5 million and $7 million",
        "at $5, $6 and $7; US$5/US$6 or $5-$7",
        "~100% of C# code in {x, y} & more, snake_case_name",
        r"C:\Users\name and the pattern \d+",
        "AT&T; 100% sure # not a comment",
        "`code` and **bold** --help",
    ],
)
def test_normalise_leaves_ordinary_text(text: str) -> None:
    """Prices, percentages, paths, sets in braces and code are not LaTeX and stay as they are."""
    assert normalise(text) == text


@given(PROSE | MARKUP)
@example("&amp;" * 40 + "lt;")
@example(r"\emph{" * 12 + "x" + "}" * 12)
def test_normalise_is_idempotent_and_clean(raw: str) -> None:
    """What is shown is NFC, on one line, free of surrogates and controls, and normalising it changes nothing."""
    shown = normalise(raw)
    assert normalise(shown) == shown
    assert unicodedata.is_normalized("NFC", shown)
    assert shown == " ".join(shown.split())
    assert all(unicodedata.category(each) not in ("Cc", "Cs") for each in shown)


@given(st.lists(st.from_regex(r"[A-Za-z0-9]{1,9}[,.%]?", fullmatch=True), max_size=20).map(" ".join))
def test_normalise_loses_no_plain_text(text: str) -> None:
    """Text without markup comes back exactly."""
    assert normalise(text) == text


def test_hostile_markup_is_quick() -> None:
    """Unclosed and deeply nested markup ends, and keeps the words in it."""
    for unit in ("{", r"\a{", "$x", "$", "`", "\\", "&amp;", r"\emph{", "((", "--", r"\frac{"):
        assert normalise(unit * 3000 + " word").endswith("word")


@given(PROSE | MARKUP.map(normalise) | st.text("aB1 .?!;,()\"'", max_size=400))
def test_sentences_cover_the_text(text: str) -> None:
    """Offsets are exact, in order and apart, and only white space lies between sentences."""
    sentences = split_sentences(text)
    position = 0
    for number, sentence in enumerate(sentences):
        assert sentence.number == number
        assert text[sentence.start : sentence.end] == sentence.text == sentence.text.strip() != ""
        assert not text[position : sentence.start].strip()
        assert sentence.start >= position
        assert len(sentence.text) <= LONGEST_SENTENCE
        position = sentence.end
    assert not text[position:].strip()


@pytest.mark.parametrize(
    "sentences",
    [
        ["We use E. coli and S. cerevisiae in Fig. 2 of Smith et al. (2019).", "However, Dr. Smith et al. disagree."],
        ["Attacks, i.e., their effect (e.g., on ImageNet), cost approx. 5 mg/ml vs. 3 mg.", "The end."],
        ["We study two problems: 1. How does it extrapolate?", "2. How to design it?", "For problem 1, we measure."],
        ["(1) We show this.", "(2) We show that (i) one; (ii) two.", "It was not."],
        ["Given (h, r, ?), or h from (?, r, t), it is impressive.", "It improves by 6.6%.", "p53 is a gene."],
        ["It rose from day 14 to 28.", "There were no others.", "No. 5 was best, cf. Eq. 5, resp. Sec. 3."],
        ['He said "no."', "What is it?!", "We end...", "Then more."],
        ["This needs vitamin D.", "We measured it in the U.S. and elsewhere.", "Code is at https://x.org/y.z."],
        ["BACKGROUND: Foo is bad.", "METHODS We did it with Yahoo! answers.", "RESULTS: n=5."],
    ],
)
def test_sentence_ends(sentences: list[str]) -> None:
    """Abbreviations, species, list numbers and figures don't end a sentence; stops that do are found."""
    assert [sentence.text for sentence in split_sentences(" ".join(sentences))] == sentences


def test_forgotten_space_ends_a_sentence() -> None:
    """A stop directly followed by a capitalised word ends a sentence, a name with a stop in it does not."""
    text = "It improves by 6.6%.Scale the model.Our method uses H2A.Z and ASP.Net here."
    ends = [sentence.text for sentence in split_sentences(text)]
    assert ends == ["It improves by 6.6%.", "Scale the model.", "Our method uses H2A.Z and ASP.Net here."]


def test_long_stretch_is_cut_at_clauses() -> None:
    """A stretch without a stop is cut behind a semicolon or comma, never inside a word."""
    text = "; ".join(f"item {number} of a long list, with words" for number in range(200))
    sentences = split_sentences(text)
    assert len(sentences) > 5
    assert all(sentence.text.endswith((";", "words")) for sentence in sentences)


def test_words() -> None:
    """Words are lower-cased, hyphens part them, numbers, apostrophes and language names stay whole."""
    text = "SE-GNN's 88.7x, 1,000 and 10^-3 don't fit C++ or C# (FB15k-237)"
    found = ["se", "gnn's".removesuffix("'s"), "88.7x", "1,000", "and", "10", "3", "don't", "fit", "c++", "or", "c#"]
    assert words(text) == [*found, "fb15k", "237"]
    assert content_words("What does the ACTS metric measure?") == ["acts", "metric", "measure"]


@given(PROSE)
def test_words_are_lower_case_parts_of_the_text(text: str) -> None:
    """Every word stands in the lower-cased text, in order."""
    position = 0
    for word in words(text):
        position = text.lower().index(word, position) + len(word)


def test_identity_ignores_spelling_variants() -> None:
    """Spacing, case, accents, dashes and ligatures do not change a text's identity; words do."""
    assert text_key("Élan  vital: ﬁrst—Stra\u00dfe") == text_key("elan vital, FIRST - strasse")
    assert derived_id("One text.") == derived_id("one  text") != derived_id("Another text.")
    assert len(derived_id("x")) == 12
    assert int(derived_id("x"), 16) >= 0


@given(PROSE)
def test_text_key_is_alphanumeric(text: str) -> None:
    """The key has letters and digits only and is its own key."""
    key = text_key(text)
    assert key == "" or key.isalnum()
    assert text_key(key) == key


def test_importing_text_is_light() -> None:
    """Reading plain text needs no pylatexenc."""
    code = "import sys, rag.text as t; t.split_sentences(t.normalise('A. B c.')); print('pylatexenc' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
