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
    b"SQLite format 3": "an SQLite database",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line without its end, and its 1-based number."""

    number: int
    text: str


class _Replayed(io.RawIOBase):
    """A stream whose first bytes were read already, from the beginning again; standard input cannot be rewound."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head, self._rest = head, rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        part = self._head[: len(buffer)] or self._rest.read(len(buffer))
        self._head = self._head[len(part) :]
        buffer[: len(part)] = part
        return len(part)


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that turned out to be text: its first ``HEAD`` bytes decoded, and its lines, which can be had once."""

    head: str
    lines: Iterator[Line | Rejection]


def open_text(path: str, stream: BinaryIO) -> Opened | Rejection:
    """The text in ``stream``, or why it is none: empty, compressed, binary."""
    head = stream.read(HEAD)
    if not head.strip():
        return Rejection(path, 0, "The file is empty; give one with abstracts in it.")
    for signature, name in _SIGNATURES.items():
        if head.startswith(signature):
            return Rejection(path, 0, f"The file is {name}, not text; export or unpack its abstracts as text first.")
    encoding = next((name for bom, name in _BOMS.items() if head.startswith(bom)), "")
    if encoding in ("", "utf-8-sig") and len(_CONTROL.findall(head)) > len(head) / 50:
        return Rejection(path, 0, "The file is binary, not text; export its abstracts as UTF-8 text or JSON Lines.")
    raw = cast(BinaryIO, io.BufferedReader(_Replayed(head, stream)))
    old_mac = b"\r" in head and b"\n" not in head
    text = head.decode(encoding or "utf-8", "replace")
    if old_mac:
        text = text.replace("\r", "\n")
    return Opened(text, _lines(path, raw, encoding, old_mac))


def _lines(path: str, raw: BinaryIO, encoding: str, old_mac: bool) -> Iterator[Line | Rejection]:
    number = 0
    told = False
    stream: BinaryIO | io.TextIOWrapper = raw
    if encoding.startswith(("utf-16", "utf-32")):
        stream = io.TextIOWrapper(raw, encoding)
    elif old_mac:  # latin-1 keeps the bytes while carriage returns are made line ends
        stream = io.TextIOWrapper(raw, "latin-1")
    try:
        while line := stream.readline(LONGEST_RECORD + 1):
            number += 1
            if len(line) > LONGEST_RECORD:
                while line and line[-1:] not in ("\n", b"\n"):
                    line = stream.readline(HEAD)
                limit = f"{LONGEST_RECORD:,} bytes"
                yield Rejection(path, number, f"The line is longer than {limit}; put one abstract on a line.")
                continue
            if isinstance(line, str) and not old_mac:
                yield Line(number, line.rstrip("\n"))
                continue
            data = line.encode("latin-1") if isinstance(line, str) else line
            text, guessed = _decode(data.rstrip(b"\r\n"))
            if text is None:
                reason = "The line is neither UTF-8 nor Windows-1252 text; save the file as UTF-8."
                yield Rejection(path, number, reason)
                continue
            if guessed and not told:
                told = True
                _log.warning("%s, line %d: not UTF-8; read as Windows-1252, check its accents.", path, number)
            yield Line(number, text.removeprefix("\ufeff") if number == 1 else text)
    except UnicodeError as error:
        reason = f"The file is damaged {encoding.upper()} after this line ({error}); save it as UTF-8."
        yield Rejection(path, number, reason)
    except OSError as error:
        yield Rejection(
            path, number, f"The file cannot be read any further ({error.strerror or error}); copy it again."
        )


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
