"""Zip archives: their members as streams, one after the other; nothing is unpacked to the disk."""

import io
import lzma
import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, BinaryIO, cast

from rag.corpus.compression import Expansion
from rag.records import Rejection

MEMBER = "!/"
"""Between the path of an archive and the name of its member, as in ``library.zip!/export.ris``."""
_DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, NotImplementedError)
_ABOUT_THE_FOLDER = ("readme", "license", "licence", "changelog")


def is_archive(head: bytes) -> bool:
    """Whether a stream that begins with ``head`` is a zip archive."""
    return head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"))


def is_read(parts: tuple[str, ...]) -> bool:
    """Whether a file of a folder or an archive is read: hidden ones, and what is about the folder, are not."""
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in parts)
    return not hidden and PurePosixPath(parts[-1]).stem.lower() not in _ABOUT_THE_FOLDER


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive: the path it is shown by, and its content, to be read before the next member is asked for."""

    path: str
    stream: BinaryIO


def members(path: str, stream: BinaryIO) -> Iterator[Member | Rejection]:
    """Every member in the archive's order, or why it cannot be read; hidden files and READMEs are passed over.

    Reading a member raises OSError where it is damaged, or where the archive expands beyond reason.
    """
    size = stream.seek(0, io.SEEK_END)
    try:
        archive = zipfile.ZipFile(stream)
    except _DAMAGE as error:
        yield Rejection(path, 0, f"The zip archive is damaged ({error}); make or download it again.")
        return
    with archive:
        entries = [info for info in archive.infolist() if not info.is_dir()]
        if any(info.filename in ("[Content_Types].xml", "mimetype") for info in entries):
            yield Rejection(path, 0, "The file is an office document or a book, not text; export its text first.")
            return
        expansion = Expansion(size)
        seen: set[str] = set()
        for info in entries:
            name = _name(info.filename)
            if not is_read(PurePosixPath(name).parts or (".",)):
                continue
            shown = f"{path}{MEMBER}{name}"
            if name in seen:
                yield Rejection(shown, 0, "The archive has two files of this name; rename one of them.")
            elif info.flag_bits & 1:
                yield Rejection(shown, 0, "The file in the archive is encrypted; unpack it with its password first.")
            else:
                try:
                    member = archive.open(info)
                except (*_DAMAGE, RuntimeError) as error:
                    yield Rejection(shown, 0, f"The file in the archive cannot be read ({error}); pack it again.")
                else:
                    with member:
                        yield Member(shown, cast(BinaryIO, _Guarded(member, expansion)))
            seen.add(name)
        if not seen:
            yield Rejection(path, 0, "The archive has no files to read; put files with abstracts in it.")


def _name(raw: str) -> str:
    """A member's name as it is shown: without a way out of the archive, and without what cannot be shown."""
    name = posixpath.normpath("/" + raw.replace("\\", "/")).lstrip("/")
    return "".join(each if each.isprintable() else "\ufffd" for each in name)


class _Guarded(io.RawIOBase):
    """A member whose damage is an OSError, and whose size counts for the whole archive."""

    def __init__(self, member: IO[bytes], expansion: Expansion) -> None:
        self._member, self._expansion = member, expansion

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        try:
            part = self._member.read1(len(buffer))  # type: ignore[attr-defined] # a ZipExtFile
        except _DAMAGE as error:
            raise OSError(f"the file in the archive is damaged: {error}") from None
        self._expansion.add(len(part))
        buffer[: len(part)] = part
        return len(part)
