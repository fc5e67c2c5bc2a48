"""Mutated files of every format: no exception, no hang, always a report. More of them: ``python -m tests.corpus.fuzz``."""

import logging
import random
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.corpus import Record, clean, read
from rag.corpus.formats import FORMATS, Format, detect
from rag.corpus.lines import LONGEST_RECORD
from rag.records import Rejection
from tests.corpus.fuzz import fuzz, mutated, sources


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Without the warnings of guessed encodings."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


def test_a_few_hundred_mutated_files(tmp_path: Path) -> None:
    """Each is read to its end, cleaned and reported."""
    outcome = fuzz(tmp_path, 300, seed=1)
    assert outcome.failures == []
    assert outcome.counts["Abstract"] > 300
    assert outcome.counts["Rejection"] > 300


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_thousands_of_mutated_files(tmp_path: Path) -> None:
    """The same on a larger scale, with other seeds, and without memory that grows."""
    fuzz(tmp_path, 200, seed=2)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert fuzz(tmp_path, 3000, seed=3).failures == []
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # KiB


def test_the_same_seed_makes_the_same_file() -> None:
    """A failure can be made again from its numbers."""
    data = b"We weigh boats.\n" * 50
    assert mutated(data, b"other", random.Random(7)) == mutated(data, b"other", random.Random(7)) != data


def test_every_format_is_fuzzed() -> None:
    """A format without a fixture would be left out of all of this."""
    found = {detect(path.name, path.read_bytes().decode("utf-8-sig", "replace")) for path in sources()}
    missing = {form.name for form in FORMATS} - {form.name for form in found if isinstance(form, Format)}
    assert missing <= {"paragraphs"}  # which is the same reading as one abstract a line


LONG = {
    "a.txt": b"We weigh the boats as tides move them.\n",
    "a.bib": b"@article{a,\n title = {",
    "a.ris": b"TY  - JOUR\nAB  - ",
    "a.nbib": b"PMID- 1\nAB  - ",
    "a.xml": b"<PubmedArticleSet>\n<PubmedArticle>\n<PMID>",
    "a.jsonl": b'{"abstract": "',
    "a.json": b'[\n{"abstract": "',
    "a.csv": b"id,abstract\n1,",
}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs sparse files")
@pytest.mark.parametrize("ends", ["never", "after a gigabyte"])
@pytest.mark.parametrize("name", LONG)
def test_a_line_of_a_gigabyte(name: str, ends: str, tmp_path: Path) -> None:
    """It is rejected without being held, and what follows its end is read."""
    path = tmp_path / name
    with path.open("wb") as file:
        file.write(LONG[name])
        for _ in range(128):
            file.write(b"a" * (8 << 20))
        file.write(b"" if ends == "never" else b"\n\n")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = [clean(each) if isinstance(each, Record) else each for each in read([path])]
    reasons = [each.reason for each in found if isinstance(each, Rejection)]
    assert any("longer than" in reason or "ends in the middle" in reason for reason in reasons), found
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20 * LONGEST_RECORD / 1024  # KiB
