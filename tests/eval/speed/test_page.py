"""The page of measurements, out of records as they are kept."""

from pathlib import Path
from xml.etree import ElementTree

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.metrics.latency import Latency
from eval.speed.growth import Step
from eval.speed.ingest import Batch, IngestSpeed, parts
from eval.speed.process import Disk
from eval.speed.search import Case, SearchSpeed
from eval.speed.table import GROWTH, INGEST, SEARCH, write_page
from rag.errors import InputError


def _search(abstracts: int) -> SearchSpeed:
    cases = tuple(
        Case(name, abstracts, Latency(1.5, 2.5 * abstracts / 1000, 300), Latency(1.0, 2.0, 300))
        for name in ("no filter", "of 2020")
    )
    disk = Disk(abstracts * 6000, abstracts * 2000, abstracts * 160)
    return SearchSpeed(abstracts, abstracts, abstracts * 7, cases, 0.5, 1.0, 2.25, 5, 500_000_000, disk)


def _batch(bare: float | None, seconds: float = 2.0) -> Batch:
    return Batch(100, 100_000, seconds, bare, 1_000_000_000)


def test_the_page_says_what_was_measured(tmp_path: Path) -> None:
    """Targets stand beside the measurements of ingest, search and growth, and the plot is well-formed."""
    ingest = IngestSpeed(
        "papers.jsonl.gz", 1000, 990, 20.0, parts([_batch(1.8), _batch(None)] * 5), 1_500_000_000, Disk(1, 2, 3), 0.3
    )
    (tmp_path / INGEST).write_bytes(orjson.dumps(ingest))
    (tmp_path / SEARCH).write_bytes(orjson.dumps(_search(990)))
    (tmp_path / GROWTH).write_bytes(orjson.dumps([Step(size, 1.0, 9, _search(size)) for size in (1000, 100_000)]))
    write_page(tmp_path, tmp_path / "scale.md")
    page = (tmp_path / "scale.md").read_text()
    for row in (
        "| Share of the bare embedding rate, whole run | ≥ 0.85 | 0.90 |",
        "| Lowest share in any part | ≥ 0.85 | 0.90 |",
        "| Second ingest of the same file | < 3 % | 1.5% (0.3 s) |",
        "| `rag ask`, cold, the whole process | < 3.5 s | 2.25 s |",
        "| no filter | 990 | 1.5 ms | 2.5 ms | < 40 ms | 1.0 ms | 2.0 ms |",
        "| 100,000 | 1.5 ms | 250.0 ms |",
    ):
        assert row in page
    assert ElementTree.parse(tmp_path / "scale.svg").getroot().tag.endswith("svg")


def test_a_folder_without_measurements_is_refused(tmp_path: Path) -> None:
    """An empty page would look like a result."""
    with pytest.raises(InputError, match="no measurements"):
        write_page(tmp_path, tmp_path / "scale.md")


@given(st.lists(st.booleans(), min_size=1, max_size=200))
def test_parts_lose_no_batch(again: list[bool]) -> None:
    """However the batches embedded again lie, all abstracts are in a part, and each part has a rate to compare with."""
    batches = [_batch(1.0 if each or place == 0 else None) for place, each in enumerate(again)]
    made = parts(batches)
    assert sum(part.abstracts for part in made) == 100 * len(batches)
    assert len(made) <= 10
    assert all(part.share == pytest.approx(0.5) for part in made)


def test_a_part_that_slows_down_shows(tmp_path: Path) -> None:
    """The last tenth at half the pace has half the share."""
    made = parts([_batch(1.0, 1.0)] * 90 + [_batch(1.0, 2.0)] * 10)
    assert [round(part.share, 2) for part in made] == [1.0] * 9 + [0.5]
