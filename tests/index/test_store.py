"""The vector store while much is written to it."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from rag.index import store as module
from rag.index.store import Store


def _vectors(first: int, count: int) -> list[NDArray[np.float16]]:
    random = np.random.default_rng(first)
    return [row[None].astype(np.float16) for row in random.standard_normal((count, 8))]


def _saved(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("data_level0.bin"))


def test_a_bulk_is_saved_less_often_and_whole_at_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the share that makes a bulk the graph is not saved at each thousand, but is once the bulk is settled."""
    monkeypatch.setattr(module, "BULK_SHARE", 1)
    store = Store(tmp_path / "chroma")
    for first in range(0, 4500, 1500):
        store.upsert(range(first, first + 1500), _vectors(first, 1500))
    before = _saved(tmp_path)
    store.settle()
    assert _saved(tmp_path) > before
    assert sorted(store.names()) == [(key, 0) for key in range(4500)]
    store.reopen()
    for key in (0, 1600, 4499):
        vector = _vectors(key // 1500 * 1500, 1500)[key % 1500][0].astype(np.float32)
        assert store.query(vector, 1)[0][0] == key
    store.close()


def test_a_question_finds_what_is_there_when_that_is_less_than_it_asks_for(tmp_path: Path) -> None:
    """An empty store finds nothing, and one with two vectors two."""
    store = Store(tmp_path / "chroma")
    question = np.ones(8, np.float32)
    assert store.query(question, 5) == []
    store.upsert([1, 2], _vectors(0, 2))
    assert {key for key, _ in store.query(question, 5)} == {1, 2}
    store.close()
