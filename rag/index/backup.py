"""A corpus as one file: the catalog, which is the truth, compressed in a zip beside a manifest that vouches for it.

The two indexes are not in it; they are made again from the catalog, and nothing is embedded again.
"""

import hashlib
import json
import os
import shutil
import tempfile
import zipfile
import zlib
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO

from rag.errors import CorpusDamagedError, CorpusError, InputError, UsageError
from rag.index.catalog import Catalog
from rag.index.index import Index, Report
from rag.index.lock import WriterLock
from rag.index.migrate import migrate
from rag.index.schema import SCHEMA_VERSION

FORMAT = "footnote-backup-1"
_MANIFEST, _CATALOG = "manifest.json", "catalog.sqlite"
_BLOCK = 2**20
_STAGED = "restoring.sqlite"
_OF_THE_CORPUS = ("corpus_id", "vector_store")
"""What the catalog remembers about where its indexes are."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself. ``bytes`` and ``sha256`` are of the catalog in it, ``created`` is UTC."""

    format: str
    footnote: str
    schema: int
    created: str
    abstracts: int
    embedder: str
    bytes: int
    sha256: str


def backup(catalog: Catalog, file: Path) -> Manifest:
    """Write the corpus to ``file``, whole or not at all; questions and ingests go on meanwhile.

    It holds what was committed when the backup began. Raises CorpusError when ``file`` cannot be written, or the catalog
    is damaged.
    """
    try:
        with tempfile.TemporaryDirectory(prefix=".backup-", dir=file.parent) as folder:
            copy, packed = Path(folder) / _CATALOG, Path(folder) / "packed.zip"
            catalog.copy_to(copy)
            snapshot = Catalog(copy)
            try:
                embedder = snapshot.embedder()
                abstracts = snapshot.count()
            finally:
                snapshot.close()
            with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
                with copy.open("rb") as source, archive.open(_CATALOG, "w", force_zip64=True) as target:
                    size, digest = _copy(source, target)
                manifest = Manifest(
                    format=FORMAT, footnote=version("footnote-rag"), schema=SCHEMA_VERSION,
                    created=datetime.now(UTC).isoformat(timespec="seconds"), abstracts=abstracts,
                    embedder=embedder.name if embedder else "", bytes=size, sha256=digest,
                )  # fmt: skip
                archive.writestr(_MANIFEST, json.dumps(asdict(manifest), indent=2))
            with packed.open("rb") as written:
                os.fsync(written.fileno())
            packed.replace(file)
    except OSError as error:
        raise CorpusError(
            f"The backup {file} could not be written ({error.strerror or error}); name a file in a folder that you may "
            "write to and that has room for it."
        ) from error
    return manifest


def restore(index: Index, file: Path, *, force: bool = False, report: Report | None = None) -> Manifest:
    """Put what ``file`` holds in the place of the corpus; killed at any moment it leaves the old or the new one.

    The catalog is exchanged in one transaction, which every open process sees; then both indexes are made again. Raises
    InputError, having touched nothing, when ``file`` is not a whole backup, and UsageError without ``force`` for a
    corpus that holds abstracts.
    """
    manifest = read_manifest(file)
    staged = index.folder / _STAGED
    with index.lock.held():
        if not force and not (index.catalog.empty() and not index.catalog.unfinished()):
            raise UsageError(
                f"The corpus in {index.folder} holds abstracts, which the backup would replace; add --force, or restore "
                "into a new corpus with --corpus NAME."
            )
        try:
            _unpack(file, manifest, staged)
            migrate(staged, index.lock)
            _adapt(staged, index.catalog, file)
            index.replace_catalog(staged, report)
        finally:
            _remove(staged)
    return manifest


def set_aside(folder: Path) -> None:
    """Move a catalog that cannot be read out of the way, under the writer's lock, so that a backup can be restored."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    with WriterLock(folder).held():
        for end in ("-wal", "-shm", ""):
            with suppress(FileNotFoundError):
                (folder / f"{_CATALOG}{end}").rename(folder / f"damaged-{stamp}.sqlite{end}")


def read_manifest(file: Path) -> Manifest:
    """What a backup says of itself; raises InputError when it is no backup, or was cut short."""
    try:
        with zipfile.ZipFile(file) as archive, archive.open(_MANIFEST) as entry:
            manifest = Manifest(**json.loads(entry.read(_BLOCK)))
    except FileNotFoundError:
        raise InputError(f"There is no file {file}; name one that rag backup wrote.") from None
    except (OSError, KeyError, ValueError, TypeError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise _not_a_backup(file, error) from error
    if manifest.format != FORMAT:
        raise _not_a_backup(file, ValueError(f"its format is {manifest.format!r}"))
    return manifest


def _unpack(file: Path, manifest: Manifest, staged: Path) -> None:
    """Write the catalog of a backup to ``staged``; raises InputError when it is not what the manifest vouches for."""
    _remove(staged)
    free = shutil.disk_usage(staged.parent).free
    if free < 2 * manifest.bytes:
        raise CorpusError(
            f"Restoring {file} needs {2 * manifest.bytes / 2**20:.0f} MiB in {staged.parent}, where {free / 2**20:.0f} "
            "MiB are free; free some space, then run the same command again."
        )
    try:
        with zipfile.ZipFile(file) as archive, archive.open(_CATALOG) as source, staged.open("wb") as target:
            size, digest = _copy(source, target, manifest.bytes)
    except OSError as error:
        raise CorpusError(
            f"The backup {file} could not be unpacked to {staged} ({error}); nothing was changed."
        ) from error
    except (KeyError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise _not_a_backup(file, error) from error
    if (size, digest) != (manifest.bytes, manifest.sha256):
        raise _not_a_backup(file, ValueError("its checksum is wrong"))


def _adapt(staged: Path, current: Catalog, file: Path) -> None:
    """Prepare the staged catalog to take the place of the current one.

    All of it is to go to the indexes anew, and where those are is for the corpus to say, not for the backup.
    """
    try:
        catalog = Catalog(staged)
    except CorpusDamagedError as error:
        raise _not_a_backup(file, error) from error
    try:
        if problems := catalog.check():
            raise _not_a_backup(file, ValueError(problems[0]))
        with catalog.transaction() as connection:
            catalog.mark_all_pending()
            catalog.set_meta("generation", str(current.generation() + 1))
            for name in _OF_THE_CORPUS:
                connection.execute("DELETE FROM meta WHERE name = ?", (name,))
                if (value := current.meta(name)) is not None:
                    catalog.set_meta(name, value)
    finally:
        catalog.close()


def _copy(source: IO[bytes], target: IO[bytes], limit: int | None = None) -> tuple[int, str]:
    """Copy and return how many bytes, with their SHA-256; stops after ``limit``."""
    digest, size = hashlib.sha256(), 0
    while (limit is None or size <= limit) and (block := source.read(_BLOCK)):
        digest.update(block)
        target.write(block)
        size += len(block)
    return size, digest.hexdigest()


def _remove(staged: Path) -> None:
    for end in ("", "-wal", "-shm", "-journal"):
        staged.with_name(staged.name + end).unlink(missing_ok=True)


def _not_a_backup(file: Path, reason: Exception) -> InputError:
    said = str(reason).rstrip(".") or type(reason).__name__
    return InputError(f"{file} is not a whole backup ({said}); nothing was changed: name a file that rag backup wrote.")
