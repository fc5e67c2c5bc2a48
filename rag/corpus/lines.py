"""The lines of a file in bounded memory: encoding found line by line, over-long lines skipped, all of it told."""

import codecs
import io
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, cast

from rag.records import Rejection

LONGEST_RECORD = 10_000_000
"""Bytes; a line over this is no abstract, and is skipped without being held in memory."""
HEAD = 65_536
"""Bytes at the start of a file by which its format is told."""
PIECE = 262_144
"""Bytes; longer lines come in pieces to the readers that ask for it."""

_log = logging.getLogger(__name__)
_BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_ODD_IN_PROSE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_SIGNATURES = {
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a zip archive or an office document",
    b"\x1f\x8b": "compressed with gzip",
    b"BZh": "compressed with bzip2",
    b"\xfd7zXZ": "compressed with xz",
    b"\x28\xb5\x2f\xfd": "compressed with Zstandard",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!\x1a\x07": "a RAR archive",
    b"PAR1": "a Parquet file",
    b"SQLite format 3": "an SQLite database",
}
_TAR = slice(257, 262)


@dataclass(frozen=True, slots=True)
class Line:
    """A line without its end, and its 1-based number; or, for a reader that asks for it, a piece of a long line.

    Pieces of one line follow each other with the same number.
    """

    number: int
    text: str


class Stream(io.RawIOBase):
    """A stream of which the first bytes can be looked at before they are read; standard input cannot be rewound.

    What stands before damage is always given first: a stream that fails (OSError) while it is looked at fails again
    when it is read up to there.
    """

    def __init__(self, rest: BinaryIO) -> None:
        self._rest = rest
        self._head = b""
        self._error: OSError | None = None

    def peek(self, size: int) -> bytes:
        """The next ``size`` bytes, fewer at the end or where the stream is damaged."""
        try:
            while len(self._head) < size and (part := self._rest.read(size - len(self._head))):
                self._head += part
        except OSError as error:
            self._error = error
        return self._head[:size]

    def readable(self) -> bool:  # noqa: D102
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override] # noqa: D102
        if not self._head and self._error is not None:
            raise self._error
        part = self._head[: len(buffer)] or self._rest.read(len(buffer))
        self._head = self._head[len(part) :]
        buffer[: len(part)] = part
        return len(part)


@dataclass(frozen=True, slots=True)
class Text:
    """A file that turned out to be text: the start of it decoded, and its lines, which can be had once."""

    path: str
    head: str
    _stream: Stream
    _encoding: str
    _old_mac: bool

    def lines(self, pieces: bool = False) -> Iterator[Line | Rejection]:
        """Its lines; with ``pieces`` long ones come in parts, otherwise those over the limit are rejected."""
        raw = cast(BinaryIO, io.BufferedReader(self._stream, PIECE))
        return _lines(self.path, raw, self._encoding, self._old_mac, pieces)


def open_text(path: str, stream: Stream) -> Text | Rejection:
    """The text in ``stream``, or why it is none: empty, compressed (once more), binary, damaged from the start."""
    head = stream.peek(HEAD)
    if not head.strip():
        try:
            stream.read(1)
        except OSError as error:
            return Rejection(path, 0, f"The file cannot be read ({error.strerror or error}); copy it again.")
        return Rejection(path, 0, "The file is empty; give one with abstracts in it.")
    kind = next((name for signature, name in _SIGNATURES.items() if head.startswith(signature)), "")
    if kind or head[_TAR] == b"ustar":
        kind = kind or "a tar archive"
        return Rejection(path, 0, f"The file is {kind}, not text; export or unpack its abstracts as text first.")
    encoding = next((name for bom, name in _BOMS.items() if head.startswith(bom)), "")
    if encoding in ("", "utf-8-sig") and len(_CONTROL.findall(head)) > len(head) / 50:
        return Rejection(path, 0, "The file is binary, not text; export its abstracts as UTF-8 text or JSON Lines.")
    old_mac = b"\r" in head and b"\n" not in head
    text = head.decode(encoding or "utf-8", "replace")
    if old_mac:
        text = text.replace("\r", "\n")
    return Text(path, text, stream, encoding, old_mac)


def _lines(path: str, raw: BinaryIO, encoding: str, old_mac: bool, pieces: bool) -> Iterator[Line | Rejection]:
    number = 0
    told = False
    inside = False  # a line of which a piece was given
    limit = PIECE if pieces else LONGEST_RECORD
    stream: BinaryIO | io.TextIOWrapper = raw
    if encoding.startswith(("utf-16", "utf-32")):
        stream = io.TextIOWrapper(raw, encoding)
    elif old_mac:  # latin-1 keeps the bytes while carriage returns are made line ends
        stream = io.TextIOWrapper(raw, "latin-1")
    try:
        while line := stream.readline(limit + 1):
            number += not inside
            ended = line[-1:] in ("\n", b"\n")
            if pieces and not ended and isinstance(line, bytes):
                line += _rest_of_character(line, raw)
            elif len(line) > limit and not pieces:
                while line and line[-1:] not in ("\n", b"\n"):
                    line = stream.readline(HEAD)
                yield Rejection(path, number, f"The line is longer than {limit:,} bytes; put one abstract on a line.")
                continue
            inside = pieces and not ended
            if isinstance(line, str) and not old_mac:
                yield Line(number, line.rstrip("\n").removeprefix("\ufeff"))
                continue
            data = line.encode("latin-1") if isinstance(line, str) else line
            text, guessed = _decode(data.rstrip(b"\r\n") if ended else data)
            if text is None:
                reason = "The line is neither UTF-8 nor Windows-1252 text; save the file as UTF-8."
                yield Rejection(path, number, reason)
                continue
            if guessed and not told:
                told = True
                _log.warning("%s, line %d: not UTF-8; read as Windows-1252, check its accents.", path, number)
            yield Line(number, text.removeprefix("\ufeff"))  # of each file, where several were put one behind the other
    except UnicodeError as error:
        reason = f"The file is damaged {encoding.upper()} after this line ({error}); save it as UTF-8."
        yield Rejection(path, number, reason)
    except OSError as error:
        yield Rejection(
            path, number, f"The file cannot be read any further ({error.strerror or error}); copy it again."
        )


def _rest_of_character(piece: bytes, raw: BinaryIO) -> bytes:
    """The bytes that the last UTF-8 character of ``piece`` still lacks."""
    for back in range(1, 4):
        lead = piece[-back] if back <= len(piece) else 0
        if lead >= 0xC0:
            return raw.read(max(0, (2 if lead < 0xE0 else 3 if lead < 0xF0 else 4) - back))
        if lead < 0x80:
            break
    return b""


def _decode(data: bytes) -> tuple[str | None, bool]:
    """The text of a line, and whether its encoding was guessed; None where no guess looks like prose."""
    try:
        return data.decode("utf-8"), False
    except UnicodeDecodeError:
        pass
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        return None, True
    foreign = sum(not each.isascii() for each in text)
    plausible = foreign <= len(text) / 5 and not _ODD_IN_PROSE.search(text)
    return (text if plausible else None), True
