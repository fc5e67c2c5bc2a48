"""One SQLite file: a connection for every thread, transactions, and what is kept about the corpus itself."""

import json
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from rag.errors import CorpusError, CorpusLockedError
from rag.index.damage import catalog_damage
from rag.index.schema import SCHEMA_VERSION, STATEMENTS

WAIT = 30.0
"""Seconds to wait for another connection that writes."""


class Database:
    """Opens the file, made when new; raises CorpusError when it cannot be used and CorpusDamagedError when it is none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._connections: dict[threading.Thread, sqlite3.Connection] = {}
        self._opening = threading.Lock()
        fresh = not path.exists()
        try:
            connection = self._connection()
            if fresh or not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
                self._create(connection)
            version = int(self.meta("schema_version") or 0)
        except sqlite3.DatabaseError as error:
            self.close()
            raise self.said(error) from error
        self._expect(version)

    def _expect(self, version: int) -> None:
        """Raise CorpusError when this is not the version that can be read and written here."""
        if version != SCHEMA_VERSION:
            self.close()
            raise CorpusError(
                f"The catalog {self.path} is of version {version}, and this Footnote knows version {SCHEMA_VERSION}; "
                "install the newest Footnote (pip install -U footnote-rag), or use another corpus with --corpus NAME."
            )

    def _create(self, connection: sqlite3.Connection) -> None:
        _write_ahead(connection)
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
            connection = sqlite3.connect(self.path, timeout=WAIT, isolation_level=None, check_same_thread=False)
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = OFF")
            connection.execute("PRAGMA cache_size = -32000")
            self._local.connection = connection
            with self._opening:
                for thread in [each for each in self._connections if not each.is_alive()]:
                    self._connections.pop(thread).close()
                self._connections[threading.current_thread()] = connection
        return connection

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._opening:
            for connection in self._connections.values():
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
            raise self.said(error) from error
        except BaseException:
            _roll_back(connection)
            raise

    def said(self, error: sqlite3.DatabaseError) -> CorpusError:
        """The error to raise instead."""
        kind = error.sqlite_errorcode & 0xFF
        # SQLITE_ERROR: it lacks a table or a column. Other operational errors are no damage, but a lock or a full disk.
        if kind == sqlite3.SQLITE_ERROR or not isinstance(error, sqlite3.OperationalError):
            return catalog_damage(self.path, error)
        if not os.access(self.path.parent, os.W_OK):
            return CorpusError(
                f"The corpus folder {self.path.parent} may not be written to, and reading writes a little, too; change its "
                "permissions, or copy it and set RAG_HOME to the folder above the copy."
            )
        if kind == sqlite3.SQLITE_BUSY:
            return CorpusLockedError(
                f"Another process has been writing to the catalog {self.path} for {WAIT:.0f} s; wait until it has finished, or "
                "stop it, and run the same command again."
            )
        return CorpusError(
            f"The catalog {self.path} could not be written ({error}); what was committed before is kept: "
            f"free some space or check permissions ({_free(self.path)} free), then run the same command again."
        )

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


def listed(keys: Iterable[int]) -> str:
    """``keys`` as one parameter for ``json_each(?)``: SQLite takes a limited number of them."""
    return json.dumps([int(key) for key in keys])


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch a new catalog to a write-ahead log; where two processes make it at once, SQLite does not wait by itself."""
    until = time.monotonic() + WAIT
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _free(path: Path) -> str:
    return f"{shutil.disk_usage(path.parent).free / 2**20:.0f} MiB"
