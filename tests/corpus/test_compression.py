"""Compressed files and zip archives: read as what they hold, with damage and bombs told."""

import bz2
import gzip
import io
import json
import lzma
import random
import struct
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

from rag import Assistant, Filters
from rag.corpus import Record, compression, read
from rag.records import Rejection

WAYS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstd.compress,
}
TEXT = "We measure how quickly snails cross a garden. They are slow."


def rows(count: int) -> bytes:
    """JSON Lines that do not compress to nothing."""
    noise = random.Random(7)
    return b"".join(
        json.dumps({"abstract": TEXT, "n": number, "noise": noise.random()}).encode() + b"\n" for number in range(count)
    )


def places(path: Path) -> list[int]:
    """The numbers of all records; the test fails on a rejection."""
    found = list(read(path))
    assert all(isinstance(each, Record) for each in found), found
    return [each.number for each in found if isinstance(each, Record)]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["a.jsonl.{}", "a.txt", "a"])
def test_a_compressed_file_is_read_as_what_it_holds(tmp_path: Path, way: str, name: str) -> None:
    """The compression is told by content, whatever the file is called; streams may follow each other."""
    path = tmp_path / name.format(way)
    pack = WAYS[way]
    path.write_bytes(pack(rows(3000)) + pack(rows(2)))
    assert places(path) == list(range(1, 3003))


@pytest.mark.parametrize("way", WAYS)
def test_standard_input_may_be_compressed(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """Standard input cannot be rewound, and need not be."""
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(WAYS[way](rows(2000)))))
    assert len(list(read("-"))) == 2000


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("count", [300, 20_000])
def test_what_comes_before_a_cut_is_kept(tmp_path: Path, way: str, count: int) -> None:
    """A stream that breaks off gives its whole records and one reason."""
    path = tmp_path / f"a.jsonl.{way}"
    packed = WAYS[way](rows(count))
    path.write_bytes(packed[: len(packed) * 9 // 10])
    found = list(read(path))
    assert isinstance(found[-1], Rejection)
    assert "breaks off" in found[-1].reason
    assert all(isinstance(each, Record) for each in found[:-1])
    if count == 20_000 or way == "gz":  # the others unpack in blocks of which the small file has one
        assert len(found) > count / 4


@pytest.mark.parametrize("way", WAYS)
def test_damage_is_told(tmp_path: Path, way: str) -> None:
    """Changed bytes end the reading with a reason; nothing false is read."""
    path = tmp_path / f"a.jsonl.{way}"
    packed = bytearray(WAYS[way](rows(5000)))
    packed[len(packed) // 2 : len(packed) // 2 + 20] = b"\xff" * 20
    path.write_bytes(packed)
    assert any(isinstance(each, Rejection) and "damaged" in each.reason for each in read(path))


@pytest.mark.parametrize("way", WAYS)
def test_a_bomb_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """What expands beyond reason is not read to its end."""
    monkeypatch.setattr(compression, "FREE", 3_000_000)
    path = tmp_path / f"a.{way}"
    path.write_bytes(WAYS[way](f"{TEXT}\n".encode() + (b" " * 999 + b"\n") * 30_000))
    found = list(read(path))
    assert isinstance(found[-1], Rejection)
    assert "200 times" in found[-1].reason


def test_trailing_zeros_and_other_data(tmp_path: Path) -> None:
    """Zeros that fill a block are nothing; other data behind the end is told, after all records."""
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(rows(3)) + b"\0" * 5000)
    assert len(places(path)) == 3
    path.write_bytes(gzip.compress(rows(3)) + b"something else entirely")
    found = list(read(path))
    assert len(found) == 4
    assert "follows" in str(found[-1])


def test_compressed_twice_is_told(tmp_path: Path) -> None:
    """A packed packed file is not unpacked again and again, nor is a zip inside of gzip, nor a tar archive."""
    path = tmp_path / "a.gz"
    tar = b"a.txt".ljust(257, b"\0") + b"ustar".ljust(800, b"\0")
    for inner, told in ((gzip.compress(rows(3)), "gzip"), (b"PK\x03\x04" + b"x" * 50, "zip"), (tar, "tar")):
        path.write_bytes(gzip.compress(inner))
        (found,) = read(path)
        assert isinstance(found, Rejection)
        assert told in found.reason


# --- zip archives -----------------------------------------------------------------------------------------------------


def archive(path: Path, members: dict[str, bytes]) -> Path:
    """A zip archive of those files."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return path


def test_members_are_read_as_files(tmp_path: Path) -> None:
    """Every member is told by its content; hidden ones, READMEs and what macOS adds are passed over."""
    path = archive(
        tmp_path / "library.dat",
        {
            "export/a.jsonl": rows(2),
            "b.txt": f"{TEXT}\n{TEXT} Twice.".encode(),
            "c.csv.gz": gzip.compress(f"title,abstract\nC,{TEXT}\n".encode()),
            "README.md": b"Read me.",
            "__MACOSX/._b.txt": b"\0\0",
            ".hidden/x.txt": TEXT.encode(),
            "export/.DS_Store": b"\0",
        },
    )
    found = [(each.path.removeprefix(f"{path}!/"), each.number) for each in read(path) if isinstance(each, Record)]
    assert found == [("export/a.jsonl", 1), ("export/a.jsonl", 2), ("b.txt", 1), ("b.txt", 2), ("c.csv.gz", 2)]
    assert len(list(read(path))) == 5


def test_names_cannot_lead_out_of_the_archive(tmp_path: Path) -> None:
    """A member's name is only shown, without a way out; two that come to the same name are not mixed up."""
    path = archive(
        tmp_path / "a.zip", {"../../etc/x.txt": TEXT.encode(), "/etc/x.txt": TEXT.encode(), "a\\b.txt": TEXT.encode()}
    )
    found = list(read(path))
    assert [each.path for each in found] == [f"{path}!/etc/x.txt", f"{path}!/etc/x.txt", f"{path}!/a/b.txt"]
    assert "two files" in str(found[1])
    assert list(tmp_path.iterdir()) == [path]


def test_nested_and_other_archives_are_told(tmp_path: Path) -> None:
    """An archive inside is rejected, an office document is no archive of abstracts, an empty one has nothing."""
    inner = archive(tmp_path / "inner.zip", {"a.txt": TEXT.encode()}).read_bytes()
    nested, good = read(archive(tmp_path / "a.zip", {"inner.zip": inner, "b.txt": TEXT.encode()}))
    assert isinstance(nested, Rejection)
    assert nested.path.endswith("a.zip!/inner.zip")
    assert isinstance(good, Record)
    (office,) = read(archive(tmp_path / "a.docx", {"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"}))
    assert "office" in str(office)
    (empty,) = read(archive(tmp_path / "e.zip", {}))
    assert "no files" in str(empty)


def test_encrypted_members_are_told(tmp_path: Path) -> None:
    """A member with a password is rejected and the next one read."""
    path = archive(tmp_path / "a.zip", {"a.txt": TEXT.encode(), "b.txt": TEXT.encode()})
    content = bytearray(path.read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # the first local header and the first directory entry
        struct.pack_into("<H", content, content.index(mark) + place, 1)
    path.write_bytes(content)
    first, second = read(path)
    assert isinstance(first, Rejection)
    assert "encrypted" in first.reason
    assert isinstance(second, Record)


def test_damaged_archives_are_told(tmp_path: Path) -> None:
    """A cut archive is damaged as a whole; a member with changed bytes by itself, and the next one is read."""
    path = archive(tmp_path / "a.zip", {"a.jsonl": rows(50), "b.txt": TEXT.encode()})
    content = path.read_bytes()
    path.write_bytes(content[:-30])
    (cut,) = read(path)
    assert "damaged" in str(cut)
    path.write_bytes(content[:200] + b"\xff" * 50 + content[250:])
    found = list(read(path))
    assert any(isinstance(each, Rejection) and each.path.endswith("a.jsonl") for each in found)
    assert isinstance(found[-1], Record)


def test_a_zip_bomb_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What all members together expand to is limited."""
    monkeypatch.setattr(compression, "FREE", 3_000_000)
    path = archive(
        tmp_path / "a.zip", {f"{number}.txt": f"{TEXT}\n".encode() + b" " * 2_000_000 for number in range(5)}
    )
    reasons = [each.reason for each in read(path) if isinstance(each, Rejection)]
    assert any("200 times" in reason for reason in reasons)


def test_a_zip_through_standard_input_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive's table stands at its end, which standard input does not have yet."""
    content = archive(tmp_path / "a.zip", {"a.txt": TEXT.encode()}).read_bytes()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))
    (found,) = read("-")
    assert "save" in str(found)


def test_an_archive_is_a_source_like_a_folder(assistant: Assistant, tmp_path: Path) -> None:
    """Its abstracts are filtered by the archive, the member or the member's folder; read again they are unchanged."""
    path = archive(
        tmp_path / "library.zip", {"old/a.txt": f"{TEXT}\n".encode(), "new/b.txt": b"Tides move boats in the night.\n"}
    )
    assert assistant.ingest([path]).added == 2
    for source, count in (
        ("library.zip", 2),
        (str(path), 2),
        ("library.zip!/old/a.txt", 1),
        ("new", 1),
        ("b.txt", 1),
        ("x", 0),
    ):
        assert assistant.count(Filters(sources=(source,))) == count
    again = assistant.ingest([path])
    assert (again.unchanged, again.added, again.rejected) == (2, 0, [])
