"""A record as it stands in its file, before anything is made of it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Record:
    """The raw fields of one record of ``path``.

    ``number`` is its 1-based line, or its first line if it has several; where lines mean nothing (JSON documents, XML)
    its 1-based place among the records. It is unique within ``path``.

    ``digest`` is that of the raw record (32 hex digits): as long as it stays the same the record has not changed.
    A plain text record has one field, ``abstract``. ``chosen`` holds values under the names of ``Abstract``'s own
    fields (text, title, id, doi, ...) where it is known what they are; they are not looked for among ``fields`` then.
    """

    path: str
    number: int
    fields: Mapping[str, Any]
    digest: str
    chosen: Mapping[str, Any] = field(default_factory=dict)


def digest(raw: str) -> str:
    """The digest of a raw record, whatever encoding its file has."""
    return hashlib.blake2b(raw.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
