"""The ACL Anthology's XML: a collection of volumes with papers."""

import re
from collections.abc import Iterable, Iterator
from typing import Any
from xml.etree.ElementTree import Element

from rag.corpus.lines import Line
from rag.corpus.record import Record, digest
from rag.corpus.xml_records import first, given, read_elements
from rag.records import Rejection

_HEAD = re.compile(r"<collection\s[^<>]*>\s*<volume[\s>]|<volume\s[^<>]*>\s*<(?:meta|frontmatter|paper)[\s>]")
_OLD_ID = re.compile(r"[A-Z]\d\d")
_PAPERS = "https://aclanthology.org/"


def is_acl_anthology(_suffix: str, head: str) -> bool:
    """Whether a file is XML with the Anthology's elements in it."""
    return head.lstrip().startswith("<") and _HEAD.search(head) is not None


def read_acl_anthology(path: str, lines: Iterable[Line | Rejection]) -> Iterator[Record | Rejection]:
    """A record of every paper, with what its volume says of all of its papers."""
    collection = volume = ""
    meta = Element("meta")
    for found in read_elements(path, lines, ["meta", "paper"], ["collection", "volume"]):
        if isinstance(found, Rejection):
            yield found
            continue
        element = found.element
        match element.tag:
            case "collection":
                collection = element.get("id", "")
            case "volume":
                volume, meta = element.get("id", ""), Element("meta")
            case "meta":
                meta = element
            case _:
                fields = given(_fields(element, collection, volume, meta))
                context = f"{collection} {volume} {first(meta, 'booktitle')} {first(meta, 'year')}\n"
                yield Record(path, found.number, fields, digest(context + found.source))


def _fields(paper: Element, collection: str, volume: str, meta: Element) -> dict[str, Any]:
    address = first(paper, "url")
    is_id = bool(address) and "/" not in address
    number = paper.get("id", "")
    named = f"{collection}-{volume}{number:0>3}" if _OLD_ID.fullmatch(collection) else f"{collection}-{volume}.{number}"
    anthology_id = address if is_id else named if collection and volume and number else ""
    return {
        "id": anthology_id,
        "title": first(paper, "title"),
        "authors": [
            {"given": first(each, "first"), "family": first(each, "last"), "suffix": first(each, "suffix")}
            for each in paper.findall("author")
        ],
        "year": first(paper, "year") or first(meta, "year"),
        "venue": first(paper, "booktitle", "journal") or first(meta, "booktitle", "journal-title"),
        "doi": first(paper, "doi"),
        "url": f"{_PAPERS}{anthology_id}" if is_id or not address else address,
        "abstract": first(paper, "abstract"),
    }
