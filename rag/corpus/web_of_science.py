"""Web of Science's own exports: tagged (a file from FN to EF), and the same tags as the columns of a table."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from rag.corpus.lines import Line
from rag.corpus.record import Record
from rag.corpus.tagged import Dialect, Tagged, read_tagged, tagged_record
from rag.records import Rejection

_WEB_OF_SCIENCE = Dialect(
    re.compile(r"(?P<tag>[A-Z][A-Z0-9])(?: (?P<value>.*)|\s*$)"),
    first=frozenset(["PT"]),
    last=frozenset(["ER"]),
    around=frozenset(["FN", "VR", "EF"]),
)
_HEAD = re.compile(r"\s*FN [^\n]*\n\s*VR \d|\s*PT [A-Z]\s*\n(?:A[UF]|CA) ")
_TABLE = re.compile(r"\s*PT\tA[UF]\t")
_LISTS = frozenset(["AU", "AF", "CA"])


def is_web_of_science(_suffix: str, head: str) -> bool:
    """Whether a file begins as Web of Science's do; its suffix is that of plain text."""
    return _HEAD.match(head) is not None


def read_web_of_science(path: str, lines: Iterable[Line | Rejection]) -> Iterator[Record | Rejection]:
    """A record from every PT to its ER."""
    return read_tagged(path, lines, _WEB_OF_SCIENCE, _meaning)


def is_web_of_science_table(_suffix: str, head: str) -> bool:
    """Whether a file begins with the tags of Web of Science, parted by tabs."""
    return _TABLE.match(head) is not None


def read_web_of_science_table(path: str, lines: Iterable[Line | Rejection]) -> Iterator[Record | Rejection]:
    """A record of every row, whose cells are never quoted; one with more cells than tags is rejected."""
    tags: list[str] = []
    for line in lines:
        if isinstance(line, Rejection):
            yield line
            continue
        cells = [cell.strip() for cell in line.text.split("\t")]
        if not any(cells):
            continue
        if not tags:
            tags = cells
        elif any(cells[len(tags) :]):
            reason = (
                f"The row has {len(cells)} cells, but there are {len(tags)} columns; take the tabs out of its texts."
            )
            yield Rejection(path, line.number, reason)
        else:
            values = [(tag, _on_lines(tag, cell)) for tag, cell in zip(tags, cells, strict=False) if cell]
            yield tagged_record(path, Tagged(line.number, values), _meaning)


def _on_lines(tag: str, cell: str) -> str:
    """A cell as the tagged export has it: each name on a line of its own."""
    return "\n".join(name.strip() for name in cell.split(";")) if tag in _LISTS else cell


def _meaning(record: Tagged) -> dict[str, Any]:
    keywords = [word.strip() for tag in ("DE", "ID") for word in record.first(tag).split(";") if word]
    return {
        "id": record.first("UT"),
        "title": record.first("TI"),
        "authors": [*(record.listed("AF") or record.listed("AU")), *({"family": name} for name in record.listed("CA"))],
        "year": [record.first(tag) for tag in ("PY", "EY", "EA")],
        "venue": record.first("SO"),
        "doi": record.first("DI"),
        "pmid": record.first("PM"),
        "keywords": keywords,
        "text": record.first("AB"),
    }
