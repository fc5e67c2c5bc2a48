"""The catalog: one SQLite file that is the truth about a corpus. Chroma and Tantivy are derived from it.

An abstract is first committed here as *pending*, then written to the two indexes, then marked *done*; a crash in
between leaves it pending, and whoever opens the corpus next finishes it. Removal walks the same way: *removing*, the
indexes, then the row goes.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from rag.errors import EmbedderMismatchError
from rag.index.database import listed
from rag.index.embed import Identity
from rag.index.ledger import Ledger
from rag.index.likeness import Likeness
from rag.index.places import Places
from rag.index.schema import PENDING
from rag.index.selection import IS_DONE
from rag.index.vectors import Comparable, Vectors
from rag.records import Abstract, Source


class Catalog(Likeness, Places, Ledger):
    """Reads and writes one catalog file; every thread gets a connection of its own."""

    # --- meta -----------------------------------------------------------------------------------------------------

    def generation(self) -> int:
        """Counts the changes to the derived indexes; a process that sees it move opens them again."""
        return int(self.meta("generation") or 0)

    def claim_embedder(self, identity: Identity, *, write: bool) -> None:
        """Raise EmbedderMismatchError when the corpus was made with another embedder; a new corpus remembers this one."""
        known = self.meta("embedder")
        if known is None:
            if write:
                self.set_meta("embedder", json.dumps([identity.name, identity.dimensions, identity.digest]))
            return
        made_with = Identity(*json.loads(known))
        if made_with.digest != identity.digest:
            raise EmbedderMismatchError(
                f"The corpus in {self.path.parent} was made with the embedder {made_with.name} "
                f"({made_with.dimensions} dimensions), not with {identity.name} ({identity.dimensions}); "
                "set RAG_EMBED_MODEL back, or use another corpus with --corpus NAME."
            )

    def embedder(self) -> Identity | None:
        """The embedder that the corpus was made with; None while it is empty."""
        known = self.meta("embedder")
        return None if known is None else Identity(*json.loads(known))

    # --- reading --------------------------------------------------------------------------------------------------

    def abstracts(self, keys: Sequence[int]) -> dict[int, Abstract]:
        """The abstracts of those keys, with sources and versions; keys that are gone are left out."""
        sources: dict[int, list[Source]] = {}
        query = (
            "SELECT path, record, record_id, key FROM sources WHERE key IN (SELECT value FROM json_each(?)) "
            "ORDER BY path, record"
        )
        for path, record, record_id, key in self._connection().execute(query, (listed(keys),)):
            sources.setdefault(key, []).append(Source(path, record, record_id))
        versions = self.versions(keys)
        named = self.ids(sorted({other for others in versions.values() for other in others}))
        return {
            key: replace(
                abstract,
                sources=tuple(sources.get(key, ())),
                versions=tuple(named[other] for other in versions.get(key, ()) if other in named),
            )
            for key, abstract in self.described(keys).items()
        }

    def vectors(self, keys: Sequence[int]) -> dict[int, Vectors]:
        """Spans and vectors of those keys; keys that are gone are left out."""
        found: dict[int, Vectors] = {}
        query = "SELECT * FROM vectors WHERE key IN (SELECT value FROM json_each(?))"
        for key, spans, codes, scales, chunk_spans, chunk_vectors in self._connection().execute(query, (listed(keys),)):
            sentence_spans = np.frombuffer(spans, np.int32).reshape(-1, 2)
            chunks = np.frombuffer(chunk_spans, np.int32).reshape(-1, 2)
            found[key] = Vectors(
                sentence_spans=sentence_spans,
                sentence_codes=np.frombuffer(codes, np.int8).reshape(len(sentence_spans), -1),
                sentence_scales=np.frombuffer(scales, np.float32),
                chunk_spans=chunks,
                chunk_vectors=np.frombuffer(chunk_vectors, np.float16).reshape(len(chunks), -1),
            )
        return found

    def comparable(self, keys: Sequence[int]) -> Comparable:
        """The vectors of those keys for one comparison with a question; keys that are gone are left out."""
        return self._comparable(keys, "sentence_codes, sentence_scales, chunk_vectors")

    def comparable_chunks(self, keys: Sequence[int]) -> Comparable:
        """As ``comparable``, but without the sentences."""
        return self._comparable(keys, "x'', x'', chunk_vectors")

    def _comparable(self, keys: Sequence[int], columns: str) -> Comparable:
        found: list[int] = []
        codes: list[bytes] = []
        scales: list[bytes] = []
        chunks: list[bytes] = []
        query = f"SELECT key, {columns} FROM vectors WHERE key IN (SELECT value FROM json_each(?))"  # noqa: S608 - our own
        # Row by row: thousands of rows held at once bring on a full garbage collection, 40 ms, every few searches.
        for key, code, scale, chunk in self._connection().execute(query, (listed(keys),)):
            found.append(key)
            codes.append(code)
            scales.append(scale)
            chunks.append(chunk)
        embedder = self.embedder()
        width = embedder.dimensions if embedder else 1
        return Comparable(
            keys=found,
            sentence_codes=np.frombuffer(b"".join(codes), np.int8).reshape(-1, width),
            sentence_scales=np.frombuffer(b"".join(scales), np.float32),
            sentence_counts=np.fromiter(map(len, scales), np.int64) // 4,
            chunk_vectors=np.frombuffer(b"".join(chunks), np.float16).reshape(-1, width),
            chunk_counts=np.fromiter(map(len, chunks), np.int64) // (2 * width),
        )

    def unfinished(self) -> bool:
        """Whether a crash, or a writer at work, left something between the catalog and the indexes."""
        return self._connection().execute("SELECT 1 FROM abstracts WHERE state != 0 LIMIT 1").fetchone() is not None

    def lacks_vectors(self) -> bool:
        """Whether an abstract that can be searched has no vectors."""
        query = "SELECT 1 FROM abstracts WHERE state = 0 AND key NOT IN (SELECT key FROM vectors) LIMIT 1"
        return self._connection().execute(query).fetchone() is not None

    def indexed_chunks(self, keys: Sequence[int]) -> dict[int, int]:
        """The most chunks that the vector store may hold of each key."""
        query = "SELECT key, indexed_chunks FROM abstracts WHERE key IN (SELECT value FROM json_each(?))"
        return dict(self._connection().execute(query, (listed(keys),)).fetchall())

    def counts_by(self, what: str) -> dict[Any, int]:
        """Abstracts by 'year', 'venue' or source 'path', most frequent first; unknown years are left out."""
        queries = {
            "year": "SELECT year, count(*) FROM abstracts WHERE year IS NOT NULL AND {} GROUP BY year ORDER BY year",
            "venue": "SELECT venue, count(*) n FROM abstracts WHERE venue != '' AND {} GROUP BY venue ORDER BY n DESC",
            "path": "SELECT path, count(*) FROM sources GROUP BY path ORDER BY path",
        }
        return dict(self._connection().execute(queries[what].format(IS_DONE)).fetchall())

    def totals(self) -> tuple[int, int]:
        """Sentences and chunks in the corpus."""
        row = (
            self._connection()
            .execute(
                "SELECT coalesce(sum(length(sentence_spans)), 0) / 8, coalesce(sum(length(chunk_spans)), 0) / 8 FROM vectors"
            )
            .fetchone()
        )
        return int(row[0]), int(row[1])

    # --- writing (inside ``transaction``) -------------------------------------------------------------------------

    def put(self, abstract: Abstract, vectors: Vectors | None, names: Sequence[str]) -> int:
        """Write an abstract by its id and return its key; with ``vectors`` it becomes pending for the indexes."""
        connection = self._connection()
        known = self.key_of(abstract.id)
        before = None if known is None else self.described([known])[known]
        key = self.put_row(abstract)
        if before is None or (before.text, before.title, before.authors) != (
            abstract.text,
            abstract.title,
            abstract.authors,
        ):
            self.link(key, abstract, before)
        if vectors is not None:
            connection.execute(
                "INSERT OR REPLACE INTO vectors VALUES (?,?,?,?,?,?)",
                (
                    key,
                    vectors.sentence_spans.astype(np.int32).tobytes(),
                    vectors.sentence_codes.tobytes(),
                    vectors.sentence_scales.tobytes(),
                    vectors.chunk_spans.astype(np.int32).tobytes(),
                    vectors.chunk_vectors.tobytes(),
                ),
            )
            connection.execute(
                "UPDATE abstracts SET state = ?, indexed_chunks = max(indexed_chunks, ?) WHERE key = ?",
                (PENDING, len(vectors.chunk_spans), key),
            )
        self.put_identifiers(key, names)
        return key

    def mark_removing(self, keys: Sequence[int]) -> None:
        """Hide abstracts from reading; ``forget`` deletes them once the indexes have."""
        self._connection().executemany("UPDATE abstracts SET state = 2 WHERE key = ?", [(key,) for key in keys])

    def forget(self, keys: Sequence[int]) -> None:
        """Delete abstracts and all that hangs on them."""
        connection = self._connection()
        for key, abstract in self.described(keys).items():
            self.unlink(key, abstract)
        rows = [(key,) for key in keys]
        for table in ("sources", "identifiers", "vectors", "abstracts"):
            connection.executemany(f"DELETE FROM {table} WHERE key = ?", rows)  # noqa: S608 - our own table names

    def mark_done(self, keys: Sequence[int]) -> None:
        """Say that both indexes hold exactly the current chunks of these abstracts, and move the generation."""
        connection = self._connection()
        connection.executemany(
            "UPDATE abstracts SET state = 0, indexed_chunks = "
            "(SELECT length(chunk_spans) / 8 FROM vectors WHERE vectors.key = abstracts.key) WHERE key = ? AND state = 1",
            [(key,) for key in keys],
        )
        self.bump()

    def mark_all_pending(self) -> None:
        """Ask for every abstract to be written to the indexes again."""
        self._connection().execute("UPDATE abstracts SET state = 1 WHERE state = 0")

    def bump(self) -> None:
        """Move the generation, so that other processes notice."""
        self.set_meta("generation", str(self.generation() + 1))
