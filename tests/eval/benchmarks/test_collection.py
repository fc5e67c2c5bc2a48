"""Reading the benchmarks' files."""

import gzip
from pathlib import Path

import pytest

from eval.benchmarks.collection import find, read_json, read_jsonl, read_qrels
from rag.errors import InputError


def test_plain_and_gzipped_files_are_the_same(tmp_path: Path) -> None:
    """Whichever of the two is there is found and read."""
    line = b'{"_id": "1", "text": "x"}\n'
    (tmp_path / "corpus.jsonl").write_bytes(line)
    (tmp_path / "queries.jsonl.gz").write_bytes(gzip.compress(line))
    for name in ("corpus.jsonl", "queries.jsonl"):
        assert list(read_jsonl(find(tmp_path, name), ["_id", "text"])) == [{"_id": "1", "text": "x"}]


def test_judgements_keep_their_grades(tmp_path: Path) -> None:
    """The heading is skipped, 0 means not relevant, several files are one."""
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "dev.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\n")
    (tmp_path / "qrels" / "test.tsv").write_text("q2\td3\t1\n")
    assert read_qrels(tmp_path) == {"q1": {"d1": 2}, "q2": {"d3": 1}}


def test_broken_files_are_refused_with_their_line(tmp_path: Path) -> None:
    """Each names the file, the line and what is missing."""
    with pytest.raises(InputError, match=r"holds no corpus\.jsonl"):
        find(tmp_path, "corpus.jsonl")
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"_id": "1", "text": "x"}\n{"_id": "2"}\n')
    with pytest.raises(InputError, match=r"bad\.jsonl:2: no field 'text'"):
        list(read_jsonl(bad, ["_id", "text"]))
    bad.write_text("{\n")
    with pytest.raises(InputError, match=r"bad\.jsonl:1: not JSON"):
        list(read_jsonl(bad, []))
    with pytest.raises(InputError, match="is not JSON"):
        read_json(bad)
    broken = tmp_path / "broken.jsonl.gz"
    broken.write_bytes(b"not gzip")
    with pytest.raises(InputError, match="cannot be read"):
        list(read_jsonl(broken, []))
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "test.tsv").write_text("q1\td1\tmuch\n")
    with pytest.raises(InputError, match=r"test\.tsv:1"):
        read_qrels(tmp_path)
