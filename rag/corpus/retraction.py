"""Whether a record says that its paper is retracted or withdrawn: by its title, its type, or its text."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_TITLE = re.compile(
    r"""\W*(?:
        (?:retracted|withdrawn)(?:\s+(?:article|paper|chapter|publication))?\s*(?:[:\]).–—]|-\s|$)
        | (?:retraction|withdrawal)\s*:
        | (?:article\s+)?(?:retraction|withdrawal)\s+(?:notice|note|to)\b
        | (?:notice|statement|letter)\s+of\s+(?:retraction|withdrawal)\b
        | editorial\s+retraction\b
    ) | .*[(\[]\s*(?:retracted|withdrawn)(?:\s+(?:article|paper|chapter|publication))?\s*(?:[)\]]\W*$|\.\s*see\b)
    | .*[:.–—]\s*retract(?:ed|ion)(?:\s+(?:article|paper|notice|note))?\W*$""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_TEXT = re.compile(
    r"\W*(?:this|the)\s+(?:\w+\s+)?(?:article|paper|submission|manuscript|work|preprint|publication|chapter)\s+"
    r"(?:has\s+been|is|was)\s+(?:hereby\s+|now\s+)?(?:retracted|withdrawn)\b",
    re.IGNORECASE,
)
_TYPES = (
    *("type", "types", "pubtype", "pubtypelist", "publicationtype", "publicationtypes", "documenttype", "subtype"),
    *("pt", "dt", "m3"),  # tags of MEDLINE, Web of Science and RIS
    *("note", "notes", "n1"),
)
_TYPE = re.compile(
    r"(?:^|[;,.|])\W{0,20}(?:retracted(?:\s+(?:publication|article|paper))?|retraction(?:\s+of\s+publication|\s+notice)?"
    r"|withdrawn)\W{0,20}(?:$|[;,.|])",
    re.IGNORECASE,
)
_KEYWORD = re.compile(r"\b(?:retracted publication|retraction of publication)\b", re.IGNORECASE)
"""PubMed's types, which other databases keep among the keywords; "retraction" alone is also a term of mathematics."""
_FLAGS = ("isretracted", "retracted")
_UPDATES = ("updateto", "updatedby", "updates")
"""Crossref's: what a notice says it retracts, and what says of a paper that it is retracted."""
_COMMENT = re.compile(r"\b(?:has been|is|was) (?:retracted|withdrawn)\b|^\W*(?:retracted|withdrawn)\b", re.IGNORECASE)


def is_retracted(title: str, text: str, fields: Mapping[str, Any]) -> bool:
    """Whether any of them says so; ``fields`` are a record's under their names in lower case without punctuation."""
    return (
        _TITLE.match(title) is not None
        or _TEXT.match(text) is not None
        or any(
            _KEYWORD.search(each) for name in ("keywords", "keyword", "kw", "mh") for each in _strings(fields.get(name))
        )
        or any(str(fields.get(name, "")).strip().lower() in ("true", "1", "yes") for name in _FLAGS)
        or any(_TYPE.search(each) for name in _TYPES for each in _strings(fields.get(name)))
        or any(each.lower() in ("retraction", "withdrawal") for name in _UPDATES for each in _strings(fields.get(name)))
        or any(_COMMENT.search(each) for name in ("comment", "comments") for each in _strings(fields.get(name)))
    )


def _strings(value: Any) -> Iterator[str]:
    """Every string in a field, however it is nested."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _strings(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _strings(each)
