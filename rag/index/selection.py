"""Which abstracts there are, and which of them a filter lets through: queries that an index answers by itself."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rag.corpus.archive import MEMBER
from rag.corpus.reading import absolute
from rag.index.database import Database, listed
from rag.index.schema import DONE
from rag.records import Filters

IS_DONE = "key NOT IN (SELECT key FROM abstracts WHERE state != 0)"
"""As ``state = 0``, but the state stands beside the texts: asked so, an index answers without reading them."""


class Selection(Database):
    """Chooses keys; reads no abstract."""

    def count(self) -> int:
        """Abstracts that can be searched."""
        # Both counts walk an index; one with WHERE state = 0 would read every text.
        query = "SELECT (SELECT count(*) FROM abstracts) - (SELECT count(*) FROM abstracts WHERE state != 0)"
        return int(self._connection().execute(query).fetchone()[0])

    def empty(self) -> bool:
        """Whether nothing can be searched; unlike ``count`` it costs nothing."""
        return self._connection().execute("SELECT 1 FROM abstracts WHERE state = 0 LIMIT 1").fetchone() is None

    def keys(self, filters: Filters | None = None, *, state: int = DONE, limit: int = -1) -> list[int]:
        """Keys in catalog order of the abstracts in ``state`` that the filters let through.

        With ``limit``, that many of them at most, whichever are found first.
        """
        clauses, values = self._clauses(filters, state)
        query = f"SELECT key FROM abstracts WHERE {' AND '.join(clauses)} LIMIT ?"  # noqa: S608 - clauses are ours
        # Sorted here: asked for the order, SQLite would walk the texts instead of an index.
        return sorted([key for (key,) in self._connection().execute(query, [*values, limit])])

    def passing(self, keys: Sequence[int], filters: Filters) -> list[int]:
        """Those of ``keys`` that the filters let through, in no order."""
        clauses, values = self._clauses(filters, DONE)
        # The plus keeps SQLite from walking an index of what the filters allow instead of these few rows.
        passes = " AND ".join(f"+({each})" for each in clauses)
        query = f"SELECT key FROM abstracts WHERE key IN (SELECT value FROM json_each(?)) AND {passes}"  # noqa: S608 - as above
        return [key for (key,) in self._connection().execute(query, [listed(keys), *values])]

    def paths_named(self, sources: Sequence[str]) -> list[str]:
        """The paths that source filters mean."""
        return [path for path in self._paths() if any(_names(source, path) for source in sources)]

    def _clauses(self, filters: Filters | None, state: int) -> tuple[list[str], list[Any]]:
        # As the index of the unfinished has it, or it would not be used.
        clauses = [IS_DONE] if state == DONE else ["state != 0", f"state = {state}"]
        if not filters:
            return clauses, []
        if filters.venues:
            filters = replace(filters, venues=tuple(self._venues(filters.venues)) or filters.venues)
        more, values = _where(filters)
        if filters.sources:
            known = self._paths()
            paths = self.paths_named(filters.sources)
            if len(paths) < len(known) or not paths:
                # A source alone is looked up by its path, beside other filters by the abstracts that these leave.
                within = "FROM sources WHERE path IN (SELECT value FROM json_each(?))"
                beside = f"EXISTS (SELECT 1 {within} AND sources.key = abstracts.key)"
                more.append(beside if more else f"key IN (SELECT key {within})")
                values.append(json.dumps(paths))
        return clauses + more, values

    def _paths(self) -> list[str]:
        """Every path that is the source of an abstract."""
        return self._each("path", "sources")

    def _venues(self, wanted: Sequence[str]) -> list[str]:
        """The venues that are meant, as they are spelt here; capitals do not matter."""
        meant = {venue.casefold() for venue in wanted}
        return [venue for venue in self._each("venue", "abstracts") if venue.casefold() in meant]

    def _each(self, column: str, table: str) -> list[str]:
        """Every value of a column that an index begins with, each found by one seek."""
        query = (
            f"WITH RECURSIVE found(value) AS (SELECT min({column}) FROM {table} UNION ALL "  # noqa: S608 - our own names
            f"SELECT (SELECT min({column}) FROM {table} WHERE {column} > value) FROM found WHERE value IS NOT NULL) "
            "SELECT value FROM found WHERE value IS NOT NULL"
        )
        return [value for (value,) in self._connection().execute(query)]


def _where(filters: Filters) -> tuple[list[str], list[Any]]:
    clauses: list[str] = []
    values: list[Any] = []
    if filters.year_from is not None:
        clauses.append("year >= ?")
        values.append(filters.year_from)
    if filters.year_to is not None:
        clauses.append("year <= ?")
        values.append(filters.year_to)
    for column, wanted in (("venue", filters.venues), ("id", filters.ids)):
        if wanted:
            # As one JSON value, because SQLite takes a limited number of parameters.
            clauses.append(f"{column} IN (SELECT value FROM json_each(?))")  # noqa: S608 - our own column names
            values.append(json.dumps(wanted))
    return clauses, values


def _names(source: str, path: str) -> bool:
    """Whether a source filter means ``path``: the file as listed, its bare name, or a folder or archive around it."""
    if source.startswith("~") or ".." in source.split("/"):
        source = absolute(source)
    path, plain = (each.lower().replace(MEMBER, "/") for each in (path, source.rstrip("/")))
    if plain.startswith("/"):
        return path == plain or path.startswith(plain + "/")
    return path == plain or f"/{plain.removeprefix('./')}/" in path + "/"
