"""MEDLINE, as PubMed saves it (.nbib, or "PubMed" format)."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from rag.corpus.lines import Line
from rag.corpus.record import Record
from rag.corpus.tagged import Dialect, Tagged, read_tagged
from rag.records import Rejection

_MEDLINE = Dialect(
    re.compile(r"(?=.{4}-)(?P<tag>[A-Z][A-Z0-9]{1,3}) *-(?: (?P<value>.*)|\s*$)"),
    first=frozenset(["PMID"]),
)
_HEAD = re.compile(r"^PMID- ?\d+\s*^(?:[A-Z][A-Z0-9]{1,3} *- | {6})", re.MULTILINE)


def is_medline(suffix: str, head: str) -> bool:
    """Whether a file is MEDLINE: by its name, or by a PMID line with a tag line after it."""
    return suffix == ".nbib" or _HEAD.search(head) is not None


def read_medline(path: str, lines: Iterable[Line | Rejection]) -> Iterator[Record | Rejection]:
    """A record from every PMID to the next."""
    return read_tagged(path, lines, _MEDLINE, _meaning)


def without_stop(title: str) -> str:
    """A title without the full stop that PubMed ends every title with."""
    return title[:-1] if title.endswith(".") and not title.endswith("..") else title


def _meaning(record: Tagged) -> dict[str, Any]:
    pmid = record.first("PMID")
    identifiers = [*record.all("LID"), *record.all("AID")]
    return {
        "id": pmid,
        "title": without_stop(record.first("TI", "BTI")),
        "authors": [*(record.all("FAU") or record.all("AU")), *({"family": name} for name in record.all("CN"))],
        "year": record.first("DP", "DEP", "DA"),
        "venue": record.first("JT", "TA", "BTI"),
        "doi": next((each.removesuffix("[doi]") for each in identifiers if each.endswith("[doi]")), ""),
        "pmid": pmid,
        "url": f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/" if pmid.isdecimal() else "",
        "keywords": [*record.all("OT"), *(heading.replace("*", "") for heading in record.all("MH"))],
        "text": record.first("AB", "OAB"),
    }
