"""Fixtures of all tests: settings that touch nothing of the user's, an assistant without models, the seed files."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from rag import Assistant, Settings
from tests.doubles import ToyEmbedder

ROOT = Path(__file__).parent.parent

# A shared machine pauses for longer than any deadline; what is slow is found by the benchmarks.
hypothesis.settings.register_profile("footnote", deadline=None)
hypothesis.settings.load_profile("footnote")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run browser tests last: Playwright leaves an event loop running, in which no other test can start its own."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.fixture(autouse=True)
def _nothing_of_the_user(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No RAG_* variable and no .env of whoever runs the tests is seen; corpora go to the test, fast ones read no model."""
    import os

    for name in [name for name in os.environ if name.startswith("RAG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("RAG_HOME", str(tmp_path / "home"))
    if not any(request.node.get_closest_marker(name) for name in ("model", "server", "browser", "data", "slow")):
        monkeypatch.setenv("RAG_READER", "none")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def seeds() -> Path:
    """The folder of the seed files."""
    return ROOT / "seeds"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings for a corpus of the test's own."""
    return Settings(home=tmp_path / "home", corpus="test")


@pytest.fixture
def assistant(settings: Settings) -> Iterator[Assistant]:
    """An empty assistant with the toy embedder."""
    with Assistant.open(settings, embedder=ToyEmbedder()) as opened:
        yield opened


@pytest.fixture
def answering(settings: Settings, tmp_path: Path) -> Iterator[Callable[[Sequence[dict[str, Any]]], Assistant]]:
    """Makes the assistant over some records, with the toy embedder; it answers whatever it is asked."""
    with Assistant.open(settings.model_copy(update={"min_confidence": 0.0}), embedder=ToyEmbedder(256)) as opened:

        def over(records: Sequence[dict[str, Any]]) -> Assistant:
            file = tmp_path / "papers.jsonl"
            file.write_text("".join(json.dumps(record) + "\n" for record in records))
            opened.ingest([file])
            return opened

        yield over
