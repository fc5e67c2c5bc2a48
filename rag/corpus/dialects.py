"""What the fields of well-known services mean, where their names alone do not say it.

Each dialect is told by fields that only it has. A field that it leaves out is looked for under its usual names.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rag.corpus.identity import normalise_arxiv_id

Fields = Mapping[str, Any]
CSL_TYPES = frozenset(
    "article article-journal article-magazine article-newspaper book chapter paper-conference report thesis".split()
)
_ZOTERO_ITEM = re.compile(r"^https?://(?:www\.)?zotero\.org/.*/items/(?=\w+$)")


@dataclass(frozen=True, slots=True)
class Dialect:
    """The records of one service: how they are told, and what their fields mean, under the names of ``Abstract``."""

    name: str
    matches: Callable[[Fields], bool]
    read: Callable[[Fields], dict[str, Any]]


def interpret(fields: Fields) -> dict[str, Any]:
    """What is known of a record's meaning: values under the names of ``Abstract``; nothing for an unknown dialect."""
    dialect = next((each for each in DIALECTS if each.matches(fields)), None)
    found = dialect.read(fields) if dialect else {}
    return {name: value for name, value in found.items() if value not in (None, "", [], {})}


def unwrapped(fields: Fields) -> Fields:
    """The record in an answer about one (Crossref), in a search hit (Elasticsearch) or in a citation (Semantic Scholar)."""
    for wrapper in ("message", "_source", "citingPaper", "citedPaper"):
        if isinstance(fields.get(wrapper), Mapping) and not any(name in fields for name in ("title", "abstract")):
            return fields[wrapper]  # type: ignore[no-any-return]
    return fields


def dig(value: Any, *path: str | int) -> Any:
    """What stands at ``path`` in nested objects and lists; None where it leads nowhere."""
    for step in path:
        if isinstance(step, str) and isinstance(value, Mapping):
            value = next((value[key] for key in value if str(key).lower() == step.lower()), None)
        elif isinstance(step, int) and isinstance(value, list) and len(value) > step:
            value = value[step]
        else:
            return None
    return value


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _first(*values: Any) -> Any:
    return next((value for value in values if value not in (None, "", [], {})), None)


# --- arXiv's metadata snapshot ----------------------------------------------------------------------------------------


def _arxiv(fields: Fields) -> dict[str, Any]:
    number = str(fields["id"])
    categories = fields.get("categories")
    return {
        "authors": _first(fields.get("authors_parsed"), fields.get("authors")),
        # The day of the last change to the metadata says little; the first version says when it was written.
        "year": _first(dig(fields.get("versions"), 0, "created"), _arxiv_year(number), fields.get("update_date")),
        "venue": fields.get("journal-ref"),
        "arxiv_id": number,
        "url": f"https://arxiv.org/abs/{number}",
        "keywords": categories.split() if isinstance(categories, str) else categories,
    }


def _arxiv_year(number: str) -> str:
    """The year in an arXiv number: 0704.0001 is of 2007, math/9912001 of 1999."""
    digits = number.rpartition("/")[2][:2]
    return ("19" if digits.startswith("9") else "20") + digits if digits.isdigit() else ""


# --- Semantic Scholar -------------------------------------------------------------------------------------------------


def _semantic_scholar(fields: Fields) -> dict[str, Any]:
    access = dig(fields, "openaccessinfo")
    names = _first(dig(fields, "externalids"), dig(access, "externalids"))
    fields_of_study = _items(_first(fields.get("fieldsOfStudy"), dig(fields, "s2fieldsofstudy")))
    number = _first(fields.get("paperId"), fields.get("paper_id"), fields.get("corpusid"))
    return {
        "id": number if fields.get("id") is None else None,
        "text": _first(fields.get("abstract"), _annotated(fields, "abstract")),
        "title": _first(fields.get("title"), _annotated(fields, "title")),
        "doi": _first(dig(names, "DOI"), fields.get("doi")),
        "pmid": _first(dig(names, "PubMed"), fields.get("pubmed_id")),
        "arxiv_id": _first(dig(names, "ArXiv"), fields.get("arxiv_id")),
        "year": _first(fields.get("year"), dig(fields, "publicationdate")),
        "venue": _first(
            fields.get("venue"),
            dig(fields, "publicationVenue", "name"),
            dig(fields, "journal", "name"),
            fields.get("journal"),
        ),
        "url": _first(fields.get("url"), dig(fields, "openAccessPdf", "url"), dig(access, "url")),
        "keywords": [dig(each, "category") if isinstance(each, Mapping) else each for each in fields_of_study],
    }


def _annotated(fields: Fields, part: str) -> str | None:
    """A part of S2ORC's full text, which its annotations give by character offsets, as JSON in a string."""
    import orjson

    text, marks = dig(fields, "content", "text"), dig(fields, "content", "annotations", part)
    try:
        spans = orjson.loads(marks) if isinstance(marks, str) else marks
        return " ".join(str(text)[int(span["start"]) : int(span["end"])] for span in spans) if text and spans else None
    except (ValueError, TypeError, KeyError, OverflowError):
        return None


# --- OpenAlex ---------------------------------------------------------------------------------------------------------


def _open_alex(fields: Fields) -> dict[str, Any]:
    place = _first(fields.get("primary_location"), fields.get("host_venue"), {})
    doi = _first(fields.get("doi"), dig(fields, "ids", "doi"))
    pages = [dig(each, "landing_page_url") for each in [place, *_items(fields.get("locations"))]]
    subjects = _items(_first(fields.get("keywords"), fields.get("concepts")))
    return {
        "id": str(fields.get("id") or "").rpartition("/")[2],
        "text": _first(fields.get("abstract"), inverted(fields.get("abstract_inverted_index"))),
        "title": _first(fields.get("title"), fields.get("display_name")),
        "authors": [
            _first(dig(each, "author", "display_name"), dig(each, "raw_author_name"))
            for each in _items(fields.get("authorships"))
        ],
        "year": _first(fields.get("publication_year"), fields.get("publication_date")),
        "venue": _first(dig(place, "source", "display_name"), dig(place, "display_name")),
        "doi": doi,
        "pmid": dig(fields, "ids", "pmid"),
        "arxiv_id": next((page for page in pages if isinstance(page, str) and "arxiv.org/" in page), doi),
        "url": [page for page in [*pages, doi] if page],
        "keywords": [_first(dig(each, "display_name"), dig(each, "keyword"), each) for each in subjects],
    }


def inverted(index: Any) -> str:
    """The text of an inverted index (word to its places); empty when it is none."""
    if not isinstance(index, Mapping):
        return ""
    placed = {place: str(word) for word, places in index.items() for place in _items(places) if isinstance(place, int)}
    return " ".join(placed[place] for place in sorted(placed))


# --- Crossref and CSL-JSON, which descends from it -------------------------------------------------------------------


def _crossref(fields: Fields) -> dict[str, Any]:
    title, subtitle = (_first(*_as_list(fields.get(name))) for name in ("title", "subtitle"))
    if title and subtitle and str(subtitle).lower() not in str(title).lower():
        title = f"{title}: {subtitle}"
    note = str(fields.get("note") or "")  # Zotero's Extra field
    dates = ("issued", "published", "published-print", "published-online", "original-date", "created", "submitted")
    numbers = [_after("arXiv:", note), *(fields.get(name) for name in ("number", "archive_location", "DOI", "URL"))]
    return {
        "id": _first(fields.get("citation-key"), _ZOTERO_ITEM.sub("", str(fields.get("id") or "")), fields.get("DOI")),
        "title": title,
        "authors": _first(fields.get("author"), fields.get("editor")),
        "year": _first(*(_csl_year(fields.get(name)) for name in dates)),
        "venue": _first(*_as_list(fields.get("container-title")), *_as_list(fields.get("event-title"))),
        "doi": fields.get("DOI"),
        "pmid": _first(fields.get("PMID"), _after("PMID:", note)),
        "arxiv_id": next(
            (found for each in numbers if isinstance(each, str) and (found := normalise_arxiv_id(each))), None
        ),
        "url": _first(fields.get("URL"), dig(fields, "resource", "primary", "URL")),
        "keywords": _first(fields.get("keyword"), fields.get("subject"), fields.get("categories")),
    }


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _csl_year(date: Any) -> Any:
    return _first(
        dig(date, "date-parts", 0, 0), dig(date, "literal"), dig(date, "raw"), date if isinstance(date, str) else None
    )


def _after(label: str, text: str) -> str | None:
    """The word after ``label``, as Zotero keeps fields that it has no place for ("PMID: 123" in its Extra field)."""
    _, found, rest = text.partition(label)
    return rest.split()[0] if found and rest.split() else None


# --- Europe PMC's, Zotero's and other interfaces ---------------------------------------------------------------------


def _europe_pmc(fields: Fields) -> dict[str, Any]:
    return {
        "authors": _first(dig(fields, "authorList", "author"), str(fields.get("authorString") or "").rstrip(".")),
        "year": fields.get("pubYear"),
        "venue": _first(dig(fields, "journalInfo", "journal", "title"), fields.get("journalTitle")),
        "keywords": _items(dig(fields, "keywordList", "keyword")),
        "url": dig(fields, "fullTextUrlList", "fullTextUrl", 0, "url"),
    }


def _zotero(fields: Fields) -> dict[str, Any]:
    data = fields["data"] if isinstance(fields.get("data"), Mapping) else fields
    creators = [each for each in _items(data.get("creators")) if dig(each, "creatorType") in ("author", None)]
    extra = str(data.get("extra") or "")
    return {
        "id": _first(data.get("key"), fields.get("key")),
        "text": data.get("abstractNote"),
        "title": data.get("title"),
        "authors": creators,
        "year": data.get("date"),
        "venue": _first(data.get("publicationTitle"), data.get("proceedingsTitle"), data.get("conferenceName")),
        "doi": _first(data.get("DOI"), _after("DOI:", extra)),
        "pmid": _after("PMID:", extra),
        "arxiv_id": _first(data.get("archiveID"), _after("arXiv:", extra)),
        "url": data.get("url"),
        "keywords": [dig(each, "tag") for each in _items(data.get("tags"))],
    }


def _data_cite(fields: Fields) -> dict[str, Any]:
    data = fields["attributes"]
    texts = [each for each in _items(data.get("descriptions")) if dig(each, "descriptionType") == "Abstract"]
    return {
        "text": dig(texts, 0, "description"),
        "title": dig(data, "titles", 0, "title"),
        "authors": data.get("creators"),
        "year": data.get("publicationYear"),
        "venue": dig(data, "container", "title"),
        "doi": data.get("doi"),
        "url": data.get("url"),
        "keywords": [dig(each, "subject") for each in _items(data.get("subjects"))],
    }


def _inspire(fields: Fields) -> dict[str, Any]:
    data = fields["metadata"]
    return {
        "text": dig(data, "abstracts", 0, "value"),
        "title": dig(data, "titles", 0, "title"),
        "authors": data.get("authors"),
        "year": _first(dig(data, "publication_info", 0, "year"), data.get("earliest_date")),
        "venue": dig(data, "publication_info", 0, "journal_title"),
        "doi": dig(data, "dois", 0, "value"),
        "arxiv_id": dig(data, "arxiv_eprints", 0, "value"),
        "url": f"https://inspirehep.net/literature/{data.get('control_number')}",
        "keywords": [dig(each, "value") for each in _items(data.get("keywords"))],
    }


def _open_review(fields: Fields) -> dict[str, Any]:
    content = fields["content"]
    names = {"text": "abstract", "title": "title", "authors": "authors", "venue": "venue", "keywords": "keywords"}
    found = {target: _first(dig(content, name, "value"), content.get(name)) for target, name in names.items()}
    return {
        **found,
        "id": fields.get("id"),
        "year": [_year_of(fields.get("pdate")), found["venue"], _year_of(fields.get("cdate"))],
        "url": f"https://openreview.net/forum?id={fields.get('id')}",
    }


def _year_of(milliseconds: Any) -> int | None:
    known = isinstance(milliseconds, int) and 0 < milliseconds < 10**13
    return datetime.fromtimestamp(milliseconds / 1000, UTC).year if known else None


def _lens(fields: Fields) -> dict[str, Any]:
    names = {str(dig(each, "type")): dig(each, "value") for each in _items(fields.get("external_ids"))}
    return {
        "id": fields.get("lens_id"),
        "venue": dig(fields, "source", "title"),
        "doi": names.get("doi"),
        "pmid": names.get("pmid"),
        "url": [dig(each, "url") for each in _items(fields.get("source_urls"))],
    }


DIALECTS = (
    Dialect("OpenAlex", lambda fields: "abstract_inverted_index" in fields or "authorships" in fields, _open_alex),
    Dialect("arXiv", lambda fields: {"id", "categories", "abstract"} <= fields.keys() and bool(
        fields.keys() & {"authors_parsed", "journal-ref", "update_date", "versions", "report-no"}), _arxiv),
    Dialect("Semantic Scholar", lambda fields: bool(
        fields.keys() & {"externalIds", "externalids", "openaccessinfo", "corpusid", "corpusId", "s2_url", "mag_field_of_study"}
    ) or {"paperId", "abstract"} <= fields.keys() or {"paper_id", "abstract"} <= fields.keys(), _semantic_scholar),
    Dialect("Europe PMC", lambda fields: "abstractText" in fields or "authorString" in fields, _europe_pmc),
    Dialect("Zotero", lambda fields: "abstractNote" in fields or dig(fields, "data", "abstractNote") is not None, _zotero),
    Dialect("DataCite", lambda fields: isinstance(dig(fields, "attributes", "descriptions"), list), _data_cite),
    Dialect("INSPIRE", lambda fields: isinstance(dig(fields, "metadata", "abstracts"), list), _inspire),
    Dialect("Lens", lambda fields: "lens_id" in fields, _lens),
    Dialect("OpenReview", lambda fields: dig(fields, "content", "abstract") is not None, _open_review),
    Dialect("Crossref and CSL-JSON", lambda fields: bool(
        fields.keys() & {"container-title", "issued", "citation-key"}
    ) or {"type", "DOI"} <= fields.keys() or str(fields.get("type")) in CSL_TYPES, _crossref),
)  # fmt: skip
"""First match wins."""
