"""Paths to records: files, folders, globs and standard input, one after the other in bounded memory."""

import glob
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from rag.corpus.formats import detect
from rag.corpus.lines import open_text
from rag.corpus.record import Record
from rag.errors import InputError
from rag.records import Rejection

STDIN = "-"
_ABOUT_THE_FOLDER = ("readme", "license", "licence", "changelog")


def read(paths: Iterable[str | os.PathLike[str]] | str | os.PathLike[str]) -> Iterator[Record | Rejection]:
    """The records of ``paths``, in order, each file once; what cannot be read comes as a Rejection in its place.

    A path is a file, a folder (searched through, without hidden files and READMEs), a glob pattern, or "-" for
    standard input. Raises InputError, before anything is read, when a path does not exist or a pattern fits nothing.
    """
    given = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    if not given:
        raise InputError("No path was given; name a file, a folder or - for standard input.")
    found = [file for path in given for file in _files(os.fspath(path))]
    return _read_all(found)


def _files(path: str) -> list[str | Rejection]:
    """The files that ``path`` stands for, in order of their names."""
    if path == STDIN:
        return [STDIN]
    if "\0" in path:
        raise InputError(f"There is no file or folder {path!r}; check the path.")
    expanded = str(Path(path).expanduser()) if path.startswith("~") else path
    if os.path.isdir(expanded):  # noqa: PTH112 (paths are kept as they were given)
        return _folder(expanded)
    if os.path.lexists(expanded):
        return [expanded]
    if glob.has_magic(expanded):
        matches = sorted(glob.glob(expanded, recursive=True))  # noqa: PTH207 (absolute patterns, paths kept as given)
        files = [each for each in matches if not os.path.isdir(each)]  # noqa: PTH112
        if files:
            return list(files)
        if matches:
            return [file for each in matches for file in _folder(each)]
        raise InputError(f"Nothing matches the pattern {path!r}; check it, and quote it if the shell expands it.")
    raise InputError(f"There is no file or folder {path!r}; check the path.")


def _folder(folder: str) -> list[str | Rejection]:
    files: list[str | Rejection] = []

    def unreadable(error: OSError) -> None:
        reason = f"The folder cannot be read ({error.strerror}); check its permissions."
        files.append(Rejection(str(error.filename), 0, reason))

    for parent, folders, names in os.walk(folder, onerror=unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        files += [
            os.path.join(parent, name)  # noqa: PTH118 (paths are kept as they were given)
            for name in sorted(names)
            if not name.startswith(".") and not is_about_the_folder(name)
        ]
    return files or [Rejection(folder, 0, "The folder has no files to read; put text or JSON Lines files in it.")]


def is_about_the_folder(name: str) -> bool:
    """Whether a file of that name tells of its folder (README) instead of holding abstracts."""
    return Path(name).stem.lower() in _ABOUT_THE_FOLDER


def _read_all(files: Iterable[str | Rejection]) -> Iterator[Record | Rejection]:
    seen: set[str] = set()
    for file in files:
        if isinstance(file, Rejection):
            yield file
        elif (real := file if file == STDIN else os.path.realpath(file)) not in seen:
            seen.add(real)
            yield from _read_file(file)


def _read_file(file: str) -> Iterator[Record | Rejection]:
    path = file.encode("utf-8", "surrogateescape").decode(
        "utf-8", "replace"
    )  # a name that is no UTF-8 can still be shown
    if path == STDIN:
        yield from _read_stream(path, sys.stdin.buffer)
        return
    try:
        with Path(file).open("rb") as stream:
            yield from _read_stream(path, stream)
    except OSError as error:
        yield Rejection(path, 0, f"The file cannot be read ({error.strerror}); check that it exists and is readable.")


def _read_stream(path: str, stream: BinaryIO) -> Iterator[Record | Rejection]:
    opened = open_text(path, stream)
    if isinstance(opened, Rejection):
        yield opened
        return
    form = detect(path, opened.head)
    if isinstance(form, Rejection):
        yield form
    else:
        yield from form.read(path, opened.lines)
