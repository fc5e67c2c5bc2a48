"""What goes wrong in a derived index, said in one sentence with the remedy that fits."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rag.errors import CorpusDamagedError, CorpusError

_NO_SPACE = (
    "disk is full", "No space left", "os error 28", "File too large", "quota exceeded", "os error 122", "disk I/O error",
)  # fmt: skip
"""How SQLite and Tantivy say that the disk, or the user's quota, is full."""
_SCARCE = 16 * 2**20
"""Bytes; Chroma does not say why it failed ("Error in compaction: ..."), and with less than this it will be that."""


def catalog_damage(path: Path, reason: object) -> CorpusDamagedError:
    """The error for a catalog that SQLite cannot read: the truth itself is lost, so the remedy is a backup."""
    return CorpusDamagedError(
        f"The catalog {path} cannot be read ({reason}); restore a backup with: rag restore FILE --force, or remove the folder "
        f"{path.parent} and ingest again."
    )


@contextmanager
def said(what: str, folder: Path) -> Iterator[None]:
    """Raise CorpusError when the disk was full and CorpusDamagedError otherwise.

    Chroma reports trouble as anything from ValueError to its own InternalError and Tantivy as ValueError, OSError or
    KeyError, none of which tells a full disk from damage by its type. Both are written in Rust, whose panics are no
    Exception.
    """
    try:
        yield
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        reason = str(error).splitlines()[0].rstrip(".") if str(error) else repr(error)
        free = shutil.disk_usage(folder.parent).free
        if free < _SCARCE or any(sign in str(error) for sign in _NO_SPACE):
            raise CorpusError(
                f"The {what} {folder} could not be written ({reason}); what was committed before is kept: free some "
                f"space ({free / 2**20:.0f} MiB free), then run the same command again."
            ) from error
        raise CorpusDamagedError(f"The {what} {folder} cannot be used ({reason}); run: rag rebuild.") from error
