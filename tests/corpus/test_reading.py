"""Files to records: rag.corpus.read over every kind of path and content."""

import io
import json
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.corpus import Record, clean, read
from rag.corpus.lines import LONGEST_RECORD
from rag.errors import InputError
from rag.records import Abstract, Rejection

FIRST = "We measure how quickly snails cross a garden. They are slow."
SECOND = "Tides move boats. We weigh the boats, and find that they are heavy."
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file under the test's folder, text as UTF-8."""

    def written(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return written


def texts(*paths: object) -> list[str]:
    """The abstracts of all records; the test fails on a rejection."""
    found = list(read([str(path) for path in paths]))
    assert all(isinstance(each, Record) for each in found), found
    return [str(each.fields["abstract"]) for each in found if isinstance(each, Record)]


def only_rejection(path: object) -> Rejection:
    """The one rejection that is all there is to a path."""
    (found,) = read([str(path)])
    assert isinstance(found, Rejection)
    assert found.path == str(path)
    return found


def test_one_abstract_a_line(write: Write) -> None:
    """Records are numbered by their lines; blank lines and line ends do not matter."""
    path = write("a.txt", f"{FIRST}\r\n\r\n{SECOND}")
    found = list(read([path]))
    assert [(each.number, each.fields) for each in found if isinstance(each, Record)] == [
        (1, {"abstract": FIRST}),
        (3, {"abstract": SECOND}),
    ]


def test_paragraphs_that_wrap(write: Write) -> None:
    """Wrapped lines make one record a paragraph, numbered by its first line."""
    wrapped = "We measure how quickly\nsnails cross a garden, and\nfind them slow.\n"
    found = list(read([write("a.txt", f"\n{wrapped}\n{wrapped}")]))
    assert [(each.number, each.fields["abstract"]) for each in found if isinstance(each, Record)] == [
        (2, wrapped.strip()),
        (6, wrapped.strip()),
    ]


def test_labelled_sections_make_a_paragraph(write: Write) -> None:
    """A structured abstract with a section a line is one record when blank lines part the abstracts."""
    section = "long enough to stand on a line of its own, with two parts. And a second sentence here. " * 2
    abstract = f"BACKGROUND: {section}\nMETHODS: {section}\nRESULTS: {section}"
    assert len(texts(write("a.txt", f"{abstract}\n\n{abstract}\n"))) == 2


def test_long_lines_with_blank_lines_between_some(write: Write) -> None:
    """Whole abstracts on lines of their own stay apart, whether or not blank lines stand between them."""
    lines = [f"{FIRST} {SECOND} Number {number}. " * 3 for number in range(6)]
    assert texts(write("a.txt", "\n".join(lines[:3]) + "\n\n" + "\n".join(lines[3:]))) == lines


def test_json_lines(write: Write) -> None:
    """Objects are told by content, whatever the file is called; a bad line is rejected and the rest is kept."""
    rows = [json.dumps({"abstract": FIRST}), "{not json", "[1, 2]", '"text"', "", json.dumps({"abstract": SECOND})]
    found = list(read([write("export.dat", "\n".join(rows))]))
    assert [each.number for each in found if isinstance(each, Record)] == [1, 6]
    rejected = [each for each in found if isinstance(each, Rejection)]
    assert [each.record for each in rejected] == [2, 3, 4]
    assert "JSON" in rejected[0].reason


def test_json_that_orjson_refuses(write: Write) -> None:
    """Lone surrogates, control characters in strings and NaN are read; endless nesting is rejected."""
    good = ['{"abstract": "a \\ud800 b"}', '{"abstract": "tab\there"}', '{"abstract": "x", "year": NaN}']
    found = list(read([write("a.jsonl", "\n".join([*good, '{"a":' + "[" * 100_000]))]))
    assert [isinstance(each, Record) for each in found] == [True, True, True, False]


def test_digest_follows_the_record(write: Write) -> None:
    """The digest stays with an unchanged record, wherever it stands and however it is encoded, and only with it."""
    here = [each.digest for each in read([write("a.txt", f"{FIRST}\ncafé {SECOND}")]) if isinstance(each, Record)]
    there = list(read([write("b.txt", f"{SECOND}\ncafé {SECOND}\n{FIRST}".encode("utf-16"))]))
    assert [each.digest for each in there if isinstance(each, Record)][1:] == here[::-1]
    assert len(set(here)) == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_encodings_with_a_mark(write: Write, encoding: str) -> None:
    """UTF-8, and UTF-16 and UTF-32 with a byte order mark, are read for what they are."""
    assert texts(write("a.txt", f"Ångström und Größe. {FIRST}\n{SECOND}\n".encode(encoding)))[0].startswith("Ångström")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize(
    "form", ['{{"abstract": "{}"}}', "%0 Journal Article\n%T On snails\n%X {}", "TY  - JOUR\nAB  - {}"]
)
def test_files_one_behind_the_other(write: Write, form: str, encoding: str) -> None:
    """Each file's byte order mark goes, and with it no record."""
    both = b"".join(f"{form.format(text)}\n\n".encode(encoding) for text in (FIRST, SECOND))
    found = [clean(each) if isinstance(each, Record) else each for each in read([write("a", both)])]
    assert [each.text if isinstance(each, Abstract) else each for each in found] == [FIRST, SECOND]


def test_windows_1252_is_read_and_told(write: Write, caplog: pytest.LogCaptureFixture) -> None:
    """A line that is plausible Windows-1252 is read as that, with a warning naming file and line, once."""
    path = write("a.txt", f"{FIRST}\ncafé – {SECOND}\nnaïve {FIRST}\n".encode("cp1252"))
    with caplog.at_level(logging.WARNING):
        assert texts(path)[1:] == [f"café – {SECOND}", f"naïve {FIRST}"]
    (warning,) = caplog.messages
    assert str(path) in warning
    assert "line 2" in warning


def test_other_encodings_are_rejected(write: Write) -> None:
    """What is neither UTF-8 nor plausibly Windows-1252 is rejected by line, the good lines are kept."""
    path = write(
        "a.txt", f"{FIRST}\n".encode() + "これは日本語の要旨です。".encode("shift-jis") + f"\n{SECOND}\n".encode()
    )
    found = list(read([path]))
    assert [isinstance(each, Record) for each in found] == [True, False, True]
    assert "UTF-8" in found[1].reason  # type: ignore[union-attr]


def test_damaged_utf16_keeps_what_came_before(write: Write) -> None:
    """UTF-16 that breaks off in the middle gives its good lines and a rejection."""
    found = list(read([write("a.txt", f"{FIRST}\n{SECOND}".encode("utf-16")[:-1])]))
    assert isinstance(found[-1], Rejection)
    assert "UTF-16" in found[-1].reason


def test_old_mac_line_ends(write: Write) -> None:
    """Carriage returns alone end lines too."""
    assert texts(write("a.txt", f"{FIRST}\r{SECOND}\r")) == [FIRST, SECOND]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "empty"),
        (b" \n\n ", "empty"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"PK\x03\x04....", "zip"),
        (b"\x1f\x8b....", "gzip"),
        (bytes(range(256)) * 9, "binary"),
        (b"t\x00e\x00x\x00t\x00", "binary"),
    ],
)
def test_files_that_are_no_text(write: Write, content: bytes, told: str) -> None:
    """Empty, compressed, binary and other files are rejected as a whole, saying what they are."""
    found = only_rejection(write("a.txt", content))
    assert found.record == 0
    assert told in found.reason


@pytest.mark.parametrize("name", ["a.html", "a.rtf", "a.xml", "a.sql"])
def test_formats_that_are_not_read(write: Write, name: str) -> None:
    """A structured file of another format is not taken for abstracts."""
    assert Path(name).suffix in only_rejection(write(name, "<html><body><p>We weigh boats.</p></body></html>\n")).reason


@pytest.mark.parametrize("name", ["a.txt", "a", "a.rdf"])
@pytest.mark.parametrize(
    "content",
    [
        f'<?xml version="1.0"?><xml><records><record><abstract>{FIRST}</abstract></record></records></xml>\n',
        f'<rdf:RDF\n xmlns:rdf="http://www.w3.org/"><dcterms:abstract>{FIRST}</dcterms:abstract></rdf:RDF>\n',
        f"1. J Snails. 2020 Jan;5(7):2-4.\n\nOn snails.\n\nMoss I(1).\n\n{FIRST}\n\nDOI: 10.5555/x\nPMID: 31894144\n",
        f"VN  - Ovid Technologies\nAN  - 2012345678\nAU  - Moss I.\nTI  - On snails.\nAB  - {FIRST}\n",
        f"<1>\nUnique Identifier\n  31000003\nTitle\n  On snails.\nAbstract\n  {FIRST}\n",
    ],
)
def test_exports_that_only_look_like_text(write: Write, name: str, content: str) -> None:
    """What a database saves for people to read is no abstract; what to choose there instead is said."""
    for end in ("\n", "\r\n"):
        reason = only_rejection(write(name, content.replace("\n", end))).reason
        assert "in Zotero, EndNote or Ovid choose RIS, in PubMed the format PubMed" in reason


@pytest.mark.parametrize(
    "line",
    [
        f"1. {FIRST} It is in PubMed (PMID: 31894144).",
        f"<p>{FIRST}</p> {SECOND}",
        f"<jats:p>{FIRST}</jats:p> {SECOND}",
        f"AIDS - a review. {FIRST}",
        f"Author information: <1> {FIRST}",
    ],
)
def test_prose_with_the_marks_of_such_exports_is_prose(write: Write, line: str) -> None:
    """Their words inside of sentences say nothing, and neither do tags around an abstract."""
    assert texts(write("a.txt", f"{line}\n" * 6)) == [line] * 6


def test_stray_nul_bytes_are_no_reason_to_refuse(write: Write) -> None:
    """A NUL byte here and there is left for cleaning."""
    assert texts(write("a.txt", f"{FIRST}\x00 {SECOND} {FIRST}\n")) == [f"{FIRST}\x00 {SECOND} {FIRST}"]


def test_huge_line_is_skipped_in_bounded_memory(tmp_path: Path) -> None:
    """A 30 MB line is rejected without being held, and the lines around it are kept."""
    path = tmp_path / "huge.txt"
    with path.open("wb") as stream:
        stream.write(f"{FIRST}\n".encode())
        for _ in range(30):
            stream.write(b"x" * 1_000_000)
        stream.write(f"\n{SECOND}\n".encode())
    first, huge, second = read([path])
    assert isinstance(first, Record)
    assert isinstance(huge, Rejection)
    assert (huge.record, f"{LONGEST_RECORD:,}" in huge.reason) == (2, True)
    assert isinstance(second, Record)
    assert (second.number, second.fields["abstract"]) == (3, SECOND)


def test_endless_paragraph_is_rejected(write: Write) -> None:
    """A paragraph over the limit is rejected, and the next one read."""
    wrapped = "words that go on\n" * (LONGEST_RECORD // 16 + 2)
    found = list(read([write("a.txt", f"{wrapped}\n{FIRST}\n")]))
    assert isinstance(found[0], Rejection)
    assert isinstance(found[1], Record)


def test_folders_and_globs(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders are searched through in order of name, without hidden files and READMEs; a file counts once."""
    for name in ("b/two.txt", "b/deep/three.txt", "a.txt", ".hidden/x.txt", "b/.x.txt", "README.md", "b/LICENSE"):
        write(name, f"{FIRST} {name}")
    assert [each.rsplit(" ", 1)[1] for each in texts(tmp_path)] == ["a.txt", "b/two.txt", "b/deep/three.txt"]
    monkeypatch.chdir(tmp_path)
    assert [each.path for each in read(["**/*.txt", "a.txt", tmp_path / "a.txt"])] == [
        "a.txt",
        "b/deep/three.txt",
        "b/two.txt",
    ]
    assert len(texts("README.md")) == 1
    assert len(list(read("a.txt"))) == 1


def test_bracketed_name_is_a_file_first(write: Write) -> None:
    """A file whose name looks like a pattern is read as the file."""
    assert texts(write("notes [1].txt", FIRST)) == [FIRST]


def test_empty_folder_is_told(tmp_path: Path) -> None:
    """A folder without files is a rejection, so that others named with it are still read."""
    assert "no files" in only_rejection(tmp_path).reason


def test_dangling_link_is_told(tmp_path: Path) -> None:
    """A link to nothing is rejected as unreadable."""
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nowhere")
    assert "cannot be read" in only_rejection(tmp_path / "gone.txt").reason


def test_unreadable_file_is_told(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that the system refuses is rejected, and the next one read."""
    bad, good = write("a.txt", FIRST), write("b.txt", SECOND)
    opened = Path.open

    def refuse(path: Path, *args: object, **named: object) -> object:
        if path.name == bad.name:
            raise PermissionError(13, "Permission denied")
        return opened(path, *args, **named)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", refuse)
    refused, kept = read([bad, good])
    assert isinstance(refused, Rejection)
    assert "Permission denied" in refused.reason
    assert isinstance(kept, Record)


@pytest.mark.parametrize("path", ["missing.txt", "missing/*.txt", "", "nul\0.txt"])
def test_missing_paths_stop_before_anything_is_read(write: Write, path: str) -> None:
    """A path that does not exist raises at once, even behind good ones."""
    good = write("a.txt", FIRST)
    with pytest.raises(InputError, match=r"check|quote"):
        read([good, path])
    with pytest.raises(InputError, match="No path"):
        read([])


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """The path "-" reads standard input, which cannot be rewound, past the part that tells its format."""
    rows = "\n".join(json.dumps({"abstract": f"{FIRST} {number}"}) for number in range(3000))
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(rows.encode())))
    found = texts("-")
    assert len(found) == 3000
    assert found[-1] == f"{FIRST} 2999"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_file_name_that_is_no_utf8(tmp_path: Path) -> None:
    """A file name in another encoding is read and shown with a replacement character."""
    path = os.fsencode(tmp_path) + b"/caf\xe9.txt"
    Path(os.fsdecode(path)).write_text(FIRST)
    (record,) = read([tmp_path])
    assert isinstance(record, Record)
    assert record.path.endswith("caf\ufffd.txt")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    content=st.binary(max_size=400) | st.text(max_size=200).map(str.encode), name=st.sampled_from(["a.txt", "a.jsonl"])
)
def test_any_bytes_give_a_report(write: Write, content: bytes, name: str) -> None:
    """Whatever a file holds, reading ends with records or with reasons, numbered in order."""
    found = list(read([write(name, content)]))
    assert found or not content.strip(b"\x00 \r\n\t\x0b\x0c\xef\xbb\xbf")
    numbers = [each.number if isinstance(each, Record) else each.record for each in found]
    assert numbers == sorted(numbers)
    assert all(each.reason.endswith(".") for each in found if isinstance(each, Rejection))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    rows=st.lists(
        st.dictionaries(st.text(max_size=9), st.text(max_size=40) | st.integers(-9, 9), min_size=1), min_size=1
    )
)
def test_json_lines_round_trip(write: Write, rows: list[dict[str, object]]) -> None:
    """Every object written comes back as the fields of its line."""
    path = write(
        "a.jsonl", "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode("utf-8", "surrogatepass")
    )
    found = [each for each in read([path]) if isinstance(each, Record)]
    assert [(each.number, each.fields) for each in found] == [(number, row) for number, row in enumerate(rows, 1)]
