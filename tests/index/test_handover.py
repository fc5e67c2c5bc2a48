"""An ingest is done by whoever is open for it, and by the one that asked when nobody is, or no longer."""

import io
import os
import socket
import stat
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from rag import Assistant, IngestReport, Settings
from rag.errors import InputError
from rag.records import Progress
from tests.doubles import ToyEmbedder


class GatedEmbedder(ToyEmbedder):
    """Says when it is asked to embed, and waits to be let through; then tells of every text."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.gate = threading.Event(), threading.Event()

    def encode(self, texts: Sequence[str], done: Callable[[int], None] | None = None) -> NDArray[np.float32]:
        """As the toy embedder does, when the gate is open."""
        self.asked.set()
        self.gate.wait(60)
        for _ in texts if done is not None else ():
            done(1)  # type: ignore[misc]
        return super().encode(texts)


class NeverEmbeds(ToyEmbedder):
    """For an assistant that must not do the work itself."""

    def encode(self, texts: Sequence[str], done: Callable[[int], None] | None = None) -> NDArray[np.float32]:
        """Fails."""
        raise AssertionError("this assistant was not to embed")


def test_a_server_takes_the_work_and_the_report_comes_back(settings: Settings, seeds: Path, tmp_path: Path) -> None:
    """With merges and rejections as if done here, progress that names the process, and the abstracts seen by both."""
    (tmp_path / "bad.jsonl").write_text("{\n")
    told: list[Progress] = []
    with (
        Assistant.open(settings, embedder=ToyEmbedder()) as server,
        Assistant.open(settings, embedder=NeverEmbeds()) as asker,
    ):
        server.take_ingests()
        report = asker.ingest([seeds, tmp_path / "bad.jsonl"], progress=told.append)
        assert isinstance(report, IngestReport)
        assert (report.added, report.merged, len(report.rejected)) == (20, 2, 1)
        assert report.merges[0].abstract_id in {abstract.id for abstract in asker.abstracts()}
        assert f"process {os.getpid()} (" in told[0].by
        assert told[-1].done == report.records
        for each in (server, asker):
            assert each.count() == 20
        assert asker.ingest([seeds]).unchanged == 22
        assert server.ingest([seeds]).unchanged == 22
        assert server.verify().sound


def test_what_is_wrong_with_a_path_comes_back_as_the_same_error(settings: Settings, tmp_path: Path) -> None:
    """The sentence names the path; the server goes on."""
    with Assistant.open(settings, embedder=ToyEmbedder()) as server, Assistant.open(settings) as asker:
        server.take_ingests()
        for _ in range(2):
            with pytest.raises(InputError, match=r"nosuch\.txt"):
                asker.ingest([tmp_path / "nosuch.txt"])


def test_when_the_server_closes_half_way_the_asker_does_the_rest(settings: Settings, seeds: Path) -> None:
    """Nothing is lost or doubled, and the one that asked hears nothing of it but who works."""
    embedder = GatedEmbedder()
    told: list[Progress] = []
    reports: list[IngestReport] = []
    server = Assistant.open(settings, embedder=embedder)
    server.take_ingests()
    with Assistant.open(settings, embedder=ToyEmbedder()) as asker:
        asking = threading.Thread(target=lambda: reports.append(asker.ingest([seeds], progress=told.append)))
        asking.start()
        assert embedder.asked.wait(60)
        listening = server._door._listening
        closer = threading.Thread(target=server.close)
        closer.start()
        assert listening is not None
        assert listening._closing.wait(60)
        embedder.gate.set()
        closer.join(60)
        asking.join(60)
        assert [(report.added, report.merged) for report in reports] == [(20, 2)]
        assert (bool(told[0].by), told[-1].by) == (True, "")
        assert asker.verify().sound
        assert not (settings.folder / "door").exists() or asker._door._listening is not None


def test_who_ingests_takes_work_meanwhile(settings: Settings, seeds: Path, tmp_path: Path) -> None:
    """A second ingest reaches the process that works on a first one, which does it afterwards."""
    (tmp_path / "more.txt").write_text("A further abstract speaks of lemurs and of where they live in Madagascar.\n")
    embedder = GatedEmbedder()
    with (
        Assistant.open(settings, embedder=embedder) as holder,
        Assistant.open(settings, embedder=NeverEmbeds()) as asker,
    ):
        reports: list[IngestReport] = []
        first = threading.Thread(target=lambda: reports.append(holder.ingest([seeds])))
        first.start()
        assert embedder.asked.wait(60)
        second = threading.Thread(target=lambda: reports.append(asker.ingest([tmp_path / "more.txt"])))
        second.start()
        embedder.gate.set()
        first.join(60)
        second.join(60)
        assert sorted(report.added for report in reports) == [1, 20]
        assert holder.search("lemurs in Madagascar")[0].abstract.text.startswith("A further")
        assert holder.verify().sound


def test_standard_input_is_read_here(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, server_and_asker: tuple[Assistant, Assistant]
) -> None:
    """No other process could read it."""
    server, asker = server_and_asker
    server.take_ingests()
    line = b"An abstract that comes through a pipe and is about the counting of lemurs.\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(line)))
    told: list[Progress] = []
    assert asker.ingest(["-"], progress=told.append).added == 1
    assert {state.by for state in told} == {""}


@pytest.mark.parametrize("left", ["a dead socket", "a file", "a process that was stopped"])
def test_a_door_where_nobody_answers_stops_nothing(
    server_and_asker: tuple[Assistant, Assistant], seeds: Path, settings: Settings, left: str
) -> None:
    """What a kill left behind is replaced; a listener that does not greet is passed over."""
    server, asker = server_and_asker
    door = settings.folder / "door"
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        if left == "a file":
            door.write_text("")
        else:
            listener.bind(os.path.relpath(door))
            if left == "a dead socket":
                listener.close()
            else:
                listener.listen()
        assert asker.ingest([seeds]).added == 20
    if left != "a process that was stopped":
        assert stat.S_IMODE(door.stat().st_mode) == 0o600
        assert server.ingest([seeds]).unchanged == 22


def test_a_corpus_deep_in_folders_has_a_door_too(tmp_path: Path, seeds: Path) -> None:
    """Addresses of sockets are short; paths need not be."""
    settings = Settings(home=tmp_path / ("long" * 30) / ("path" * 30))
    with Assistant.open(settings, embedder=ToyEmbedder()) as server, Assistant.open(settings) as asker:
        server.take_ingests()
        assert asker.ingest([seeds]).added == 20


@pytest.fixture
def server_and_asker(settings: Settings) -> Iterator[tuple[Assistant, Assistant]]:
    """Two assistants on one corpus."""
    with (
        Assistant.open(settings, embedder=ToyEmbedder()) as server,
        Assistant.open(settings, embedder=ToyEmbedder()) as asker,
    ):
        yield server, asker
