"""Which abstracts are versions of one paper, found as they are written: a few look-ups an abstract, whatever the size."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from rag.corpus.versions import are_versions, bands
from rag.index.abstracts import Abstracts
from rag.index.database import listed
from rag.records import Abstract

CROWDED = 50
"""Abstracts that are compared at most; where more share a band it is a formula ("Plenary talks"), not a paper."""


class Likeness(Abstracts):
    """The tables ``bands`` and ``versions``."""

    def link(self, key: int, abstract: Abstract, before: Abstract | None) -> None:
        """Enter an abstract, in place of what it was ``before``, and pair it with its versions. In a transaction."""
        connection = self._connection()
        if before is not None:
            self.unlink(key, before)
        named = bands(abstract)
        marks = ",".join("?" * len(named))
        near = connection.execute(
            f"SELECT DISTINCT key FROM bands WHERE band IN ({marks}) LIMIT ?",  # noqa: S608 - question marks only
            (*named, CROWDED),
        ).fetchall()
        for other, known in self.described([int(other) for (other,) in near]).items():
            if are_versions(abstract, known):
                connection.executemany("INSERT OR IGNORE INTO versions VALUES (?, ?)", [(key, other), (other, key)])
        connection.executemany("INSERT OR IGNORE INTO bands VALUES (?, ?)", [(band, key) for band in named])

    def unlink(self, key: int, abstract: Abstract) -> None:
        """Take an abstract, as it was entered, out again. In a transaction."""
        connection = self._connection()
        connection.executemany(
            "DELETE FROM bands WHERE band = ? AND key = ?", [(band, key) for band in bands(abstract)]
        )
        others = connection.execute("SELECT other FROM versions WHERE key = ?", (key,)).fetchall()
        connection.execute("DELETE FROM versions WHERE key = ?", (key,))
        connection.executemany(
            "DELETE FROM versions WHERE key = ? AND other = ?", [(other, key) for (other,) in others]
        )

    def versions(self, keys: Sequence[int]) -> dict[int, list[int]]:
        """The other versions of each key that has some: all that a chain of pairs leads to, oldest first."""
        pairs: dict[int, set[int]] = defaultdict(set)
        ahead, asked = list(keys), set(keys)
        while ahead:
            found = set()
            query = "SELECT key, other FROM versions WHERE key IN (SELECT value FROM json_each(?))"
            for key, other in self._connection().execute(query, (listed(ahead),)):
                pairs[key].add(other)
                found.add(other)
            ahead = sorted(found - asked)
            asked |= found
        return {key: _reached(key, pairs) for key in keys if key in pairs}


def _reached(start: int, pairs: Mapping[int, set[int]]) -> list[int]:
    reached, ahead = {start}, [start]
    while ahead:
        new = pairs.get(ahead.pop(), set()) - reached
        reached |= new
        ahead += new
    return sorted(reached - {start})
