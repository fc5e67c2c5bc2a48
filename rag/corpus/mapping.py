"""Fields named by the user: which of a file's own fields is the text, the title, the year."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from rag.corpus.record import Record, digest
from rag.errors import InputError
from rag.records import Rejection

TARGETS = ("text", "title", "id", "authors", "year", "venue", "doi", "pmid", "arxiv_id", "url", "keywords")


def check(fields: Mapping[str, str]) -> None:
    """Raise InputError for a field that no abstract has, or for one that is mapped to nothing."""
    for target, name in fields.items():
        if target not in TARGETS:
            raise InputError(f"There is no field {target!r} to map to; the fields are {', '.join(TARGETS)}.")
        if not name.strip():
            raise InputError(f"The field {target!r} is mapped to nothing; name a field of the file.")


def mapped(items: Iterable[Record | Rejection], fields: Mapping[str, str]) -> Iterator[Record | Rejection]:
    """``items`` with the fields that the user named chosen; a record without such a field keeps its usual ones.

    A name with dots reaches into nested objects. A name that no record has is told at the end, as a Rejection of the
    file that came first.
    """
    told = ", ".join(f"{target}={fields[target]}" for target in sorted(fields))
    unseen = dict(fields)
    first = ""
    for item in items:
        first = first or item.path
        if isinstance(item, Rejection):
            yield item
            continue
        found = {target: value for target, name in fields.items() for value in _values(item.fields, name)}
        for target in found:
            unseen.pop(target, None)
        # The mapping belongs to the digest: with another one the same record reads differently.
        yield replace(item, chosen={**item.chosen, **found}, digest=digest(f"{item.digest} {told}"))
    for target, name in unseen.items():
        yield Rejection(first, 0, f"No record has a field {name!r}, which was named for {target}; check its spelling.")


def _values(fields: Mapping[str, Any], name: str) -> list[Any]:
    """The value under ``name``, as it is written or in another case, or inside the objects that its dots name."""
    if name in fields:
        return [fields[name]]
    folded = name.casefold()
    if alike := [value for key, value in fields.items() if str(key).strip().casefold() == folded]:
        return alike[:1]
    outer, dot, inner = name.partition(".")
    nested = fields.get(outer) if dot else None
    return _values(nested, inner) if isinstance(nested, Mapping) else []
