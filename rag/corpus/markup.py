"""Text out of the markup that journals put into titles and abstracts: JATS (Crossref), HTML and MathML."""

import re

_INLINE = "i b u em strong it italic bold sup sub sc small span font scp roman underline monospace tt a named-content"
_BLOCK = "p br div sec section title label h1 h2 h3 h4 ul ol li list list-item disp-formula inline-formula abstract"
_PREFIXED = r"(?:jats|mml|m|ce|xref|tex-math):?"
_ATTRIBUTES = r"""(?:\s+[\w:.-]+\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s<>"']+))*\s*"""
"""Spelled out, since "a<b and c>d" has no tag in it."""
_SHOWS = re.compile(r"</?[a-zA-Z]")
_DOUBLED = re.compile(
    r"<(jats:)?alternatives[^<>]*>.{0,20000}?</\1?alternatives>", re.DOTALL
)  # the same formula in TeX and in MathML
_TEX = re.compile(r"<(jats:)?tex-math[^<>]*>.{0,20000}?</\1?tex-math>", re.DOTALL)
_HEADING = re.compile(rf"<(?:jats:)?(title|h[1-4]){_ATTRIBUTES}>\s*([^<>]{{1,80}}?)\s*</(?:jats:)?\1>", re.IGNORECASE)
_BLOCKS = re.compile(rf"</?(?:jats:)?(?:{'|'.join(_BLOCK.split())}){_ATTRIBUTES}/?>", re.IGNORECASE)
_INLINES = re.compile(
    rf"</?(?:(?:jats:|mml:|ce:)[a-z0-9-]+|(?:{'|'.join(_INLINE.split())})){_ATTRIBUTES}/?>", re.IGNORECASE
)
_POWER = re.compile(rf"(?<=\d)<(jats:)?sup{_ATTRIBUTES}>\s*([-−+]?\d+)\s*</\1?sup>", re.IGNORECASE)
_ANOTHER = re.compile(r"\s*<(?:/|jats:|[a-z])", re.IGNORECASE)


def without_tags(text: str) -> str:
    """``text`` without tags; headings of sections stay as labels ("Methods: ..."), blocks part words, the rest does not.

    Superscript powers get their "^". Only tags that are known to be markup go: "p < 0.05" and "<UNK>" are text.
    """
    if not _SHOWS.search(text):
        return text
    text = _DOUBLED.sub(lambda found: _TEX.sub("", found[0]) if "mml:" in found[0] else found[0], text)
    text = _HEADING.sub(_label, text)
    text = _POWER.sub(r"^\2", _BLOCKS.sub(" ", text))
    return _INLINES.sub("", text)


def _label(found: re.Match[str]) -> str:
    """A heading as the label of what follows it; the heading of the whole abstract says nothing."""
    heading = found[2].strip()
    if heading.lower() in ("abstract", "summary"):
        return " "
    return f" {heading} " if heading[-1] in ".:?!" else f" {heading}: "
