"""RIS, as Zotero, EndNote, Mendeley, Web of Science, Scopus, PubMed and publishers write it."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from rag.corpus.identity import mentioned_arxiv_id, normalise_arxiv_id, normalise_doi
from rag.corpus.lines import Line
from rag.corpus.record import Record
from rag.corpus.tagged import Dialect, Tagged, read_tagged
from rag.records import DERIVED, Rejection

_RIS = Dialect(
    re.compile(r"\s*(?P<tag>[A-Z][A-Z0-9](?= {2}-)|TY(?= -)|ER(?= *-)) {1,2}-[ \t]?(?P<value>.*)"),
    first=frozenset(["TY"]),
    last=frozenset(["ER"]),
)
_HEAD = re.compile(r"^\s*TY {1,2}- ?\w*\s+^\s*[A-Z][A-Z0-9] {1,2}-(?: |$)", re.MULTILINE)
_OWN_NUMBER = re.compile(r"\s*(?:<p>)?\s*arxiv:", re.IGNORECASE)
_PUBMED = re.compile(r"(?:pmid:?\s*)?(\d{1,8})", re.IGNORECASE)


def is_ris(suffix: str, head: str) -> bool:
    """Whether a file is RIS: by its name, or by a TY line with a tag line after it."""
    return suffix == ".ris" or _HEAD.search(head) is not None


def read_ris(path: str, lines: Iterable[Line | Rejection]) -> Iterator[Record | Rejection]:
    """A record from every TY to its ER, to the next TY where the ER is missing."""
    return read_tagged(path, lines, _RIS, _meaning)


def _meaning(record: Tagged) -> dict[str, Any]:
    database = record.first("DB", "DP").lower()
    values = record.all("UR", "L2", "LK", "L1")
    addresses = [each for value in values for each in re.split(r"[\s;]+(?=https?://)", value)]
    notes = record.all("N1", "M1", "AN", "M3", "C7")
    return {
        "id": record.first("ID"),
        "title": "" if any(DERIVED in note for note in notes) else record.first("TI", "T1", "CT", "BT"),
        "authors": [_author(name) for name in record.all("AU", "A1")],
        "year": [record.first("PY", "Y1", "YR"), record.first("DA")],
        "venue": record.first("T2", "JF", "JO", "BT", "C3", "JA", "J2"),
        "doi": next(filter(None, map(normalise_doi, [*record.all("DO", "M3", "L3"), *addresses])), ""),
        "pmid": _pmid(record, database),
        "arxiv_id": _arxiv_id(record, addresses),
        "url": addresses,
        "keywords": record.listed("KW"),
        "text": record.prose("AB", "N2"),
    }


def _arxiv_id(record: Tagged, addresses: list[str]) -> str:
    """The arXiv number of the paper itself: free notes mention those of others, too."""
    found = [
        *map(mentioned_arxiv_id, filter(_OWN_NUMBER.match, record.all("M1"))),  # with its version; addresses have none
        *map(normalise_arxiv_id, [*addresses, *record.all("DO")]),
        *map(mentioned_arxiv_id, [*record.all("M1", "AN", "M3", "C7"), *filter(_OWN_NUMBER.match, record.all("N1"))]),
    ]
    return next(filter(None, found), "")


def _author(name: str) -> Any:
    """A name; EndNote marks a comma that belongs to it ("Garden, Inc.") by writing it twice."""
    return {"family": name.replace(",,", ",", 1)} if ",," in name else name


def _pmid(record: Tagged, database: str) -> str:
    """The PubMed number, which RIS has no tag for: marked as one, or where a database of PubMed's or Scopus puts it."""
    marked = [value for value in record.all("AN", "N1", "M2", "U2") if value.lower().startswith("pmid")]
    if any(each in database for each in ("pubmed", "medline", "nlm")):
        marked += record.all("AN")
    if "scopus" in database:
        marked += record.all("C2")
    return next((found[1] for found in map(_PUBMED.fullmatch, marked) if found), "")
