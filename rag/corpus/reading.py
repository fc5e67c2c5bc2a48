"""Paths to records: files, folders, archives, globs and standard input, one after the other in bounded memory."""

import glob
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, cast

from rag.corpus import mapping
from rag.corpus.archive import is_archive, is_read, members
from rag.corpus.compression import MAGIC, Decompressed, compression
from rag.corpus.formats import detect
from rag.corpus.lines import Stream, open_text
from rag.corpus.record import Record
from rag.errors import InputError
from rag.records import Rejection

STDIN = "-"
MOST_FAILURES = 100_000
"""Rejections of one file in a row after which the rest of it is left: it is not what it seems to be."""


def read(
    paths: Iterable[str | os.PathLike[str]] | str | os.PathLike[str], fields: Mapping[str, str] | None = None
) -> Iterator[Record | Rejection]:
    """The records of ``paths``, in order, each file once; what cannot be read comes as a Rejection in its place.

    A path is a file, a zip archive, a folder (searched through, without hidden files and READMEs), a glob pattern, or
    "-" for standard input; files may be compressed. ``fields`` names the files' own fields by the abstract's
    (``{"text": "AB"}``). Raises InputError, before anything is read, when a path does not exist, a pattern fits
    nothing, or ``fields`` names a field that abstracts do not have.
    """
    mapping.check(fields or {})
    given = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    if not given:
        raise InputError("No path was given; name a file, a folder or - for standard input.")
    found = [file for path in given for file in _files(os.fspath(path))]
    records = _read_all(found)
    return mapping.mapped(records, fields) if fields else records


def absolute(path: str | Path) -> str:
    """The path as a source is named: the same from wherever it is ingested, its links kept; - stays what it is.

    A tilde that names no user is part of the name.
    """
    return STDIN if str(path) == STDIN else os.path.abspath(os.path.expanduser(path))  # noqa: PTH100, PTH111 (as said)


def _files(path: str) -> list[str | Rejection]:
    """The files that ``path`` stands for, in order of their names."""
    if path == STDIN:
        return [STDIN]
    if "\0" in path:
        raise InputError(f"There is no file or folder {path!r}; check the path.")
    expanded = os.path.expanduser(path)  # noqa: PTH111 - Path fails where ~ names no user
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
            if is_read((name,))
        ]
    return files or [Rejection(folder, 0, "The folder has no files to read; put text or JSON Lines files in it.")]


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
        yield from _read_stream(path, Stream(sys.stdin.buffer))
        return
    try:
        with Path(file).open("rb") as raw:
            stream = Stream(raw)
            if is_archive(stream.peek(MAGIC)) and raw.seekable():
                yield from _read_archive(path, raw)
            else:
                yield from _read_stream(path, stream)
    except OSError as error:
        yield Rejection(path, 0, f"The file cannot be read ({error.strerror}); check that it exists and is readable.")


def _read_archive(path: str, raw: BinaryIO) -> Iterator[Record | Rejection]:
    for member in members(path, raw):
        if isinstance(member, Rejection):
            yield member
        else:
            yield from _read_stream(member.path, Stream(member.stream))


def _read_stream(path: str, stream: Stream) -> Iterator[Record | Rejection]:
    if how := compression(stream.peek(MAGIC)):
        stream = Stream(cast(BinaryIO, Decompressed(cast(BinaryIO, stream), how)))
    if is_archive(stream.peek(MAGIC)):
        reason = "A zip archive is read from a file, not inside of something else; save or unpack it first."
        yield Rejection(path, 0, reason)
        return
    opened = open_text(path, stream)
    if isinstance(opened, Rejection):
        yield opened
        return
    form = detect(path, opened.head)
    if isinstance(form, Rejection):
        yield form
        return
    failures, item = 0, None
    for item in form.read(path, opened.lines(form.pieces)):
        yield item
        failures = failures + 1 if isinstance(item, Rejection) else 0
        if failures >= MOST_FAILURES:
            reason = f"{MOST_FAILURES:,} records in a row could not be read, the rest is left; check the file's format."
            yield Rejection(path, item.record, reason)  # type: ignore[union-attr] # a failure is a Rejection
            return
    if item is None:
        yield Rejection(path, 0, f"The file ({form.name}) has no records; export some.")
