"""Records out of XML, one element at a time: nothing that a document declares ever reaches the parser.

The elements of records are cut out of the stream by their tags and parsed one by one, each for itself. So memory is
bounded by the longest record, a broken record costs only itself, and entities that a document defines (what XML bombs are
made of) do not exist: a record that uses one is rejected.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html.entities import html5
from typing import Any
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from rag.corpus.lines import LONGEST_RECORD, Line
from rag.records import Rejection

_NAMED = re.compile(r"&(?!#\d+;|#[xX][0-9a-fA-F]+;)(\w{1,40};)?")
_OWN = frozenset(["amp;", "lt;", "gt;", "quot;", "apos;"])
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PREFIX = re.compile(r"(?:</?|\s)([A-Za-z_][\w.-]*):[A-Za-z_]", re.ASCII)
LONGEST_TAG = 10_000
"""Characters; what follows a "<" and is longer is no tag."""
_DEEPEST = 100
"""Levels of elements in a record; real ones have about ten."""


@dataclass(frozen=True, slots=True)
class Found:
    """An element: the 1-based line where it begins, its source, and its tree with names without namespace."""

    number: int
    source: str
    element: Element


def read_elements(
    path: str, lines: Iterable[Line | Rejection], whole: Iterable[str], starts: Iterable[str] = ()
) -> Iterator[Found | Rejection]:
    """The elements named in ``whole``, and the start tags named in ``starts``, in the order of the stream.

    Names are without prefix; elements named in ``whole`` do not stand inside one another: where one begins, the one
    before it has to be closed. What is broken or too long comes as a Rejection in its place. Elements that share a line
    are numbered on from it.
    """
    starts = frozenset(starts)
    tags = re.compile(rf"<(/?)(?:[\w.-]+:)?({'|'.join(map(re.escape, [*whole, *starts]))})(?=[\s/>])[^<>]*>")
    cut: _Cut | None = None
    used = 0
    for line in _whole_tags(lines):
        if isinstance(line, Rejection):
            yield line
            continue
        position = 0
        for tag in tags.finditer(line.text):
            closes, name = bool(tag[1]), tag[2]
            if cut is not None and (name == cut.name or not closes):
                end = tag.end() if closes else tag.start()
                cut.add(line.text[position:end])
                yield cut.element(path)
                cut = None
            if closes:
                continue
            number = line.number + line.text.count("\n", 0, tag.start())
            used = max(number, used + 1) if name not in starts else used
            cut = _Cut(max(number, used), name)
            position = tag.start()
            if name in starts or tag[0].endswith("/>"):
                cut.add(tag[0] if tag[0].endswith("/>") else tag[0][:-1] + "/>")
                yield cut.element(path)
                cut = None
        if cut is not None:
            cut.add(line.text[position:])
    if cut is not None:
        yield cut.element(path)


def _whole_tags(lines: Iterable[Line | Rejection]) -> Iterator[Line | Rejection]:
    """The lines, each after its line break; one that stops inside a tag goes on with the next, up to LONGEST_TAG.

    A line may come in pieces, which have the same number.
    """
    held = Line(1, "")
    last = 1
    for line in lines:
        if isinstance(line, Rejection):
            yield line
            continue
        text = held.text + "\n" * (line.number - last) + line.text
        last = line.number
        opened = text.rfind("<")
        if opened > text.rfind(">") and len(text) - opened < LONGEST_TAG:
            yield Line(held.number, text[:opened])
            held = Line(held.number + text.count("\n", 0, opened), text[opened:])
        else:
            yield Line(held.number, text)
            held = Line(last, "")
    yield held


class _Cut:
    """The source of an element as it is collected; no more of it is kept than a record may have."""

    def __init__(self, number: int, name: str) -> None:
        self.number, self.name = number, name
        self._parts: list[str] = []
        self._size = 0

    def add(self, text: str) -> None:
        self._size += len(text)
        if self._size <= LONGEST_RECORD:
            self._parts.append(text)

    def element(self, path: str) -> Found | Rejection:
        """The element, parsed; a Rejection where it cannot be."""
        if self._size > LONGEST_RECORD:
            reason = f"The <{self.name}> is longer than {LONGEST_RECORD:,} characters; check where it should be closed."
            return Rejection(path, self.number, reason)
        source = "".join(self._parts)
        try:
            return Found(self.number, source, _parse(source))
        except (ParseError, ValueError) as error:
            reason = str(error).split(": line")[0]
            return Rejection(path, self.number, f"The <{self.name}> is not valid XML ({reason}); mend or remove it.")


def _parse(source: str) -> Element:
    """The tree of one element; ParseError or ValueError where it is not well-formed."""
    from defusedxml.ElementTree import DefusedXMLParser

    mended = _NAMED.sub(_entity, _FORBIDDEN.sub(" ", source))
    namespaces = " ".join(
        f'xmlns:{prefix}="{prefix}"' for prefix in sorted(set(_PREFIX.findall(mended)) - {"xml", "xmlns"})
    )
    parser = DefusedXMLParser(target=_Builder(), forbid_dtd=True)
    parser.feed(f"<cut {namespaces}>{mended}</cut>")
    root: Element = parser.close()
    return root[0]


def _entity(found: re.Match[str]) -> str:
    """HTML's named characters, which XML does not know; a bare ampersand is one; what else is named is left to fail."""
    name = found[1]
    if name is None:
        return "&amp;"
    return html5[name].replace("&", "&amp;").replace("<", "&lt;") if name not in _OWN and name in html5 else found[0]


class _Builder(TreeBuilder):
    """A tree whose names have no namespaces, and that is not too deep."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0

    def start(self, tag: str, attrs: dict[str, str]) -> Element:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ParseError(f"elements nested over {_DEEPEST} deep")
        return super().start(tag.rpartition("}")[2], {name.rpartition("}")[2]: value for name, value in attrs.items()})

    def end(self, tag: str) -> Element:
        self._depth -= 1
        return super().end(tag.rpartition("}")[2])


_EXPONENT = re.compile(r"[-−+]?\d+")


def text_of(element: Element | None) -> str:
    """The text in an element with that of what it contains; superscript powers get their "^", TeX its dollars."""
    if element is None:
        return ""
    parts = [element.text or ""]
    for inner in element:
        text = text_of(inner)
        if inner.tag == "sup" and _EXPONENT.fullmatch(text.strip()) and "".join(parts)[-1:].isdigit():
            text = f"^{text.strip()}"
        elif inner.tag == "tex-math":
            text = f"${text}$"
        parts += [text, inner.tail or ""]
    return "".join(parts)


def texts(element: Element, path: str) -> list[str]:
    """The texts of the elements at ``path`` (ElementTree's syntax), on one line each and without the empty ones."""
    return [text for each in element.findall(path) if (text := " ".join(text_of(each).split()))]


def first(element: Element, *paths: str) -> str:
    """The first text at the first of ``paths`` that has one; empty where none has."""
    return next((text for path in paths for text in texts(element, path)), "")


def given(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields that have a value."""
    return {name: value for name, value in fields.items() if value}
