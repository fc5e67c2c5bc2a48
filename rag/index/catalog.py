"""The catalog: one SQLite file that is the truth about a corpus. Chroma and Tantivy are derived from it.

An abstract is first committed here as *pending*, then written to the two indexes, then marked *done*; a crash in
between leaves it pending, and whoever opens the corpus next finishes it. Removal walks the same way: *removing*, the
indexes, then the row goes.
"""

import json
import os
import shutil
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from rag.errors import CorpusDamagedError, CorpusError, EmbedderMismatchError
from rag.index.damage import catalog_damage
from rag.index.embed import Identity
from rag.index.schema import DONE, PENDING, SCHEMA_VERSION, STATEMENTS
from rag.index.vectors import Comparable, Vectors
from rag.records import Abstract, Filters, Source

COLUMNS = "id, title, title_derived, text, authors, year, venue, doi, pmid, arxiv_id, url, keywords"
IS_DONE = "key NOT IN (SELECT key FROM abstracts WHERE state != 0)"
"""As ``state = 0``, but the state stands beside the texts: asked so, an index answers without reading them."""


class Catalog:
    """Reads and writes one catalog file; every thread gets a connection of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._opening = threading.Lock()
        fresh = not path.exists()
        try:
            connection = self._connection()
            if fresh or not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
                self._create(connection)
            version = int(self.meta("schema_version") or 0)
        except sqlite3.OperationalError as error:
            # The file is not damaged: it is locked, may not be written to, or the disk is full.
            self.close()
            raise self._unwritable(error) from error
        except sqlite3.DatabaseError as error:
            self.close()
            raise catalog_damage(path, error) from error
        if version != SCHEMA_VERSION:
            self.close()
            raise CorpusError(
                f"The corpus in {path.parent} was made by another version of Footnote (catalog {version}, here "
                f"{SCHEMA_VERSION}); ingest its files into a new corpus with --corpus NAME."
            )

    def _create(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN IMMEDIATE")
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
            for statement in STATEMENTS:
                connection.execute(statement)
            connection.execute("INSERT INTO meta VALUES ('schema_version', ?)", (str(SCHEMA_VERSION),))
        connection.execute("COMMIT")

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            # Autocommit: transactions are opened by name, in ``transaction``. Closing happens from another thread.
            connection = sqlite3.connect(self.path, timeout=30, isolation_level=None, check_same_thread=False)
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = OFF")
            connection.execute("PRAGMA cache_size = -32000")
            self._local.connection = connection
            with self._opening:
                self._connections.append(connection)
        return connection

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._opening:
            for connection in self._connections:
                connection.close()
            self._connections.clear()
        self._local = threading.local()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One write transaction; rolled back when the block raises. A full disk becomes a CorpusError."""
        connection = self._connection()
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            _roll_back(connection)
            raise self._unwritable(error) from error
        except BaseException:
            _roll_back(connection)
            raise

    def _unwritable(self, error: sqlite3.OperationalError) -> CorpusError:
        if not os.access(self.path.parent, os.W_OK):
            return CorpusError(
                f"The corpus folder {self.path.parent} may not be written to, and reading writes a little, too; change its "
                "permissions, or copy it and set RAG_HOME to the folder above the copy."
            )
        return CorpusError(
            f"The catalog {self.path} could not be written ({error}); what was committed before is kept: "
            f"free some space or check permissions ({_free(self.path)} free), then run the same command again."
        )

    # --- meta -----------------------------------------------------------------------------------------------------

    def meta(self, name: str) -> str | None:
        """A value kept about the corpus itself, or None."""
        row = self._connection().execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def set_meta(self, name: str, value: str) -> None:
        """Keep a value about the corpus itself."""
        connection = self._connection()
        if connection.in_transaction:
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))
        else:
            with self.transaction():
                self.set_meta(name, value)

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

    def count(self) -> int:
        """Abstracts that can be searched."""
        # Both counts walk an index; one with WHERE state = 0 would read every text.
        query = "SELECT (SELECT count(*) FROM abstracts) - (SELECT count(*) FROM abstracts WHERE state != 0)"
        return int(self._connection().execute(query).fetchone()[0])

    def empty(self) -> bool:
        """Whether nothing can be searched; unlike ``count`` it costs nothing."""
        return self._connection().execute("SELECT 1 FROM abstracts WHERE state = 0 LIMIT 1").fetchone() is None

    def key_of(self, abstract_id: str) -> int | None:
        """The key of the abstract with that id, whatever its state."""
        row = self._connection().execute("SELECT key FROM abstracts WHERE id = ?", (abstract_id,)).fetchone()
        return None if row is None else int(row[0])

    def find(self, name: str) -> int | None:
        """The key of the abstract that an identity key ("doi:...", "text:...") names."""
        row = self._connection().execute("SELECT key FROM identifiers WHERE name = ?", (name,)).fetchone()
        return None if row is None else int(row[0])

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

    def places(self, key: int, path: str) -> set[int]:
        """The records of a file that were last seen to hold the abstract."""
        rows = self._connection().execute("SELECT record FROM sources WHERE key = ? AND path = ?", (key, path))
        return {int(record) for (record,) in rows}

    def find_record_id(self, path: str, record_id: str) -> int | None:
        """The key of what a file last called ``record_id``."""
        row = (
            self._connection()
            .execute("SELECT key FROM sources WHERE path = ? AND record_id = ? AND record_id != ''", (path, record_id))
            .fetchone()
        )
        return None if row is None else int(row[0])

    def abstracts(self, keys: Sequence[int]) -> dict[int, Abstract]:
        """The abstracts of those keys, with their sources; keys that are gone are left out."""
        found: dict[int, Abstract] = {}
        sources: dict[int, list[Source]] = {}
        for some in _paged(keys):
            marks = ",".join("?" * len(some))
            # ``marks`` holds question marks only.
            for path, record, record_id, key in self._connection().execute(
                f"SELECT path, record, record_id, key FROM sources WHERE key IN ({marks}) ORDER BY path, record",  # noqa: S608
                some,
            ):
                sources.setdefault(key, []).append(Source(path, record, record_id))
            for key, *row in self._connection().execute(
                f"SELECT key, {COLUMNS} FROM abstracts WHERE key IN ({marks})",  # noqa: S608
                some,
            ):
                found[key] = _abstract(row, tuple(sources.get(key, ())))
        return found

    def vectors(self, keys: Sequence[int]) -> dict[int, Vectors]:
        """Spans and vectors of those keys; keys that are gone are left out."""
        found: dict[int, Vectors] = {}
        for some in _paged(keys):
            rows = self._connection().execute(
                f"SELECT * FROM vectors WHERE key IN ({','.join('?' * len(some))})",  # noqa: S608 - question marks only
                some,
            )
            for key, spans, codes, scales, chunk_spans, chunk_vectors in rows:
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
        rows: list[tuple[int, bytes, bytes, bytes]] = []
        for some in _paged(keys):
            marks = ",".join("?" * len(some))
            query = f"SELECT key, {columns} FROM vectors WHERE key IN ({marks})"  # noqa: S608 - question marks only
            rows += self._connection().execute(query, some)
        found, codes, scales, chunks = zip(*rows, strict=True) if rows else ((), (), (), ())
        embedder = self.embedder()
        width = embedder.dimensions if embedder else 1
        return Comparable(
            keys=list(found),
            sentence_codes=np.frombuffer(b"".join(codes), np.int8).reshape(-1, width),
            sentence_scales=np.frombuffer(b"".join(scales), np.float32),
            sentence_counts=np.fromiter(map(len, scales), np.int64) // 4,
            chunk_vectors=np.frombuffer(b"".join(chunks), np.float16).reshape(-1, width),
            chunk_counts=np.fromiter(map(len, chunks), np.int64) // (2 * width),
        )

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
        found: list[int] = []
        for some in _paged(keys):
            # The plus keeps SQLite from walking an index of what the filters allow instead of these few rows.
            within = f"key IN ({','.join('?' * len(some))}) AND {' AND '.join(f'+({each})' for each in clauses)}"
            query = f"SELECT key FROM abstracts WHERE {within}"  # noqa: S608 - clauses are ours
            found += [key for (key,) in self._connection().execute(query, [*some, *values])]
        return found

    def _clauses(self, filters: Filters | None, state: int) -> tuple[list[str], list[Any]]:
        # As the index of the unfinished has it, or it would not be used.
        clauses = [IS_DONE] if state == DONE else ["state != 0", f"state = {state}"]
        if not filters:
            return clauses, []
        more, values = _where(filters)
        if filters.sources:
            known = self._paths()
            paths = [path for path in known if any(_names(source, path) for source in filters.sources)]
            if len(paths) < len(known) or not paths:
                # A source alone is looked up by its path, beside other filters by the abstracts that these leave.
                within = "FROM sources WHERE path IN (SELECT value FROM json_each(?))"
                beside = f"EXISTS (SELECT 1 {within} AND sources.key = abstracts.key)"
                more.append(beside if more else f"key IN (SELECT key {within})")
                values.append(json.dumps(paths))
        return clauses + more, values

    def _paths(self) -> list[str]:
        """Every path that is the source of an abstract, each found by one seek."""
        query = (
            "WITH RECURSIVE paths(path) AS (SELECT min(path) FROM sources UNION ALL "
            "SELECT (SELECT min(path) FROM sources WHERE sources.path > paths.path) FROM paths WHERE path IS NOT NULL) "
            "SELECT path FROM paths WHERE path IS NOT NULL"
        )
        return [path for (path,) in self._connection().execute(query)]

    def unfinished(self) -> bool:
        """Whether a crash, or a writer at work, left something between the catalog and the indexes."""
        return self._connection().execute("SELECT 1 FROM abstracts WHERE state != 0 LIMIT 1").fetchone() is not None

    def indexed_chunks(self, keys: Sequence[int]) -> dict[int, int]:
        """The most chunks that the vector store may hold of each key."""
        found: dict[int, int] = {}
        for some in _paged(keys):
            found.update(
                self._connection().execute(
                    f"SELECT key, indexed_chunks FROM abstracts WHERE key IN ({','.join('?' * len(some))})",  # noqa: S608
                    some,
                )
            )
        return found

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

    def put(self, abstract: Abstract, vectors: Vectors | None, names: Iterable[str]) -> int:
        """Write an abstract by its id and return its key; with ``vectors`` it becomes pending for the indexes."""
        connection = self._connection()
        row = (
            abstract.title, abstract.title_derived, abstract.text, json.dumps(abstract.authors), abstract.year,
            abstract.venue, abstract.doi, abstract.pmid, abstract.arxiv_id, abstract.url, json.dumps(abstract.keywords),
        )  # fmt: skip
        key = self.key_of(abstract.id)
        if key is None:
            marks = ",".join("?" * 14)
            key = connection.execute(
                f"INSERT INTO abstracts ({COLUMNS}, state, indexed_chunks) VALUES ({marks})",  # noqa: S608
                (abstract.id, *row, PENDING, 0),
            ).lastrowid
            if key is None:
                raise CorpusDamagedError(f"The catalog {self.path} gave no key for {abstract.id}; run: rag verify.")
        else:
            connection.execute(
                "UPDATE abstracts SET (title, title_derived, text, authors, year, venue, doi, pmid, arxiv_id, url, "
                "keywords) = (?,?,?,?,?,?,?,?,?,?,?) WHERE key = ?",
                (*row, key),
            )
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
        connection.execute("DELETE FROM identifiers WHERE key = ?", (key,))
        connection.executemany("INSERT OR IGNORE INTO identifiers VALUES (?, ?)", [(name, key) for name in names])
        return key

    def put_source(self, source: Source, digest: str, key: int, run: int) -> None:
        """Remember that this place of a file holds that abstract."""
        self._connection().execute(
            "INSERT OR REPLACE INTO sources VALUES (?, ?, ?, ?, ?, ?)",
            (source.path, source.record, key, source.record_id, bytes.fromhex(digest), run),
        )

    def forget_places(self, path: str, seen: Mapping[int, int]) -> None:
        """Forget where else a file held the abstracts that a whole reading of it saw, given as record to key."""
        connection = self._connection()
        there = set(seen.values())
        rows = connection.execute("SELECT record, key FROM sources WHERE path = ?", (path,)).fetchall()
        moved = [(path, record, key) for record, key in rows if key in there and seen.get(record) != key]
        connection.executemany("DELETE FROM sources WHERE path = ? AND record = ? AND key = ?", moved)

    def detach(self, path: str, record_id: str, key: int) -> bool:
        """Take a record of a file away from an abstract; returns whether that leaves it without a source."""
        connection = self._connection()
        connection.execute("DELETE FROM sources WHERE path = ? AND record_id = ? AND key = ?", (path, record_id, key))
        return connection.execute("SELECT 1 FROM sources WHERE key = ?", (key,)).fetchone() is None

    def mark_removing(self, keys: Sequence[int]) -> None:
        """Hide abstracts from reading; ``forget`` deletes them once the indexes have."""
        self._connection().executemany("UPDATE abstracts SET state = 2 WHERE key = ?", [(key,) for key in keys])

    def forget(self, keys: Sequence[int]) -> None:
        """Delete abstracts and all that hangs on them."""
        connection = self._connection()
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

    # --- the ledger and the feedback ------------------------------------------------------------------------------

    def start_run(self, now: str) -> int:
        """Enter an ingest into the ledger; returns its number."""
        with self.transaction() as connection:
            return int(connection.execute("INSERT INTO runs (started) VALUES (?)", (now,)).lastrowid or 0)

    def finish_run(self, number: int, now: str, report: str) -> None:
        """Complete the entry of an ingest."""
        with self.transaction() as connection:
            connection.execute("UPDATE runs SET finished = ?, report = ? WHERE number = ?", (now, report, number))

    def add_feedback(self, given: str, good: bool, comment: str, answer: str) -> None:
        """Keep what a user thought of an answer (its JSON)."""
        row = (given, good, comment, answer)
        with self.transaction() as connection:
            connection.execute("INSERT INTO feedback (given, good, comment, answer) VALUES (?, ?, ?, ?)", row)

    def feedback(self) -> list[tuple[str, bool, str, str]]:
        """All feedback in the order given: when, good or not, comment, the answer's JSON."""
        rows = self._connection().execute("SELECT given, good, comment, answer FROM feedback ORDER BY number")
        return [(given, bool(good), comment, answer) for given, good, comment, answer in rows]

    # --- the whole file -------------------------------------------------------------------------------------------

    def copy_to(self, path: Path) -> None:
        """Write the catalog as it is now to a new file, while others go on; raises CorpusDamagedError when it is damaged."""
        try:
            self._connection().execute("VACUUM INTO ?", (str(path),))
        except sqlite3.OperationalError as error:
            raise CorpusError(f"The catalog could not be copied to {path} ({error}); free some space there.") from error
        except sqlite3.DatabaseError as error:
            raise catalog_damage(self.path, error) from error

    def replace_with(self, path: Path) -> None:
        """Take over another catalog file in one transaction, which the connections of all processes see."""
        with closing(sqlite3.connect(path)) as source:
            try:
                source.backup(self._connection())
            except sqlite3.Error as error:
                raise CorpusError(
                    f"The catalog {self.path} could not be replaced ({error}) and is as it was; free some space or check "
                    f"permissions ({_free(self.path)} free), then run the same command again."
                ) from error

    def check(self) -> list[str]:
        """What SQLite itself finds wrong with the file; empty when it is sound."""
        try:
            rows = self._connection().execute("PRAGMA quick_check").fetchall()
        except sqlite3.DatabaseError as error:
            return [str(error)]
        return [row[0] for row in rows if row[0] != "ok"]


def _abstract(row: Sequence[Any], sources: tuple[Source, ...]) -> Abstract:
    identity, title, derived, text, authors, year, venue, doi, pmid, arxiv_id, url, keywords = row
    return Abstract(
        id=identity, text=text, title=title, title_derived=bool(derived), authors=tuple(json.loads(authors)), year=year,
        venue=venue, doi=doi, pmid=pmid, arxiv_id=arxiv_id, url=url, keywords=tuple(json.loads(keywords)),
        sources=sources,
    )  # fmt: skip


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
    """Whether a source filter means ``path``: the file as listed, its bare name, or a folder above it; in any case."""
    path, plain = path.lower(), source.lower().rstrip("/")
    if plain.startswith("/"):
        return path == plain or path.startswith(plain + "/")
    return path == plain or f"/{plain.removeprefix('./')}/" in path + "/"


def _paged(keys: Sequence[int], size: int = 500) -> Iterator[list[int]]:
    for start in range(0, len(keys), size):
        yield [int(key) for key in keys[start : start + size]]


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _free(path: Path) -> str:
    return f"{shutil.disk_usage(path.parent).free / 2**20:.0f} MiB"
