"""Whether the files of the two indexes are whole: what their libraries do not check, or die of.

Tantivy ends every file of a segment with a checksum that it does not read by itself. Chroma's vector graph (hnswlib's
format) has none: links that lead nowhere end the process that follows them.
"""

import json
import sqlite3
import struct
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_TAIL = struct.Struct("<II")  # length of the JSON before it, and what every file of Tantivy ends with
_TANTIVY = 1337
_HEADER = struct.Struct("<i6QiI3QdQ")
_GRAPH_FORMAT = 1


def text_index_problems(folder: Path) -> list[str]:
    """One sentence for each file of the text index whose checksum is wrong."""
    # What begins with a dot is no part of the index: its library writes files under such names before they get their own.
    files = sorted(
        path for path in folder.glob("*") if path.suffix not in (".json", ".lock") and not path.name.startswith(".")
    )
    return [f"The file {path} of the text index is damaged; run: rag rebuild." for path in files if not _whole(path)]


def vector_store_problems(folder: Path) -> list[str]:
    """One sentence for each file of the vector store that is cut short or inconsistent; takes a look at every link."""
    found = [*_graph_problems(folder), *_database_problems(folder / "chroma.sqlite3")]
    return [f"The file {path} of the vector store is damaged ({reason}); run: rag rebuild." for path, reason in found]


def check_vector_graph(folder: Path) -> None:
    """Raise ValueError when a file of the vector graph is cut short; costs next to nothing."""
    for header in folder.glob("*/header.bin"):
        for path, reason in _sizes(header):
            raise ValueError(f"{path} {reason}")


@dataclass(frozen=True, slots=True)
class _Graph:
    """What the header says: how many elements of how many bytes, and how many links each has at most."""

    elements: int
    bytes: int
    links: int


def _graph_problems(folder: Path) -> Iterator[tuple[Path, str]]:
    for header in folder.glob("*/header.bin"):
        cut = list(_sizes(header))
        yield from cut
        graph = None if cut else _read(header)
        if graph is not None and graph.elements:
            yield from _links(header.with_name("data_level0.bin"), graph)
            yield from _upper_links(header.with_name("link_lists.bin"), graph)


def _read(header: Path) -> _Graph | None:
    """The header of a graph; None when it is of a format that is not known here."""
    version, _, _, count, size, _, _, _, _, _, links, _, _, _ = _HEADER.unpack(header.read_bytes())
    return _Graph(count, size, links) if version == _GRAPH_FORMAT else None


def _sizes(header: Path) -> Iterator[tuple[Path, str]]:
    if header.stat().st_size < _HEADER.size:
        yield header, "is cut short"
        return
    graph = _read(header)
    for name, size in () if graph is None else (("data_level0.bin", graph.bytes), ("length.bin", 4)):
        path = header.with_name(name)
        if not path.exists() or path.stat().st_size < graph.elements * size:  # type: ignore[union-attr]
            yield path, "is cut short"


def _links(path: Path, graph: _Graph) -> Iterator[tuple[Path, str]]:
    """Each element begins with the number of its links and the elements that they lead to."""
    if graph.bytes < 4 + 4 * graph.links or graph.links > 2**12:
        yield path.with_name("header.bin"), "makes no sense"
        return
    rows = np.memmap(path, np.uint8, "r", shape=(graph.elements, graph.bytes))
    for start in range(0, graph.elements, 2**16):
        links = rows[start : start + 2**16, : 4 + 4 * graph.links].copy().view(np.uint32)
        counts = links[:, 0] & 0xFFFF  # the upper half marks what was deleted
        used = np.arange(graph.links) < counts[:, None]
        if counts.max() > graph.links or (links[:, 1:][used] >= graph.elements).any():
            yield path, "has links that lead nowhere"
            return


def _upper_links(path: Path, graph: _Graph) -> Iterator[tuple[Path, str]]:
    """For each element a length in bytes, and as many bytes of links on the upper levels."""
    content = path.read_bytes() if path.exists() else b""
    at = 0
    for _ in range(graph.elements):
        if at + 4 > len(content):
            yield path, "is cut short"
            return
        size = int.from_bytes(content[at : at + 4], "little")
        links = np.frombuffer(content, np.uint32, min(size, max(len(content) - at - 4, 0)) // 4, at + 4)
        at += 4 + size
        # Every level has its own count before its links, which is small, too.
        if at > len(content) or (links >= max(graph.elements, graph.links + 1)).any():
            yield path, "has links that lead nowhere"
            return


def _database_problems(path: Path) -> Iterator[tuple[Path, str]]:
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            said = [row[0] for row in connection.execute("PRAGMA quick_check(1)")]
    except sqlite3.DatabaseError as error:
        said = [str(error)]
    if said != ["ok"]:
        yield path, said[0].splitlines()[-1]


def _whole(path: Path) -> bool:
    content = path.read_bytes()
    try:
        length, mark = _TAIL.unpack(content[-_TAIL.size :])
        end = len(content) - _TAIL.size - length
        footer = json.loads(content[end : len(content) - _TAIL.size])
        return bool(mark == _TANTIVY and end >= 0 and zlib.crc32(memoryview(content)[:end]) == footer["crc"])
    except (struct.error, ValueError, KeyError, TypeError):
        return False
