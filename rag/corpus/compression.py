"""Compressed streams, told by their first bytes and unpacked as they are read, in bounded memory."""

import bz2
import io
import lzma
import re
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAGIC = 10
"""Bytes that tell a compression."""
FREE = 100_000_000
MOST_EXPANSION = 200
"""What expands to more than ``FREE`` bytes may be this many times its packed size; metadata packs 5 to 30 times."""
_PIECE = 65_536
_XZ_MEMORY = 256 * 2**20


class _Gzip:
    """zlib's decompressor with the interface of the others."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)
        self._tail = b""
        self.needs_input = True

    def decompress(self, data: bytes, max_length: int) -> bytes:
        out = self._inner.decompress(self._tail + data, max_length)
        self._tail = self._inner.unconsumed_tail
        self.needs_input = len(out) < max_length
        return out

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data


@dataclass(frozen=True, slots=True)
class Compression:
    """A way of compressing: its name, how its streams begin, and what unpacks one."""

    name: str
    begins: re.Pattern[bytes]
    decompressor: Callable[[], Any]


COMPRESSIONS = (
    Compression("gzip", re.compile(rb"\x1f\x8b"), _Gzip),
    Compression("bzip2", re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)"), bz2.BZ2Decompressor),
    Compression("xz", re.compile(rb"\xfd7zXZ\x00"), lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)),
    Compression("Zstandard", re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"), zstd.ZstdDecompressor),
)
SUFFIXES = (".gz", ".gzip", ".bz2", ".xz", ".zst", ".zstd")


def compression(head: bytes) -> Compression | None:
    """How a stream that begins with ``head`` (``MAGIC`` bytes or more) is compressed; None when it is not."""
    return next((each for each in COMPRESSIONS if each.begins.match(head)), None)


class Expansion:
    """Counts what comes out of a packed stream; raises OSError once that is more than any text unpacks to."""

    def __init__(self, packed: int = 0) -> None:
        self.packed = packed
        self._unpacked = 0

    def add(self, size: int) -> None:
        """Count ``size`` bytes more."""
        self._unpacked += size
        if self._unpacked > max(FREE, self.packed * MOST_EXPANSION):
            raise OSError(f"it unpacks to more than {MOST_EXPANSION} times its size, as no text does")


class Decompressed(io.RawIOBase):
    """What ``stream`` unpacks to, streams put one after the other included.

    Reading raises OSError where the data is damaged, breaks off or expands beyond reason; all before it is given.
    """

    def __init__(self, stream: BinaryIO, how: Compression) -> None:
        self._stream, self._how = stream, how
        self._inner = how.decompressor()
        self._expansion = Expansion()
        self._held = b""

    def readable(self) -> bool:  # noqa: D102
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override] # noqa: D102
        try:
            part = self._more(len(buffer))
        except (zlib.error, lzma.LZMAError, zstd.ZstdError, OSError, EOFError, ValueError) as error:
            raise OSError(f"the {self._how.name} data is damaged: {error}") from None
        self._expansion.add(len(part))
        buffer[: len(part)] = part
        return len(part)

    def _more(self, size: int) -> bytes:
        while True:
            if self._inner.eof and not self._next_stream():
                return b""
            data = self._input() if self._inner.needs_input else b""
            if self._inner.needs_input and not data:
                raise EOFError("it breaks off")
            if part := self._inner.decompress(data, size):
                return bytes(part)

    def _input(self) -> bytes:
        data, self._held = self._held or self._stream.read(_PIECE), b""
        self._expansion.packed += len(data)
        return data

    def _next_stream(self) -> bool:
        """Begin the stream that follows; False at the end, where zeros may fill a block."""
        data = bytes(self._inner.unused_data).lstrip(b"\0")
        while len(data) < MAGIC and (more := self._stream.read(_PIECE)):
            data = (data + more).lstrip(b"\0")
        if not data:
            return False
        if not self._how.begins.match(data):
            raise ValueError("something else follows its end")
        self._held, self._inner = data, self._how.decompressor()
        return True
