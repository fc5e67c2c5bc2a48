"""The measurements run on the real embedder; how fast anything is, no test says."""

import json
from pathlib import Path

import pytest

from eval.speed.ingest import measure_ingest
from eval.speed.search import measure_search
from rag import Settings
from rag.errors import InputError

pytestmark = pytest.mark.model


def test_ingest_then_search_of_a_small_file(tmp_path: Path) -> None:
    """Every abstract is in a part with a bare rate; the same corpus is then searched with and without filters."""
    path = tmp_path / "papers.jsonl"
    rows = [
        {"title": f"Paper {n}", "year": 2000 + n % 3, "venue": "bees", "abstract": f"We count {n} bees. They slept."}
        for n in range(20)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    settings = Settings(corpus="measured")
    speed = measure_ingest(path, settings)
    assert speed.abstracts == sum(part.abstracts for part in speed.parts) == 20
    assert speed.peak_memory > 0
    assert min(speed.disk.catalog, speed.disk.vectors, speed.disk.text_index) > 0
    with pytest.raises(InputError, match="not empty"):
        measure_ingest(path, settings)
    search = measure_search(settings, count=4, repeats=1)
    assert {case.name: case.allowed for case in search.cases}["venue bees"] == 20
    assert search.first_search >= search.opening > 0
    assert search.cold_ask > 0
