"""Export and import again: a fixed point for every format that can be written."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.corpus import Record, clean, read
from rag.corpus.export import EXPORTS
from rag.records import Abstract

FORMATS = ("jsonl", "csl-json")

WORDS = st.text(st.characters(codec="utf-8"), max_size=25)
MARKED = st.sampled_from(
    [
        "a; b",
        "A, B",
        "{x}",
        "$5 & 10%",
        "R_2 # ~",
        '"quoted"',
        "\\alpha",
        "<b>x</b>",
        "p < 0.05 and q > 1",
        "Jr",
        "and",
        "van der Zee",
    ]
)
PHRASE = st.lists(WORDS | MARKED, min_size=1, max_size=4).map(" ".join)
NAME = st.sampled_from(
    [
        "Ines Quarrow",
        "J. van der Plume",
        "Tobin Ashgrove, Jr",
        "The Fog Group",
        "Li Wei",
        "Oszkó",
        "O'Neil-Smith A.",
        "E, Weinan",
        "Bark TB",
    ]
)
FIELDS = st.fixed_dictionaries(
    {"abstract": PHRASE.map(lambda phrase: f"Snails cross a garden slowly, as we measure. {phrase}")},
    optional={
        "id": PHRASE,
        "title": PHRASE,
        "authors": st.lists(NAME | PHRASE, max_size=3),
        "year": st.integers(1500, 2099),
        "venue": PHRASE,
        "doi": st.sampled_from(["10.5555/a_b(1)", "10.5555/x;y", "https://doi.org/10.5555/ABC"]),
        "pmid": st.integers(1, 99999999),
        "arxiv_id": st.sampled_from(["2101.00001v2", "math/9907013", "arXiv:0911.0421"]),
        "url": st.sampled_from(["https://example.org/a_b?c=d&e=%20f#g", "http://example.org/~x/"]),
        "keywords": st.lists(PHRASE, max_size=3),
    },
)


def imported(paths: Iterable[Path]) -> list[Abstract]:
    """The abstracts of files, without their sources; the test fails on a rejection."""
    found = [clean(each) if isinstance(each, Record) else each for each in read(paths)]
    assert all(isinstance(each, Abstract) for each in found), found
    return [replace(each, sources=()) for each in found if isinstance(each, Abstract)]


@pytest.mark.parametrize("form", FORMATS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=st.lists(FIELDS, min_size=1, max_size=3))
def test_import_export_import_is_a_fixed_point(tmp_path: Path, form: str, records: list[dict[str, object]]) -> None:
    """What was read once comes back from a written file in every field."""
    cleaned = [clean(Record("f", number, each, "")) for number, each in enumerate(records, 1)]
    first = [replace(each, sources=()) for each in cleaned if isinstance(each, Abstract)]
    path = tmp_path / "written"
    path.write_text("".join(EXPORTS[form](first)), encoding="utf-8", newline="")
    if first:
        assert imported([path]) == first


@pytest.mark.parametrize("form", FORMATS)
def test_the_fixtures_come_back(tmp_path: Path, form: str) -> None:
    """The fixtures of all formats, written and read, are the same abstracts."""
    fixtures = sorted((Path(__file__).parent / "fixtures").iterdir())
    found = [clean(each) if isinstance(each, Record) else each for each in read(fixtures)]
    first = [replace(each, sources=()) for each in found if isinstance(each, Abstract)]
    assert len(first) > 10
    path = tmp_path / "written"
    path.write_text("".join(EXPORTS[form](first)), encoding="utf-8", newline="")
    assert imported([path]) == first


@pytest.mark.parametrize("form", ["csl-json"])
def test_nothing_is_a_file_all_the_same(form: str) -> None:
    """No abstracts make an empty list."""
    assert "".join(EXPORTS[form]([])) == "[]\n"
