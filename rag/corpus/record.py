"""A record as it stands in its file, before anything is made of it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Record:
    """The raw fields of one record of ``path``; ``number`` is its 1-based line, or its first line if it has several.

    ``digest`` is that of the raw record (32 hex digits): as long as it stays the same the record has not changed.
    A plain text record has one field, ``abstract``.
    """

    path: str
    number: int
    fields: Mapping[str, Any]
    digest: str


def digest(raw: str) -> str:
    """The digest of a raw record, whatever encoding its file has."""
    return hashlib.blake2b(raw.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
