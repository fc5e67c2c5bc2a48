"""arXiv's XML: OAI-PMH harvests (prefixes arXiv, arXivRaw and oai_dc) and Atom feeds of its search."""

import re
from collections.abc import Iterable, Iterator
from typing import Any
from xml.etree.ElementTree import Element

from rag.corpus.identity import normalise_arxiv_id
from rag.corpus.lines import Line
from rag.corpus.record import Record, digest
from rag.corpus.xml_records import first, given, read_elements, texts
from rag.records import Rejection

_OAI = re.compile(r"<(?:[\w.-]+:)?(?:OAI-PMH|ListRecords|GetRecord|arXiv|arXivRaw|dc)[\s>]")
_ATOM = re.compile(r"""<(?:[\w.-]+:)?feed\s[^<>]*xmlns(?::\w+)?=["']http://www\.w3\.org/2005/Atom["']""")


def is_oai(_suffix: str, head: str) -> bool:
    """Whether a file is XML of an OAI-PMH harvest, whole or only its records."""
    return head.lstrip().startswith("<") and _OAI.search(head) is not None


def is_atom(_suffix: str, head: str) -> bool:
    """Whether a file is an Atom feed."""
    return head.lstrip().startswith("<") and _ATOM.search(head) is not None


def read_oai(path: str, lines: Iterable[Line | Rejection]) -> Iterator[Record | Rejection]:
    """A record of every OAI record that is not deleted; oai_dc records may come from any repository."""
    for found in read_elements(path, lines, ["record"]):
        if isinstance(found, Rejection):
            yield found
            continue
        header = found.element.find("header")
        if header is not None and header.get("status") == "deleted":
            yield Rejection(path, found.number, "The record says that its paper was deleted; nothing is to be done.")
            continue
        metadata = next(iter(found.element.findall("metadata/*")), found.element)
        fields = _dublin_core(found.element, metadata) if metadata.tag == "dc" else _arxiv(metadata)
        yield Record(path, found.number, given(fields), digest(found.source))


def _arxiv(metadata: Element) -> dict[str, Any]:
    arxiv_id = first(metadata, "id")
    authors = [
        {
            "given": first(each, "forenames"),
            "family": first(each, "keyname"),
            "suffix": first(each, "suffix"),
        }
        for each in metadata.findall("authors/author")
    ]
    return {
        "id": arxiv_id,
        "title": first(metadata, "title"),
        "authors": authors or first(metadata, "authors"),
        "year": first(metadata, "created", "version/date"),
        "venue": first(metadata, "journal-ref"),
        "doi": first(metadata, "doi"),
        "arxiv_id": arxiv_id,
        "url": f"https://arxiv.org/abs/{arxiv_id}" if arxiv_id else "",
        "keywords": first(metadata, "categories").split(),
        "abstract": first(metadata, "abstract"),
    }


def _dublin_core(record: Element, metadata: Element) -> dict[str, Any]:
    identifiers = texts(metadata, "identifier")
    descriptions = texts(metadata, "description")
    arxiv_id = next((found for found in map(normalise_arxiv_id, identifiers) if found), "")
    return {
        "id": arxiv_id or first(record, "header/identifier") or next(iter(identifiers), ""),
        "title": first(metadata, "title"),
        "authors": texts(metadata, "creator"),
        "year": first(metadata, "date"),
        "venue": "" if arxiv_id else first(metadata, "source"),
        "doi": next(
            (each for each in identifiers if each.lower().startswith(("doi:", "10.")) or "doi.org/" in each), ""
        ),
        "arxiv_id": arxiv_id,
        "url": [each for each in identifiers if each.startswith("http")],
        "keywords": texts(metadata, "subject"),
        "abstract": max(descriptions, key=len, default=""),  # arXiv adds one for "Comment: 12 pages"
    }


def read_atom(path: str, lines: Iterable[Line | Rejection]) -> Iterator[Record | Rejection]:
    """A record of every entry of the feed."""
    for found in read_elements(path, lines, ["entry"]):
        if isinstance(found, Rejection):
            yield found
        else:
            yield Record(path, found.number, given(_entry(found.element)), digest(found.source))


def _entry(entry: Element) -> dict[str, Any]:
    address = first(entry, "id")
    arxiv_id = normalise_arxiv_id(address)
    links = [each for each in entry.findall("link") if each.get("rel", "alternate") == "alternate"]
    return {
        "id": arxiv_id or address,
        "title": first(entry, "title"),
        "authors": [{"family": name} for name in texts(entry, "author/name")],
        "year": first(entry, "published", "updated"),
        "venue": first(entry, "journal_ref"),
        "doi": first(entry, "doi"),
        "arxiv_id": arxiv_id,
        "url": [address, *(each.get("href", "") for each in links)],
        "keywords": [term for each in entry.findall("category") if (term := each.get("term", ""))],
        "abstract": first(entry, "summary", "content"),
    }
