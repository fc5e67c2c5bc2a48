"""EndNote's tagged export (.enw, also known as refer)."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from rag.corpus.identity import normalise_arxiv_id, normalise_doi
from rag.corpus.lines import Line
from rag.corpus.record import Record
from rag.corpus.tagged import Dialect, Tagged, read_tagged
from rag.records import Rejection

_ENDNOTE = Dialect(
    re.compile(r"%(?P<tag>[0-9A-Z@!#$&()*+<=>?\[\]~^])(?: (?P<value>.*)|\s*$)"),
    first=frozenset(["0"]),
)
_HEAD = re.compile(r"\s*%0 [A-Z][\w -]+\r?\n%[0-9A-Z@] ")


def is_endnote(suffix: str, head: str) -> bool:
    """Whether a file is EndNote's: by its name, or by the type of a first reference."""
    return suffix == ".enw" or _HEAD.match(head) is not None


def read_endnote(path: str, lines: Iterable[Line | Rejection]) -> Iterator[Record | Rejection]:
    """A record from every %0 to the next."""
    return read_tagged(path, lines, _ENDNOTE, _meaning)


def _meaning(record: Tagged) -> dict[str, Any]:
    return {
        "id": record.first("F"),
        "title": record.first("T"),
        "authors": [
            {"family": name.rstrip(", ").replace(",,", ",")} if name.endswith(",") or ",," in name else name
            for name in record.all("A")
        ],
        "year": [record.first("D"), record.first("8")],
        "venue": record.first("J", "B"),
        "doi": next(filter(None, map(normalise_doi, record.all("R", "U", ">"))), ""),
        "arxiv_id": next(filter(None, map(normalise_arxiv_id, record.all("U"))), ""),
        "pmid": next((value for value in record.all("M", "2") if value.lower().startswith("pmid")), ""),
        "url": record.all("U", ">"),
        "keywords": record.listed("K"),
        "text": record.prose("X"),
    }
