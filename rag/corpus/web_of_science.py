"""Web of Science's own tagged export (a file from FN to EF)."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from rag.corpus.lines import Line
from rag.corpus.record import Record
from rag.corpus.tagged import Dialect, Tagged, read_tagged
from rag.records import Rejection

_WEB_OF_SCIENCE = Dialect(
    re.compile(r"(?P<tag>[A-Z][A-Z0-9])(?: (?P<value>.*)|\s*$)"),
    first=frozenset(["PT"]),
    last=frozenset(["ER"]),
    around=frozenset(["FN", "VR", "EF"]),
)
_HEAD = re.compile(r"\s*FN [^\n]*\n\s*VR \d|\s*PT [A-Z]\s*\n(?:A[UF]|CA) ")


def is_web_of_science(_suffix: str, head: str) -> bool:
    """Whether a file begins as Web of Science's do; its suffix is that of plain text."""
    return _HEAD.match(head.removeprefix("\ufeff")) is not None


def read_web_of_science(path: str, lines: Iterable[Line | Rejection]) -> Iterator[Record | Rejection]:
    """A record from every PT to its ER."""
    return read_tagged(path, lines, _WEB_OF_SCIENCE, _meaning)


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
