"""The table of abstracts: writing one, reading some."""

import json
from collections.abc import Sequence
from typing import Any

from rag.errors import CorpusDamagedError
from rag.index.database import listed
from rag.index.schema import PENDING
from rag.index.selection import Selection
from rag.records import Abstract

_COLUMNS = "title, title_derived, text, authors, year, venue, doi, pmid, arxiv_id, url, keywords, retracted"


class Abstracts(Selection):
    """The table ``abstracts``."""

    def key_of(self, abstract_id: str) -> int | None:
        """The key of the abstract with that id, whatever its state."""
        row = self._connection().execute("SELECT key FROM abstracts WHERE id = ?", (abstract_id,)).fetchone()
        return None if row is None else int(row[0])

    def newest(self) -> int:
        """The highest key there is, 0 for none."""
        return int(self._connection().execute("SELECT coalesce(max(key), 0) FROM abstracts").fetchone()[0])

    def described(self, keys: Sequence[int]) -> dict[int, Abstract]:
        """The abstracts of those keys without their sources and versions; keys that are gone are left out."""
        query = f"SELECT key, id, {_COLUMNS} FROM abstracts WHERE key IN (SELECT value FROM json_each(?))"  # noqa: S608
        return {key: _abstract(row) for key, *row in self._connection().execute(query, (listed(keys),))}

    def ids(self, keys: Sequence[int]) -> dict[int, str]:
        """The ids of those keys, where they can be searched."""
        query = "SELECT key, id FROM abstracts WHERE key IN (SELECT value FROM json_each(?)) AND state != 2"
        return dict(self._connection().execute(query, (listed(keys),)).fetchall())

    def put_row(self, abstract: Abstract) -> int:
        """Write an abstract by its id, inside a transaction; returns its key."""
        connection = self._connection()
        row = (
            abstract.title, abstract.title_derived, abstract.text, json.dumps(abstract.authors), abstract.year,
            abstract.venue, abstract.doi, abstract.pmid, abstract.arxiv_id, abstract.url, json.dumps(abstract.keywords),
            abstract.retracted,
        )  # fmt: skip
        marks = ",".join("?" * len(row))
        key = self.key_of(abstract.id)
        if key is not None:
            connection.execute(f"UPDATE abstracts SET ({_COLUMNS}) = ({marks}) WHERE key = ?", (*row, key))  # noqa: S608
            return key
        added = connection.execute(
            f"INSERT INTO abstracts (id, {_COLUMNS}, state, indexed_chunks) VALUES (?, {marks}, ?, 0)",  # noqa: S608
            (abstract.id, *row, PENDING),
        ).lastrowid
        if added is None:
            raise CorpusDamagedError(f"The catalog {self.path} gave no key for {abstract.id}; run: rag verify.")
        return added


def _abstract(row: Sequence[Any]) -> Abstract:
    identity, title, derived, text, authors, year, venue, doi, pmid, arxiv_id, url, keywords, retracted = row
    return Abstract(
        id=identity, text=text, title=title, title_derived=bool(derived), authors=tuple(json.loads(authors)), year=year,
        venue=venue, doi=doi, pmid=pmid, arxiv_id=arxiv_id, url=url, keywords=tuple(json.loads(keywords)),
        retracted=bool(retracted),
    )  # fmt: skip
