"""The speed measurement runs; how fast it is, no test says."""

import json
from pathlib import Path

import pytest

from eval.speed.stock import markdown, measure
from rag.errors import InputError
from rag.settings import Settings

pytestmark = pytest.mark.model


def _papers(path: Path, count: int) -> Path:
    rows = [
        {"title": f"Paper {number}", "abstract": f"We count {number} bees in field {number}. They slept well."}
        for number in range(count)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_every_pace_is_of_the_same_text(tmp_path: Path) -> None:
    """Ingest and bare embedding share their tokens, and the table has a row for each measurement."""
    speed = measure(_papers(tmp_path / "papers.jsonl", 34), Settings(), limit=33, stock=32, questions=4)
    assert speed.abstracts == 33
    assert speed.ingest.tokens == speed.bare.tokens > speed.llamaindex.tokens > 0
    assert speed.ask.count == speed.search.count >= 4
    table = markdown(speed)
    assert table.count("\n") == 8
    assert "| Ingest over bare embedding |" in table


def test_too_few_abstracts_are_refused(tmp_path: Path) -> None:
    """A handful measures nothing but the start."""
    with pytest.raises(InputError, match="at least 32"):
        measure(_papers(tmp_path / "papers.jsonl", 5), Settings())
