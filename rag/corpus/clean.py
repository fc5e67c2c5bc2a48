"""A record made an abstract: fields found under their usual names, text normalised, identifiers in one spelling."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rag.corpus.dialects import interpret, unwrapped
from rag.corpus.identity import normalise_arxiv_id, normalise_doi, normalise_pmid
from rag.corpus.markup import without_tags
from rag.corpus.people import authors
from rag.corpus.record import Record
from rag.corpus.retraction import is_retracted
from rag.corpus.title import derive_title
from rag.records import DERIVED, Abstract, Rejection, Source
from rag.text import INVISIBLE, derived_id, normalise, words

LONGEST_TEXT = 100_000
"""Characters; an abstract has some thousand, a text over this is a whole paper or a mistake."""

_NAMES = {
    "text": (
        "abstract",
        "abstracttext",
        "abstractnote",
        "text",
        "summary",
        "summaries",
        "paperabstract",
        "content",
        "body",
        "description",
    ),
    "title": ("title", "titles", "papertitle", "articletitle", "documenttitle", "name"),
    "id": ("id", "docid", "paperid", "uid", "corpusid", "recordid", "key"),
    "doi": ("doi", "url", "link", "id"),
    "pmid": ("pmid", "pubmedid"),
    "arxiv_id": ("arxivid", "arxiv", "eprint", "url", "link", "doi"),
    "authors": ("authors", "author", "authornames", "creators", "creator"),
    "year": (
        "year",
        "publicationyear",
        "publishedyear",
        "yearpublished",
        "pubyear",
        "date",
        "publicationdate",
        "published",
        "publisheddate",
        "pubdate",
    ),
    "venue": (
        "venue",
        "journal",
        "booktitle",
        "conference",
        "containertitle",
        "journaltitle",
        "journalname",
        "journalref",
        "sourcetitle",
        "publicationtitle",
        "publicationname",
    ),
    "url": ("url", "link", "urls", "links", "pdfurl", "pdflink", "href"),
    "keywords": ("keywords", "keyword", "authorkeywords", "tags", "manualtags", "subjects", "categories", "terms"),
}
_ADDRESS = re.compile(r"https?://(?:(?!;https?://)[^\s<>\"\ud800-\udfff])+", re.IGNORECASE)
_NOT_IN_ADDRESSES = re.compile(r"[{}\\|^`]")
_YEAR = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d)(?!\d)")
_BETWEEN_SEMICOLONS = re.compile(r"(?:&#?\w{1,32};|[^;])+")
"""A semicolon that ends an entity parts nothing."""
_LABEL = re.compile(r"^(?:abstract|summary)\s*(?:[:—–]|\.(?=\s)|-\s)\s*(?=\S)", re.IGNORECASE)
_PLACEHOLDER = re.compile(
    r"\W*(?:no abstract\b.{0,40}|(?:the )?abstract (?:is )?(?:not|un)\s?available.{0,20}"
    r"|n/?a|none|null|nan|tba|tbd|missing|withdrawn)\W*",
    re.IGNORECASE,
)
_LONGEST_ID = 200


def clean(record: Record) -> Abstract | Rejection:
    """The abstract of a record; a Rejection, with what to do, where there is no usable text.

    The id is the record's own, else derived from the text; a missing title is derived from the text.
    """
    try:
        return _cleaned(record)
    except RecursionError:
        reason = (
            f"A value of the record is nested too deeply (its fields: {_names(record)}); flatten it or leave it out."
        )
        return Rejection(record.path, record.number, reason)


def _cleaned(record: Record) -> Abstract | Rejection:
    given = unwrapped(record.fields)
    fields = _Fields(_by_name(given), {**interpret(given), **record.chosen})

    def reject(reason: str, no_abstract: bool = False) -> Rejection:
        return Rejection(record.path, record.number, reason, no_abstract)

    raw = _text(_first(fields, "text"))
    if not raw.strip():
        return reject(_no_abstract(record, fields), no_abstract=True)
    if len(raw) > LONGEST_TEXT:
        return reject(
            f"The abstract has {len(raw):,} characters, over {LONGEST_TEXT:,}; give abstracts, not whole papers."
        )
    text = _LABEL.sub("", _prose(raw))
    if problem := _problem(text):
        return reject(problem, no_abstract=_PLACEHOLDER.fullmatch(text) is not None)
    title = "" if _is_derived(fields) else _prose(_text(_first(fields, "title")))[:1000]
    record_id = _identifier(_first(fields, "id"))
    return Abstract(
        id=record_id or derived_id(text),
        text=text,
        title=title or derive_title(text),
        title_derived=not title,
        authors=authors(_first(fields, "authors")),
        year=_year(fields),
        venue=_prose(_text(_first(fields, "venue"))),
        doi=_identified(fields, "doi", normalise_doi),
        pmid=_identified(fields, "pmid", normalise_pmid),
        arxiv_id=_identified(fields, "arxiv_id", normalise_arxiv_id),
        url=_url(fields),
        keywords=_keywords(_first(fields, "keywords")),
        retracted=is_retracted(title, text, fields.named),
        sources=(Source(record.path, record.number, record_id),),
    )


def _no_abstract(record: Record, fields: "_Fields") -> str:
    title = normalise(_text(_first(fields, "title")))[:100]
    of = f" of “{title}”" if title else ""
    remedy = "fill the field 'abstract', or map another one to it (--map text=NAME)"
    return f"The record{of} has no abstract (its fields: {_names(record)}); {remedy}."


def _names(record: Record) -> str:
    """The names of the first fields of a record, to be shown."""
    return normalise(", ".join(map(str, list(record.fields)[:8])))[:200] or "none"


def _by_name(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields under their names without case, dashes, underscores and blanks; of two alike the first."""
    named: dict[str, Any] = {}
    for key, value in fields.items():
        named.setdefault(re.sub(r"[\W_]", "", str(key)).lower(), value)
    return named


@dataclass(frozen=True, slots=True)
class _Fields:
    """A record's fields under their plain names, and what is known to be meant by the abstract's own."""

    named: Mapping[str, Any]
    chosen: Mapping[str, Any]


def _values(fields: _Fields, field: str) -> list[Any]:
    found = [fields.chosen[field]] if field in fields.chosen else [fields.named.get(name) for name in _NAMES[field]]
    return [value for value in found if value not in (None, "", [], {})]


def _first(fields: _Fields, field: str) -> Any:
    return next(iter(_values(fields, field)), None)


def _text(value: Any) -> str:
    """The text of a field: a string, a number, a list of strings (sentences, sections), or an object around one."""
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, list):
        return " ".join(filter(None, map(_text, value)))
    if isinstance(value, dict):
        return next((_text(value[key]) for key in ("text", "value", "name", "title", "content") if key in value), "")
    return ""


def _prose(raw: str) -> str:
    """``raw`` normalised and without tags; again, where an escape hid a tag or a tag parted an escape."""
    text, before = normalise(raw), ""
    while "<" in text and text != before:
        before, text = text, normalise(without_tags(text))
    return text


def _is_derived(fields: _Fields) -> bool:
    """Whether the record says of its title that Footnote made it: it is derived again then."""
    return fields.named.get("titlederived") is True or DERIVED in _text(fields.named.get("note"))


def _problem(text: str) -> str:
    """Why ``text`` is no abstract, in a sentence that says what to do; empty when it is one."""
    if _PLACEHOLDER.fullmatch(text):
        return f"The abstract only says {text!r}; give its text or remove the record."
    letters = sum(map(str.isalpha, text))
    solid = len(text) - text.count(" ")
    if text.count("\ufffd") > solid / 20 or letters < solid / 3 or len(max(text.split(), key=len, default="")) > 1000:
        return "The text does not read like prose; check that the file is not binary or wrongly decoded."
    # The first words say it of nearly every text, and all of them cost much more.
    if letters < 10 or (text.isascii() and len(words(text[:200])) < 3 and len(words(text)) < 3):
        return f"The abstract is too short to use ({text[:60]!r}); give at least a sentence."
    return ""


def _identifier(value: Any) -> str:
    found = normalise(_text(value))
    return found if len(found) <= _LONGEST_ID else ""


def _identified(fields: _Fields, field: str, read: Any) -> str:
    """The first value under the names of ``field`` in which ``read`` finds an identifier."""
    texts = (_text(value) for value in _values(fields, field))
    return next((str(found) for found in map(read, texts) if found), "")


def _year(fields: _Fields) -> int | None:
    for value in _values(fields, "year"):
        if found := _YEAR.search(_text(value)):
            return int(found[1])
    return None


def _url(fields: _Fields) -> str:
    """The first web address; anything else (``javascript:``, a local path) is not offered as a link.

    Characters that no address may have come as browsers send them (RFC 3986), so that no format trips over them.
    """
    given = (each for value in _values(fields, "url") for each in (value if isinstance(value, list) else [value]))
    found = next(
        (found[0] for value in given if (found := _ADDRESS.match(INVISIBLE.sub("", _text(value)).strip()))), ""
    )
    return _NOT_IN_ADDRESSES.sub(lambda each: f"%{ord(each[0]):02X}", found)


def _keywords(value: Any) -> tuple[str, ...]:
    """The keywords in a list or a string; a semicolon parts them anywhere, a comma only where there is no semicolon."""
    if isinstance(value, str):
        parts = _BETWEEN_SEMICOLONS.findall(value)
        value = parts if "".join(parts) != value else value.split(",")
    items = (part for each in value for part in normalise(_text(each)).split(";")) if isinstance(value, list) else ()
    return tuple(dict.fromkeys(filter(None, map(normalise, items))))


def is_field_name(name: str, field: str | None = None) -> bool:
    """Whether a column of that name is one of an abstract's fields, or the ``field`` of that name."""
    plain = re.sub(r"[\W_]", "", name).lower()
    return any(plain in _NAMES[each] for each in ([field] if field else _NAMES))
