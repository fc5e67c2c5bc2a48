"""Older catalogs brought to the schema of this version, each step in one transaction: it happens whole or not at all."""

import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from rag.corpus.retraction import is_retracted
from rag.errors import CorpusError
from rag.index.database import WAIT
from rag.index.likeness import Likeness
from rag.index.lock import WriterLock
from rag.index.schema import IDENTIFIERS, LIKENESS, SCHEMA_VERSION

_log = logging.getLogger(__name__)
_PAGE = 500


def migrate(path: Path, lock: WriterLock) -> None:
    """Bring the catalog to SCHEMA_VERSION under the writer's lock; one that is there, newer, or no catalog is left alone.

    Killed half way, it is as it was. Raises CorpusLockedError while another process writes, CorpusError when the disk
    is full.
    """
    if not 0 < _version(path) < SCHEMA_VERSION:
        return
    with lock.held():
        while 0 < (version := _version(path)) < SCHEMA_VERSION:  # another process may have done it meanwhile
            _log.warning("Bringing the catalog %s from version %d to %d.", path, version, version + 1)
            _take(path, version)


def _version(path: Path) -> int:
    """The catalog's version, 0 where there is none to be read: opening it will say why."""
    if not path.exists():
        return 0
    with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(path, timeout=WAIT)) as connection:
        row = connection.execute("SELECT value FROM meta WHERE name = 'schema_version'").fetchone()
        return int(row[0]) if row else 0
    return 0


def _take(path: Path, version: int) -> None:
    database = _Older(path)
    try:
        with database.transaction() as connection:
            STEPS[version](database, connection)
            connection.execute("UPDATE meta SET value = ? WHERE name = 'schema_version'", (str(version + 1),))
    except CorpusError as error:
        raise CorpusError(f"The corpus could not be brought to this version of Footnote. {error}") from error
    finally:
        database.close()


class _Older(Likeness):
    """A catalog whose tables are not yet those of this version."""

    def _expect(self, version: int) -> None:
        """Any version will do."""


def _to_2(database: _Older, connection: sqlite3.Connection) -> None:
    """Retractions, identifiers that two papers may claim, what each source says by itself, and versions of papers."""
    connection.execute("ALTER TABLE abstracts ADD COLUMN retracted INTEGER NOT NULL DEFAULT 0")
    connection.execute("ALTER TABLE sources ADD COLUMN said TEXT")
    connection.execute("ALTER TABLE identifiers RENAME TO identifiers_1")
    connection.execute(IDENTIFIERS)
    connection.execute("INSERT INTO identifiers SELECT name, key FROM identifiers_1")
    connection.execute("DROP TABLE identifiers_1")  # and its index
    connection.execute("CREATE INDEX identifiers_key ON identifiers (key)")
    for name, columns in (("year", "year, venue"), ("venue", "venue, year")):  # of one column in the first catalogs
        connection.execute(f"DROP INDEX IF EXISTS abstracts_{name}")
        connection.execute(f"CREATE INDEX abstracts_{name} ON abstracts ({columns})")
    for statement in LIKENESS:
        connection.execute(statement)
    keys = [key for (key,) in connection.execute("SELECT key FROM abstracts ORDER BY key")]
    for start in range(0, len(keys), _PAGE):
        for key, abstract in database.described(keys[start : start + _PAGE]).items():
            if is_retracted(abstract.title, abstract.text, {"keywords": list(abstract.keywords)}):
                connection.execute("UPDATE abstracts SET retracted = 1 WHERE key = ?", (key,))
            database.link(key, abstract, None)


STEPS: dict[int, Callable[[_Older, sqlite3.Connection], None]] = {1: _to_2}
"""What leads from each version to the next."""
