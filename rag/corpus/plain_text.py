"""Plain text: one abstract a line, or paragraphs that wrap over lines and are parted by blank ones."""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby, pairwise
from statistics import median

from rag.corpus.lines import LONGEST_RECORD, Line
from rag.corpus.record import Record, digest
from rag.records import Rejection

_ENDS = re.compile(r"""[.!?…]["'”’)\]]*\s*$""")
_ENDS_INSIDE = re.compile(r"""[a-z)\]%][.!?]["'”’)\]]*\s+[A-Z]""")
_LABEL = re.compile(r"[A-Z][A-Za-z /&]{2,40}:\s")
_WRAPPED = 160
"""Characters; lines of wrapped text are shorter, abstracts on a line of their own are longer."""


def is_wrapped(head: str) -> bool:
    """Whether an abstract goes on from line to line, by the start of the text.

    Lines inside a wrapped paragraph are short and seldom end a sentence. Where blank lines part blocks of several
    lines, a sentence a line or a labelled section a line ("METHODS: ...") make a paragraph too.
    """
    lines = head.splitlines()[: -1 if len(head) > 50_000 else None]
    inner = [(line, following) for line, following in pairwise(lines) if line.strip() and following.strip()]
    if not inner:
        return False
    if median(len(line) for line, _ in inner) <= _WRAPPED and _share(not _ENDS.search(line) for line, _ in inner) > 0.6:
        return True
    blocks = [list(group) for filled, group in groupby(lines, key=lambda line: bool(line.strip())) if filled]
    if len(blocks) < 2 or median(map(len, blocks)) < 3:
        return False
    labelled = _share(_LABEL.match(following) is not None for _, following in inner)
    single = _share(not _ENDS_INSIDE.search(line) for line, _ in inner)
    return labelled > 0.5 or single > 0.8


def _share(flags: Iterable[bool]) -> float:
    counted = list(flags)
    return sum(counted) / len(counted)


def read_lines(path: str, lines: Iterable[Line | Rejection]) -> Iterator[Record | Rejection]:
    """A record of every line that is not blank."""
    for line in lines:
        if isinstance(line, Rejection):
            yield line
        elif line.text.strip():
            yield Record(path, line.number, {"abstract": line.text}, digest(line.text))


def read_paragraphs(path: str, lines: Iterable[Line | Rejection]) -> Iterator[Record | Rejection]:
    """A record of every run of lines between blank ones, numbered by its first line."""
    paragraph: list[Line] = []
    size = 0
    for line in lines:
        if isinstance(line, Line) and line.text.strip():
            size += len(line.text)
            if size <= LONGEST_RECORD:
                paragraph.append(line)
            continue
        yield from _paragraph(path, paragraph, size)
        paragraph, size = [], 0
        if isinstance(line, Rejection):
            yield line
    yield from _paragraph(path, paragraph, size)


def _paragraph(path: str, lines: list[Line], size: int) -> Iterator[Record | Rejection]:
    if size > LONGEST_RECORD:
        reason = f"The paragraph is longer than {LONGEST_RECORD:,} characters; put a blank line between abstracts."
        yield Rejection(path, lines[0].number if lines else 0, reason)
    elif lines:
        text = "\n".join(line.text for line in lines)
        yield Record(path, lines[0].number, {"abstract": text}, digest(text))
