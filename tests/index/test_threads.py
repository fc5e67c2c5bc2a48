"""One corpus, several assistants and threads: turns are taken, nothing waits for ever, nothing is left open."""

import json
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import rag.answer.check
from rag import Assistant, Settings
from tests.doubles import ToyEmbedder


def _all_at_once(works: list[Callable[[], object]]) -> None:
    """Run each in a thread of its own; fails when one does not come to an end."""
    threads = [threading.Thread(target=work, daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads)


def test_writers_take_turns_without_making_the_indexes_again(
    settings: Settings, seeds: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One that has written and stays open does not keep the next one from writing, nor that one the first."""
    with (
        caplog.at_level(logging.WARNING),
        Assistant.open(settings, embedder=ToyEmbedder()) as first,
        Assistant.open(settings, embedder=ToyEmbedder()) as second,
    ):
        first.ingest([seeds])
        gone = next(first.abstracts()).id
        assert second.remove([gone]) == 1
        assert first.ingest([seeds]).added == 1
        second.rebuild()
        first.remove([gone])
        assert second.verify().sound
    assert "made again" not in caplog.text


@pytest.mark.slow
def test_others_open_the_corpus_while_the_graph_is_written(settings: Settings, tmp_path: Path) -> None:
    """Again and again, through several savings of the graph: nothing is lost, and nobody is told of damage."""
    file = tmp_path / "papers.jsonl"
    papers = [{"id": f"p{n}", "abstract": f"We count the bees and flies of field{n}."} for n in range(2500)]
    file.write_text("".join(json.dumps(paper) + "\n" for paper in papers))
    written = threading.Event()
    opened: list[int] = []

    def look() -> None:
        while not written.is_set():
            with Assistant.open(settings, embedder=ToyEmbedder()) as other:
                opened.append(len(other.search("bees and flies")))

    def write() -> None:
        with Assistant.open(settings, embedder=ToyEmbedder()) as writer:
            writer.ingest([file])
        written.set()

    _all_at_once([write, look, look])
    assert written.is_set()
    assert len(opened) > 2
    with Assistant.open(settings, embedder=ToyEmbedder()) as assistant:
        found = assistant.verify()
        assert (found.abstracts, found.problems) == (2500, ())


def test_searching_and_asking_at_once_from_the_start(
    settings: Settings, seeds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is made for the first question is made once, and nobody waits for somebody who waits for him."""
    making = rag.answer.check.Checker.__init__

    def slowly(self: Any, *given: Any) -> None:
        time.sleep(0.2)
        making(self, *given)

    monkeypatch.setattr(rag.answer.check.Checker, "__init__", slowly)
    with Assistant.open(settings, embedder=ToyEmbedder()) as first:
        first.ingest([seeds])
    with Assistant.open(settings, embedder=ToyEmbedder()) as assistant:
        later = threading.Timer(0.1, assistant.search, ["robustness"])
        later.daemon = True
        later.start()
        _all_at_once([lambda: assistant.ask("What does ACTS measure?"), lambda: later.join(timeout=60)])
        assert not later.is_alive()


def test_a_thread_that_has_ended_leaves_no_file_open(assistant: Assistant, seeds: Path) -> None:
    """A server answers each request in another thread, for months."""
    assistant.ingest([seeds])
    _all_at_once([assistant.count])
    before = len(list(Path("/dev/fd").iterdir()))
    for _ in range(50):
        _all_at_once([assistant.count])
    assert len(list(Path("/dev/fd").iterdir())) < before + 10
