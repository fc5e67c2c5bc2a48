"""Files that come, change and go in watched folders, told once they have settled."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.corpus.archive import is_read
from rag.corpus.reading import STDIN, absolute
from rag.errors import InputError

TICK = 500
"""Milliseconds between looks; a file that is the same in two looks has settled."""
_UNFINISHED = (".part", ".partial", ".crdownload", ".download", ".tmp", ".swp", "~")
"""Endings of what browsers and editors have not finished writing."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A file (or a folder that was moved in) to read, or one that is gone."""

    path: str
    gone: bool = False


def watch(paths: Sequence[str | Path]) -> Iterator[list[Changed]]:
    """What changed under the folders, and to the files, named by ``paths``; a list, often empty, every TICK.

    From the first one on nothing is missed, so that it is the moment to read what is there. Hidden files, READMEs and
    unfinished downloads are passed over. Raises InputError when a path does not exist, or no longer.
    """
    import watchfiles

    watched = [Path(absolute(path)) for path in paths]
    _check(watched)
    # The folder of a file is watched: editors save by putting a new file in the place of the old one.
    folders = {path if path.is_dir() else path.parent for path in watched}
    pending: dict[str, tuple[int, int] | None] = {}
    for events in watchfiles.watch(
        *folders, watch_filter=lambda _, path: _wanted(Path(path), watched), debounce=TICK, rust_timeout=TICK,
        yield_on_timeout=True, ignore_permission_denied=True,
    ):  # fmt: skip
        _check(watched)
        touched = {path for _, path in events}
        now = {path: _look(path) for path in pending.keys() | touched}
        settled = [path for path in pending if path not in touched and pending[path] == now[path]]
        pending = {path: look for path, look in now.items() if path not in settled}
        yield [Changed(path, gone=now[path] is None) for path in sorted(settled)]


def _check(watched: Sequence[Path]) -> None:
    for path in watched:
        if path.name == STDIN or not path.exists():
            raise InputError(f"There is no file or folder {path} to watch; name one that exists, not a pattern.")


def _wanted(path: Path, watched: Sequence[Path]) -> bool:
    for root in watched:
        if path == root:
            return not root.is_dir()
        if root in path.parents:
            return is_read(path.relative_to(root).parts) and not path.name.endswith(_UNFINISHED)
    return False


def _look(path: str) -> tuple[int, int] | None:
    """Size and time of change; None when it is gone."""
    try:
        seen = os.stat(path)  # noqa: PTH116 - paths are kept as they were given
    except OSError:
        return None
    return seen.st_size, seen.st_mtime_ns
