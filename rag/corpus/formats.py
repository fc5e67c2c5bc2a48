"""The table of formats: how each is told, by content and by name, and the reader for it."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePath

from rag.corpus.acl_anthology import is_acl_anthology, read_acl_anthology
from rag.corpus.arxiv_xml import is_atom, is_oai, read_atom, read_oai
from rag.corpus.bibtex import is_bibtex, read_bibtex
from rag.corpus.compression import SUFFIXES
from rag.corpus.csv_table import is_table, read_table
from rag.corpus.endnote import is_endnote, read_endnote
from rag.corpus.json_document import is_record, read_json_document
from rag.corpus.json_lines import read_json_lines
from rag.corpus.lines import Line
from rag.corpus.medline import is_medline, read_medline
from rag.corpus.plain_text import is_wrapped, read_lines, read_paragraphs
from rag.corpus.pubmed_xml import is_pubmed_xml, read_pubmed_xml
from rag.corpus.record import Record
from rag.corpus.ris import is_ris, read_ris
from rag.corpus.web_of_science import (
    is_web_of_science,
    is_web_of_science_table,
    read_web_of_science,
    read_web_of_science_table,
)
from rag.records import Rejection

Reader = Callable[[str, Iterable[Line | Rejection]], Iterator[Record | Rejection]]


@dataclass(frozen=True, slots=True)
class Format:
    """A format that can be read. ``matches(suffix, head)`` sees the lower-cased suffix and the start of the text.

    A reader gets lines; with ``pieces``, for formats in which line ends mean nothing, long lines come to it in parts.
    """

    name: str
    matches: Callable[[str, str], bool]
    read: Reader
    pieces: bool = False


_OBJECT_LINE = re.compile(r'[ \t]*\{[ \t]*(?:"(?:[^"\\\n]|\\.)*"[ \t]*:.+|\}[ \t]*$)', re.MULTILINE)
_JSON_DOCUMENT = re.compile(r'[\[{]\s*(?:["{\[\]}]|$)')
_JSON_SUFFIXES = (".jsonl", ".ndjson", ".jsonlines")
_OTHER_SUFFIXES = frozenset(
    """
    .json .bib .ris .nbib .enw .xml .html .htm .tex .rtf .py .sh .yaml .yml .toml .ini .cfg .log .sql
    """.split()
)
_OTHER_EXPORT = re.compile(
    r"\A\s*<(?:\?xml|!doctype|html|rdf:)|\A\s*1[.:] [\s\S]*?^PMID: ?\d|^<\d+>\s*$|(?:^[A-Z][A-Z\d] {2}- .*\n){3}",
    re.MULTILINE | re.IGNORECASE,
)
"""Markup, PubMed's "Abstract (text)", Ovid's citations and its tags: text to look at, but none of it one abstract."""


def _is_json_lines(suffix: str, head: str) -> bool:
    """Objects on lines of their own: the first line is a whole one, or the second begins another and is no part of it."""
    lines = [line for line in head.lstrip().split("\n", 20)[:20] if line.strip()]
    if not lines or not _OBJECT_LINE.match(lines[0]):
        return suffix in _JSON_SUFFIXES and not _JSON_DOCUMENT.match(head.lstrip())
    if suffix in _JSON_SUFFIXES:
        return True
    another = len(lines) > 1 and _OBJECT_LINE.match(lines[1]) is not None
    return (another and lines[0].rstrip()[-1] not in ",:[{") or is_record(lines[0])


def _is_json_document(suffix: str, head: str) -> bool:
    return _JSON_DOCUMENT.match(head.lstrip()) is not None


def _is_text(suffix: str, head: str) -> bool:
    return suffix not in _OTHER_SUFFIXES and _OTHER_EXPORT.search(head) is None


def _is_wrapped_text(suffix: str, head: str) -> bool:
    return _is_text(suffix, head) and is_wrapped(head)


FORMATS = (
    Format("JSON Lines", _is_json_lines, read_json_lines),
    Format("JSON", _is_json_document, read_json_document, pieces=True),
    Format("PubMed XML", is_pubmed_xml, read_pubmed_xml, pieces=True),
    Format("OAI-PMH", is_oai, read_oai, pieces=True),
    Format("Atom", is_atom, read_atom, pieces=True),
    Format("ACL Anthology", is_acl_anthology, read_acl_anthology, pieces=True),
    Format("MEDLINE", is_medline, read_medline),
    Format("RIS", is_ris, read_ris),
    Format("Web of Science", is_web_of_science, read_web_of_science),
    Format("Web of Science table", is_web_of_science_table, read_web_of_science_table),
    Format("EndNote", is_endnote, read_endnote),
    Format("BibTeX", is_bibtex, read_bibtex),
    Format("CSV and TSV", is_table, read_table),
    Format("paragraphs", _is_wrapped_text, read_paragraphs),
    Format("one abstract a line", _is_text, read_lines),
)
"""First match wins: content that can be nothing else comes first, plain text last."""


def detect(path: str, head: str) -> Format | Rejection:
    """The format of a file by the start of its text and by its name, or why none fits."""
    name = PurePath(path)
    suffix = (PurePath(name.stem) if name.suffix.lower() in SUFFIXES else name).suffix.lower()
    for each in FORMATS:
        if each.matches(suffix, head):
            return each
    remedy = (
        "in Zotero, EndNote or Ovid choose RIS, in PubMed the format PubMed, or write one JSON object with an abstract on "
        "each line (.jsonl), or one abstract on each line (.txt)"
    )
    return Rejection(path, 0, f"The file ({suffix or 'no suffix'}) is in a format that cannot be read; {remedy}.")
