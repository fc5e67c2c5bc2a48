"""Where abstracts were read, what each place says, and the identifiers by which they are found again."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

from rag.corpus import identity_keys
from rag.index.database import Database
from rag.records import Abstract, Source


@dataclass(frozen=True, slots=True)
class Place:
    """A record that holds an abstract: where it stands, its digest (32 hex digits), what it says, its identity keys."""

    source: Source
    digest: str
    said: Abstract
    keys: tuple[str, ...]

    @classmethod
    def of(cls, source: Source, digest: str, abstract: Abstract) -> Self:
        """The place of a record that says ``abstract``."""
        return cls(source, digest, _content(abstract), identity_keys(abstract))

    @property
    def name(self) -> tuple[str, int]:
        """What tells it from other places: file and record."""
        return self.source.path, self.source.record


class Places(Database):
    """The tables ``sources`` and ``identifiers``."""

    def find(self, name: str, limit: int) -> list[int]:
        """The keys of the abstracts that an identity key ("doi:...", "text:...") names: the oldest, at most ``limit``."""
        query = "SELECT key FROM identifiers WHERE name = ? ORDER BY key LIMIT ?"
        rows = self._connection().execute(query, (name, limit))
        return [int(key) for (key,) in rows]

    def held_record(self, path: str, record: int, digest: str) -> tuple[int, str] | None:
        """The key and record id (or "") of exactly this record at that place of a file, None when it is news."""
        row = (
            self._connection()
            .execute(
                "SELECT key, record_id FROM sources WHERE path = ? AND record = ? AND digest = ?",
                (path, record, bytes.fromhex(digest)),
            )
            .fetchone()
        )
        return None if row is None else (int(row[0]), str(row[1]))

    def at(self, path: str, record: int) -> list[int]:
        """The keys of what stood at that place of a file."""
        rows = self._connection().execute("SELECT key FROM sources WHERE path = ? AND record = ?", (path, record))
        return [int(key) for (key,) in rows]

    def find_record_id(self, path: str, record_id: str) -> int | None:
        """The key of what a file last called ``record_id``."""
        row = (
            self._connection()
            .execute("SELECT key FROM sources WHERE path = ? AND record_id = ? AND record_id != ''", (path, record_id))
            .fetchone()
        )
        return None if row is None else int(row[0])

    def places(self, key: int, abstract: Abstract) -> list[Place]:
        """Every place of the abstract with that key, with what it says, in order of file and record."""
        same = _content(abstract)
        rows = self._connection().execute(
            "SELECT path, record, record_id, digest, said FROM sources WHERE key = ? ORDER BY path, record", (key,)
        )
        return [
            Place.of(Source(path, record, record_id), digest.hex(), same if said is None else _read(said, same))
            for path, record, record_id, digest, said in rows
        ]

    def held_by(self, path: str) -> Iterator[tuple[int, int]]:
        """Record and key of every place of a file."""
        return iter(self._connection().execute("SELECT record, key FROM sources WHERE path = ?", (path,)))

    def count_places(self, key: int) -> int:
        """How many places hold the abstract."""
        return int(self._connection().execute("SELECT count(*) FROM sources WHERE key = ?", (key,)).fetchone()[0])

    def paths_from(self, start: str) -> list[str]:
        """The sources whose paths begin with ``start``, which ends in a slash."""
        rows = self._connection().execute(
            "SELECT DISTINCT path FROM sources WHERE path >= ? AND path < ?", (start, start[:-1] + "0")
        )
        return [str(found) for (found,) in rows]

    # --- writing (inside ``transaction``) -------------------------------------------------------------------------

    def put_place(self, place: Place, key: int, abstract: Abstract, run: int) -> None:
        """Remember that this place holds that abstract, and what it says where that is something else."""
        source = place.source
        self._connection().execute(
            "INSERT OR REPLACE INTO sources VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                source.path, source.record, key, source.record_id, bytes.fromhex(place.digest), run,
                _written(place.said, abstract),
            ),
        )  # fmt: skip

    def say_again(self, place: Place, key: int, abstract: Abstract) -> None:
        """Write what a place says against an abstract that has changed."""
        self._connection().execute(
            "UPDATE sources SET said = ? WHERE path = ? AND record = ? AND key = ?",
            (_written(place.said, abstract), *place.name, key),
        )

    def drop_place(self, path: str, record: int, key: int) -> None:
        """Forget that this place holds that abstract."""
        self._connection().execute("DELETE FROM sources WHERE path = ? AND record = ? AND key = ?", (path, record, key))

    def drop_places(self, key: int) -> None:
        """Forget every place of an abstract."""
        self._connection().execute("DELETE FROM sources WHERE key = ?", (key,))

    def put_identifiers(self, key: int, names: Sequence[str]) -> None:
        """Make these, and no others, the names of an abstract."""
        connection = self._connection()
        connection.execute("DELETE FROM identifiers WHERE key = ?", (key,))
        connection.executemany("INSERT INTO identifiers VALUES (?, ?)", [(name, key) for name in names])


def _content(abstract: Abstract) -> Abstract:
    """What an abstract says, without its id, where it was read and what it is a version of."""
    return replace(abstract, id="", sources=(), versions=())


_SAID = tuple(each.name for each in fields(Abstract) if each.name not in ("id", "sources", "versions"))


def _written(said: Abstract, abstract: Abstract) -> str | None:
    """The fields in which a record differs from its abstract, as JSON; None for none."""
    differing = {name: getattr(said, name) for name in _SAID if getattr(said, name) != getattr(abstract, name)}
    return json.dumps(differing, ensure_ascii=False) if differing else None


def _read(said: str, same: Abstract) -> Abstract:
    differing: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in json.loads(said).items()
    }
    return replace(same, **differing)
