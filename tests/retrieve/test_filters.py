"""Filters: the catalog's three ways to ask agree with each other, and a filtered search keeps to them at any size."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag import Assistant, Filters
from rag.index.catalog import Catalog
from rag.retrieve import search

FILTERS = st.builds(
    Filters,
    year_from=st.none() | st.integers(1999, 2006),
    year_to=st.none() | st.integers(1999, 2006),
    venues=st.lists(st.sampled_from(["v0", "V1", "v2", "other"]), max_size=2).map(tuple),
    sources=st.lists(st.sampled_from(["one.jsonl", "folder", "folder/", "two.jsonl", "wo.jsonl"]), max_size=2).map(
        tuple
    ),
)


@pytest.fixture
def corpus(assistant: Assistant, tmp_path: Path) -> Assistant:
    """Sixty abstracts in two files, one of them in a folder; years and venues by turns, one year unknown."""
    (tmp_path / "folder").mkdir()
    for start, name in ((0, "one.jsonl"), (30, "folder/two.jsonl")):
        rows = [
            {
                "id": f"p{number}", "title": f"Paper {number}", "year": 2000 + number % 6 if number % 7 else None,
                "venue": f"v{number % 3}", "abstract": f"We count bees in field {number}. Field {number} is green.",
            }
            for number in range(start, start + 30)
        ]  # fmt: skip
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    assistant.ingest([tmp_path / "one.jsonl", tmp_path / "folder"])
    return assistant


def _passes(assistant: Assistant, abstract_id: str, filters: Filters) -> bool:
    abstract = assistant.get(abstract_id)
    place = {"one.jsonl": ("one.jsonl",), "two.jsonl": ("two.jsonl", "folder", "folder/")}
    names = place[Path(abstract.sources[0].path).name]
    return (
        (filters.year_from is None or (abstract.year is not None and abstract.year >= filters.year_from))
        and (filters.year_to is None or (abstract.year is not None and abstract.year <= filters.year_to))
        and (not filters.venues or abstract.venue in [venue.lower() for venue in filters.venues])
        and (not filters.sources or any(name in filters.sources for name in names))
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(filters=FILTERS)
def test_every_way_to_resolve_a_filter_agrees(corpus: Assistant, filters: Filters) -> None:
    """All keys, some keys and the check of given keys let through exactly what the metadata say."""
    catalog = Catalog(corpus.settings.folder / "catalog.sqlite")
    everything = catalog.keys()
    expected = {f"p{number}" for number in range(60) if _passes(corpus, f"p{number}", filters)}
    found = catalog.keys(filters)
    assert {abstract.id for abstract in catalog.abstracts(found).values()} == expected
    assert sorted(catalog.passing(everything, filters)) == found
    assert len(catalog.keys(filters, limit=5)) == min(5, len(found))
    assert set(catalog.keys(filters, limit=5)) <= set(found)
    catalog.close()


@pytest.mark.parametrize("filters", [Filters(year_from=2003), Filters(venues=("V1",)), Filters(sources=("folder",))])
def test_a_broad_filter_is_kept_by_a_deeper_search(
    corpus: Assistant, filters: Filters, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a filter leaves too many to compare one by one, the best hits are those of comparing one by one."""
    exact = [hit.abstract.id for hit in corpus.search("bees in field 41", limit=5, filters=filters)]
    monkeypatch.setattr(search, "EXACT_LIMIT", 3)
    assert [hit.abstract.id for hit in corpus.search("bees in field 41", limit=5, filters=filters)] == exact


def test_a_broad_filter_far_from_the_question_still_finds(
    corpus: Assistant, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """When the deepest search brings next to nothing that the filter allows, everything allowed is compared."""
    rows = [{"id": f"z{n}", "title": "Z", "year": 1950, "abstract": f"Zebras sleep, {n} of them."} for n in range(8)]
    (tmp_path / "zebras.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    corpus.ingest([tmp_path / "zebras.jsonl"])
    monkeypatch.setattr(search, "EXACT_LIMIT", 3)
    monkeypatch.setattr(search, "DEEPEST", 4)
    hits = corpus.search("bees in field 41", limit=8, filters=Filters(year_to=1960))
    assert {hit.abstract.id for hit in hits} == {f"z{n}" for n in range(8)}


@pytest.mark.parametrize("source", ["../folder/two.jsonl", "./../folder", "~/folder/two.jsonl", "~/folder/../folder/"])
def test_a_source_is_named_as_it_was_ingested(
    corpus: Assistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    """From a folder beside it, or from home, a path means the file that it would ingest."""
    (tmp_path / "beside").mkdir()
    monkeypatch.chdir(tmp_path / "beside")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert corpus.count(Filters(sources=(source,))) == 30
    assert corpus.count(Filters(sources=("../two.jsonl",))) == 0
