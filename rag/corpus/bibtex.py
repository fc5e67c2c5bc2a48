"""BibTeX and BibLaTeX: one entry after the other, a broken one told and the next one read."""

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from rag.corpus.identity import mentioned_arxiv_id, normalise_arxiv_id
from rag.corpus.lines import LONGEST_RECORD, Line
from rag.corpus.record import Record, digest
from rag.latex import bibtex_to_address, bibtex_to_text
from rag.records import Rejection

_BLOCK = re.compile(r"\s*@\s*\w+\s*[{(]")
_ENTRY = re.compile(
    r'^[ \t]*@\w+[ \t]*[{(][ \t]*(?:[^\s,={}()"]*[ \t]*,[ \t]*(?:$|[\w-]+[ \t]*=)|\w+[ \t]*=)', re.MULTILINE
)
_FIELD = re.compile(r'^[ \t]*[\w-]+[ \t]*=[ \t]*(?:["{]|\d)', re.MULTILINE)
_HASH = re.compile(r'\\.|[{}"]|(?P<parts>#)', re.DOTALL)
_COMMA = re.compile(r"\\.|[{}]|(?P<parts>,)", re.DOTALL)
_SEMICOLON = re.compile(r"\\.|[{}]|(?P<parts>;)", re.DOTALL)
_AND = re.compile(r"\\.|[{}]|(?P<parts>(?<=\s)and(?=\s))", re.DOTALL | re.IGNORECASE)
_ADDRESSES = frozenset(["doi", "url", "eprint", "pmid", "ee", "howpublished", "eprinttype", "archiveprefix"])
LONGEST_MACRO, MOST_MACROS = 2_000, 20_000
"""Characters, and macros of one file: a macro is the name of a journal or a person."""
_LISTS = ("author", "editor", "keywords")
_BARE_MACRO = re.compile(r"[\s{]*\\([A-Za-z]+)[\s}]*")
_JOURNALS = {
    "aap": "Astronomy and Astrophysics", "aapr": "Astronomy and Astrophysics Reviews",
    "aaps": "Astronomy and Astrophysics, Supplement", "aj": "Astronomical Journal",
    "apj": "Astrophysical Journal", "apjl": "Astrophysical Journal, Letters",
    "apjlett": "Astrophysical Journal, Letters", "apjs": "Astrophysical Journal, Supplement",
    "apjsupp": "Astrophysical Journal, Supplement", "aplett": "Astrophysics Letters", "ao": "Applied Optics",
    "apss": "Astrophysics and Space Science", "araa": "Annual Review of Astronomy and Astrophysics",
    "baas": "Bulletin of the AAS", "gca": "Geochimica Cosmochimica Acta", "grl": "Geophysics Research Letters",
    "icarus": "Icarus", "jcap": "Journal of Cosmology and Astroparticle Physics",
    "jgr": "Journal of Geophysical Research", "mnras": "Monthly Notices of the Royal Astronomical Society",
    "na": "New Astronomy", "nar": "New Astronomy Review", "nat": "Nature", "physrep": "Physics Reports",
    "planss": "Planetary and Space Science", "pasa": "Publications of the Astronomical Society of Australia",
    "pasj": "Publications of the Astronomical Society of Japan",
    "pasp": "Publications of the Astronomical Society of the Pacific", "pra": "Physical Review A",
    "prb": "Physical Review B", "prc": "Physical Review C", "prd": "Physical Review D", "pre": "Physical Review E",
    "prl": "Physical Review Letters", "procspie": "Proceedings of the SPIE", "psj": "Planetary Science Journal",
    "rmxaa": "Revista Mexicana de Astronomia y Astrofisica", "solphys": "Solar Physics", "ssr": "Space Science Reviews",
}  # fmt: skip
"""The macros of the AAS's styles, as which NASA ADS writes the names of journals."""
_LONGEST_VALUE = 200_000
"""Characters; a longer value is no abstract, and is handed on unread for the cleaning to refuse."""


def is_bibtex(suffix: str, head: str) -> bool:
    """Whether a file is BibTeX: by its name, or by an entry at the start of a line."""
    return suffix in (".bib", ".bibtex") or _ENTRY.search(head) is not None


def read_bibtex(path: str, lines: Iterable[Line | Rejection]) -> Iterator[Record | Rejection]:
    """A record of every entry, with its macros filled in and its LaTeX read; comments and preambles are left out.

    Entries that share a line are numbered on from it.
    """
    strings: dict[str, str] = {}
    used = 0
    for part in _parted(path, lines):
        if isinstance(part, Rejection):
            yield part
            continue
        for block in _blocks("\n".join(line.text for line in part)):
            number = max(part[0].number + max(block.start_line or 0, 0), used + 1)
            found = _record(path, number, block, strings)
            if found is not None:
                used = number
                yield found


def _parted(path: str, lines: Iterable[Line | Rejection]) -> Iterator[list[Line] | Rejection]:
    """The lines from one "@" at the start of a line up to the next: an entry, or several that share lines."""
    part: list[Line] = []
    size = 0
    for line in lines:
        if isinstance(line, Rejection):
            yield line
            continue
        if part and _BLOCK.match(line.text):
            yield part if size <= LONGEST_RECORD else _too_long(path, part[0].number)
            part, size = [], 0
        size += len(line.text) + 1
        if size <= LONGEST_RECORD or not part:
            part.append(line)
    if part:
        yield part if size <= LONGEST_RECORD else _too_long(path, part[0].number)


def _too_long(path: str, number: int) -> Rejection:
    reason = f"The entry is longer than {LONGEST_RECORD:,} characters; check where it should be closed."
    return Rejection(path, number, reason)


def _record(path: str, number: int, block: Any, strings: dict[str, str]) -> Record | Rejection | None:
    """What a block of bibtexparser is to the reader; ``strings`` takes its macros in."""
    try:
        return _read_block(path, number, block, strings)
    except _TooLongError:
        reason = (
            f"Its macros make the entry longer than {LONGEST_RECORD:,} characters; write them out, or fewer of them."
        )
        return Rejection(path, number, reason)


class _TooLongError(Exception):
    """Macros that stand for macros grow without end, as entities do in XML."""


def _read_block(path: str, number: int, block: Any, strings: dict[str, str]) -> Record | Rejection | None:
    match type(block).__name__:
        case "String":
            if len(strings) >= MOST_MACROS:
                raise _TooLongError
            strings[block.key.lower()] = _value(block.value, strings, LONGEST_MACRO)
        case "Entry" | "DuplicateFieldKeyBlock" | "DuplicateBlockKeyBlock":
            entry = getattr(block, "ignore_error_block", block)
            values = _values(entry, strings)
            raw = "\n".join([entry.entry_type, entry.key, *(f"{name}={value}" for name, value in values)])
            fields = _fields(entry.entry_type, values)
            return Record(path, number, fields, digest(raw), _meaning(entry.key.strip(), fields))
        case "ParsingFailedBlock":
            reason = str(getattr(block.error, "abort_reason", block.error)).strip().rstrip(".")
            return Rejection(path, number, f"The BibTeX entry is broken ({reason}); mend it or remove it.")
        case "ImplicitComment" if _FIELD.search(block.comment):
            reason = "Fields stand outside of any BibTeX entry; check the braces of the entry before them."
            return Rejection(path, number, reason)
        case _:
            pass  # @comment, @preamble and text between entries are not records
    return None


@lru_cache(maxsize=1)
def _splitter() -> Any:
    from bibtexparser.splitter import Splitter

    logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)  # what it warns of is a Rejection here
    return Splitter


def _blocks(text: str) -> list[Any]:
    # A line break in front of a brace (\\{) does not escape the brace, though to the splitter it seems to.
    return list(_splitter()(re.sub(r'\\\\(?=[{}"])', r"\\\\ ", text)).split().blocks) if text.strip() else []


def _values(entry: Any, strings: Mapping[str, str]) -> list[tuple[str, str]]:
    """The fields of an entry with their macros filled in; _TooLongError where they make it too long."""
    values: list[tuple[str, str]] = []
    left = LONGEST_RECORD
    for each in entry.fields:
        value = _value(each.value, strings, left)
        left -= len(value)
        values.append((each.key.strip().lower(), value))
    return values


def _fields(entry_type: str, values: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The fields as readable text; names and keywords, which have parts, as they stand. Of a field given twice the first."""
    fields = {"entry type": entry_type.lower()}
    for name, value in values:
        if name in fields:
            continue
        if name not in _LISTS and len(value) <= _LONGEST_VALUE:
            fields[name] = bibtex_to_address(value) if name in _ADDRESSES else bibtex_to_text(value)
        else:
            fields[name] = value
        if name == "journal" and (macro := _BARE_MACRO.fullmatch(value)):
            fields[name] = _JOURNALS.get(macro[1], fields[name].removeprefix("\\"))
    return fields


def _meaning(key: str, fields: Mapping[str, str]) -> dict[str, Any]:
    """What is known of an entry, under the names of ``Abstract``'s fields; the rest has its usual names."""
    archive = (fields.get("eprinttype") or fields.get("archiveprefix") or "arxiv").lower()
    eprint = fields.get("eprint") or fields.get("arxivid", "")
    arxiv = [
        normalise_arxiv_id(eprint) if archive == "arxiv" else "",
        *(mentioned_arxiv_id(fields.get(name, "")) for name in ("number", "journal", "howpublished", "note")),
        normalise_arxiv_id("/" + fields.get("volume", "")),  # DBLP's CoRR: "abs/2101.00001"
    ]
    venues = (fields.get(name) for name in ("journaltitle", "journal", "booktitle", "maintitle", "eventtitle"))
    meaning = {
        "id": fields.get("id") or key,
        "title": ". ".join(filter(None, (fields.get("title"), fields.get("subtitle")))),
        "authors": _people(fields.get("author") or fields.get("editor", "")),
        "year": [fields[name] for name in ("year", "date", "issued") if fields.get(name)],
        "venue": next(filter(None, venues), ""),
        "pmid": fields.get("pmid") or (eprint if archive in ("pubmed", "pmid", "medline") else ""),
        "arxiv_id": next(filter(None, arxiv), ""),
        "url": [fields[name] for name in ("url", "ee", "howpublished", "link") if fields.get(name)],
        "keywords": [bibtex_to_text(each) for each in _keywords(fields.get("keywords", "")) if each],
        "text": fields.get("abstract", ""),
    }
    return {name: value for name, value in meaning.items() if value}


def _value(raw: str, strings: Mapping[str, str], most: int) -> str:
    """A value without its delimiters: parts joined by # are concatenated, macros replaced by what they stand for.

    Raises _TooLongError over ``most`` characters.
    """
    parts = []
    for part in _parts(raw, _HASH):
        piece = part.strip()
        enclosed = len(piece) > 1 and piece[0] + piece[-1] in ("{}", '""')
        parts.append(piece[1:-1] if enclosed else strings.get(piece.lower(), piece))
        most -= len(parts[-1])
        if most < 0:
            raise _TooLongError
    return "".join(parts)


def _parts(text: str, token: re.Pattern[str]) -> list[str]:
    """``text`` parted at the group ``parts`` of ``token``, where this stands neither in braces nor between quotes."""
    parts, depth, quoted, start = [], 0, False, 0
    for found in token.finditer(text):
        if found["parts"] is not None:
            if depth <= 0 and not quoted:
                parts.append(text[start : found.start()])
                start = found.end()
        elif found[0] == "{":
            depth += 1
        elif found[0] == "}":
            depth -= 1
        elif found[0] == '"' and depth == 0:
            quoted = not quoted
    return [*parts, text[start:]]


def _keywords(text: str) -> list[str]:
    by_semicolon = _parts(text, _SEMICOLON)
    return by_semicolon if len(by_semicolon) > 1 else _parts(text, _COMMA)


def _people(text: str) -> list[dict[str, str]]:
    """The names of a BibTeX list, "Last, First" and "Last, Jr, First" turned around; "others" is nobody."""
    names = []
    for name in _parts(text if len(text) <= _LONGEST_VALUE else "", _AND):
        last, *rest = _parts(name, _COMMA)
        natural = " ".join([*rest[1:], last, *rest[:1]] if len(rest) > 1 else [*rest, last])
        if natural.strip() not in ("", "others"):
            names.append({"family": bibtex_to_text(natural.strip())})
    return names
