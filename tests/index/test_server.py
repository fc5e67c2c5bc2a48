"""The vectors on a Chroma server: a corpus that many processes share, and what happens when server or process dies."""

import http.server
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import chromadb
import pytest

import rag.index.ingest
import rag.index.server
from rag import Assistant, CorpusError, Progress, Settings, VectorStoreError
from rag.index.store import _disconnect
from tests.doubles import ToyEmbedder
from tests.index.chroma_server import ChromaServer
from tests.ui.terminal.command import ROOT, start
from tests.ui.terminal.command import rag as command

pytestmark = pytest.mark.server

ASKER = """
import sys
from pathlib import Path
from rag import Assistant, Settings
from tests.doubles import ToyEmbedder

with Assistant.open(Settings(), embedder=ToyEmbedder()) as assistant:
    most = 0
    while not Path("stop").exists():
        hits = assistant.search("made record kernel", limit=500)
        ids = [hit.abstract.id for hit in hits]
        assert len(ids) == len(set(ids)), "an abstract is found once"
        most = max(most, len(ids))
        print(most, flush=True)
    print(sorted(hit.abstract.id for hit in assistant.search("made record kernel", limit=500)))
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ChromaServer]:
    """A Chroma server of the test's own."""
    started = ChromaServer(tmp_path / "chroma")
    yield started
    started.kill()


@pytest.fixture
def settings(tmp_path: Path, server: ChromaServer) -> Settings:
    """A corpus whose vectors are on the server."""
    return Settings(home=tmp_path / "home", chroma_url=server.url)


@pytest.fixture
def records(tmp_path: Path) -> Path:
    """120 records that take several batches of the embedder."""
    file = tmp_path / "records.jsonl"
    lines = [{"id": f"r{n}", "abstract": f"The made record {n} says something of kernel{n}. " * 9} for n in range(120)]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return file


def _open(settings: Settings) -> Assistant:
    return Assistant.open(settings, embedder=ToyEmbedder())


@contextmanager
def _client(settings: Settings) -> Iterator[Any]:
    client: Any = chromadb.HttpClient(host=settings.chroma_url, settings=chromadb.Settings(anonymized_telemetry=False))
    yield client
    _disconnect(client)


@contextmanager
def _collection(settings: Settings) -> Iterator[Any]:
    """The collection as the server holds it."""
    with _client(settings) as client:
        (name,) = [each.name for each in client.list_collections() if f"-{settings.corpus}-" in each.name]
        yield client.get_collection(name, embedding_function=None)


def _assert_whole(settings: Settings, count: int) -> None:
    """The corpus has ``count`` abstracts, all stores agree, and no chunk is on the server twice."""
    with _open(settings) as assistant:
        found = assistant.verify()
        assert (found.abstracts, found.problems) == (count, ())
        with _collection(settings) as chunks:
            names = chunks.get(include=[])["ids"]
        assert len(names) == len(set(names)) == assistant.stats().chunks


def test_the_life_of_a_corpus_on_a_server(settings: Settings, seeds: Path, tmp_path: Path) -> None:
    """Ingest, ask, remove, verify and restore work, nothing of Chroma is in the folder, and an open assistant sees it all."""
    with _open(settings) as writer, _open(settings) as asker:
        assert asker.search("robustness") == []
        assert writer.ingest([seeds]).added == 20
        writer.backup(tmp_path / "saved.zip")
        hit = asker.search("convergence time robustness metric", limit=1)[0]
        assert asker.ask("Which metric measures robustness by convergence time?").sources
        writer.remove([hit.abstract.id])
        assert hit.abstract.id not in [each.abstract.id for each in asker.search("convergence time robustness metric")]
    assert not (settings.folder / "chroma").exists()
    _assert_whole(settings, 19)
    Assistant.restore(tmp_path / "saved.zip", settings, force=True, embedder=ToyEmbedder()).close()
    _assert_whole(settings, 20)


def test_corpora_on_one_server_do_not_mix(settings: Settings, seeds: Path, records: Path, tmp_path: Path) -> None:
    """Neither two names in one home, nor one name in two homes."""
    for number, (home, corpus) in enumerate([("home", "default"), ("home", "x"), ("other", "default")]):
        with _open(settings.model_copy(update={"home": tmp_path / home, "corpus": corpus})) as assistant:
            assistant.ingest([seeds if number else records])
            assert assistant.verify().sound
            assert assistant.stats().abstracts == (20 if number else 120)
    with _client(settings) as client:
        assert len(client.list_collections()) == 3


def test_many_processes_share_a_corpus(settings: Settings, records: Path, seeds: Path, tmp_path: Path) -> None:
    """Two ask while two ingest: the second ingest waits for its turn, and all see everything in the end."""
    environment = {"RAG_HOME": str(settings.home), "RAG_CHROMA_URL": settings.chroma_url}
    with ExitStack() as running:
        askers = [
            running.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", ASKER], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
                    env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
                )
            )
            for _ in range(2)
        ]  # fmt: skip
        running.callback((tmp_path / "stop").touch)
        for asker in askers:
            assert asker.stdout is not None
            assert asker.stderr is not None
            assert asker.stdout.readline() == "0\n", asker.stderr.read()
        writers = [start("ingest", path, batch=10, **environment) for path in (records, seeds)]
        for writer in writers:
            assert writer.communicate(timeout=240)[1] == ""
            assert writer.returncode == 0
        (tmp_path / "stop").touch()
        told = [asker.communicate(timeout=240) for asker in askers]
    assert [complained for _, complained in told] == ["", ""]
    last = [said.splitlines()[-1] for said, _ in told]
    assert last[0] == last[1]
    assert all(f"'r{n}'" in last[0] for n in range(120))
    _assert_whole(settings, 140)


def test_a_server_that_restarts_is_waited_for(
    settings: Settings, server: ChromaServer, records: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed with SIGKILL in the middle of an ingest and started again, it is used on; nothing is lost or doubled."""
    monkeypatch.setattr(rag.index.ingest, "BATCH", 10)
    monkeypatch.setattr(rag.index.server, "WAITS", (0.1,) * 1000)  # however slow the machine is
    restarting = []

    def interrupt(progress: Progress) -> None:
        if progress.done >= 50 and not restarting:
            server.kill()
            restarting.append(threading.Timer(0.5, server.start))
            restarting[0].start()

    with _open(settings) as assistant:
        try:
            assert assistant.ingest([records], progress=interrupt).added == 120
        finally:
            for each in restarting:
                each.join()
    _assert_whole(settings, 120)


def test_a_server_that_stays_away_stops_the_ingest_and_loses_nothing(
    settings: Settings, server: ChromaServer, records: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the address and what to do; the corpus can be listed meanwhile, and is finished once it is back."""
    monkeypatch.setattr(rag.index.ingest, "BATCH", 10)
    monkeypatch.setattr(rag.index.server, "WAITS", (0.01, 0.01))
    away = f"{server.url} does not answer.*chroma run"
    with _open(settings) as assistant, pytest.raises(VectorStoreError, match=away):
        assistant.ingest([records], progress=lambda progress: server.kill() if progress.done == 50 else None)
    with _open(settings) as assistant:
        assert len(list(assistant.abstracts())) == 40
        with pytest.raises(VectorStoreError, match="does not answer"):
            assistant.search("made record")
    server.start()
    _assert_whole(settings, 50)  # the batch at hand was in the catalog, and opening has finished it
    with _open(settings) as assistant:
        report = assistant.ingest([records])
        assert (report.added, report.unchanged) == (70, 50)
    _assert_whole(settings, 120)


def test_killed_writers_leave_nothing_half_done(settings: Settings, records: Path, tmp_path: Path) -> None:
    """Six ingests killed with SIGKILL at random moments: opening finishes what they left, repeating ends in the same corpus."""
    chance = random.Random(5)
    environment = {"RAG_HOME": str(settings.home), "RAG_CHROMA_URL": settings.chroma_url}
    killed = 0
    for _ in range(6):
        process = start("ingest", records, batch=4, **environment)
        note = settings.folder / "lock.json"
        while not note.exists() and process.poll() is None:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.5))
        process.kill()
        process.communicate()
        note.unlink(missing_ok=True)
        killed += process.returncode == -signal.SIGKILL
        with _open(settings) as assistant:
            assert assistant.verify().sound
    assert killed >= 3
    status, _, complained = command("ingest", records, **environment)
    assert (status, complained) == (0, "")
    _assert_whole(settings, 120)


def test_rebuild_clears_and_refills_the_collection(settings: Settings, seeds: Path) -> None:
    """Rows that do not belong and rows that are missing are found by verify; rebuild mends both without embedding."""
    with _open(settings) as assistant:
        assistant.ingest([seeds])
        with _collection(settings) as chunks:
            chunks.upsert(ids=["999-0"], embeddings=[[1.0] * 64])
            chunks.delete(ids=chunks.get(limit=2, include=[])["ids"])
        problems = assistant.verify().problems
        assert ["misses 2" in problems[0], "left-over 1" in problems[1]] == [True, True]
        with _open(settings) as asker:
            asker.search("robustness")
            assistant.rebuild()
            assert len(asker.search("robustness", limit=50)) == 20  # by another collection than it opened
    _assert_whole(settings, 20)


def test_a_collection_that_is_lost_is_said_and_rebuilt(settings: Settings, seeds: Path) -> None:
    """Asking does not go on with half of the search; rebuild fills a new collection."""
    with _open(settings) as assistant:
        assistant.ingest([seeds])
        with _collection(settings) as chunks, _client(settings) as client:
            client.delete_collection(chunks.name)
        with pytest.raises(CorpusError, match="rag rebuild"):
            assistant.search("robustness")
    with _open(settings) as assistant:
        with pytest.raises(VectorStoreError, match="rag rebuild"):
            assistant.search("robustness")
        assistant.rebuild()
        assert assistant.search("robustness")
    _assert_whole(settings, 20)


def test_rebuild_moves_the_vectors_to_a_server_and_back(settings: Settings, seeds: Path, records: Path) -> None:
    """A forgotten or changed RAG_CHROMA_URL is an error of one sentence; nothing is embedded to move."""
    embedded = Settings(home=settings.home)

    class Sealed(ToyEmbedder):
        def encode(self, texts: Any, done: Callable[[int], None] | None = None) -> Any:
            assert len(texts) == 1, "questions only"
            return super().encode(texts, done)

    with _open(embedded) as assistant:
        assistant.ingest([seeds])
    for now, before in ((settings, "its own folder"), (embedded, "a Chroma server"), (settings, "its own folder")):
        with Assistant.open(now, embedder=Sealed()) as assistant:
            with pytest.raises(VectorStoreError, match=f"are in {before}.*rag rebuild"):
                assistant.search("robustness")
            with pytest.raises(VectorStoreError, match="RAG_CHROMA_URL"):
                assistant.verify()
            with pytest.raises(VectorStoreError, match="RAG_CHROMA_URL"):
                assistant.ingest([records])
            assistant.rebuild()
            assert assistant.search("robustness")
            assert assistant.verify().sound
    _assert_whole(settings, 20)


class _Answering(http.server.BaseHTTPRequestHandler):
    """Answers every request with one status and a page."""

    status = 404

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(b"<html>nothing for sk-secret</html>")

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (200, "does not answer as a Chroma server of version 1"),
        (404, "does not answer as a Chroma server of version 1"),
        (401, "refuses access to tenant default_tenant, database default_database.*RAG_CHROMA_TOKEN"),
        (403, "RAG_CHROMA_TOKEN"),
        (503, "answers HTTP 503"),
    ],
)
def test_what_another_server_says_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, said: str, seeds: Path
) -> None:
    """An address that is not Chroma's, an old version, a refused key, a proxy without its server; never the key itself."""
    monkeypatch.setattr(rag.index.server, "WAITS", (0.01,))
    monkeypatch.setattr(_Answering, "status", status)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answering) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{other.server_port}"
        settings = Settings(home=tmp_path / "home", chroma_url=url, chroma_token="sk-secret")
        with _open(settings) as assistant, pytest.raises(VectorStoreError, match=said) as caught:
            assistant.ingest([seeds])
        other.shutdown()
    assert url in str(caught.value)
    assert "sk-secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_database_that_is_missing_is_named(settings: Settings, seeds: Path) -> None:
    """With the settings that name it."""
    for name in ("chroma_database", "chroma_tenant"):
        wrong = settings.model_copy(update={name: "nosuch"})
        with _open(wrong) as assistant, pytest.raises(VectorStoreError, match=r"nosuch.*RAG_CHROMA_DATABASE"):
            assistant.ingest([seeds])


def test_the_key_is_sent(tmp_path: Path, seeds: Path) -> None:
    """As X-Chroma-Token, on every request to the server."""
    seen = []

    class Listening(_Answering):
        def do_GET(self) -> None:
            seen.append(self.headers["X-Chroma-Token"])
            super().do_GET()

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listening) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{other.server_port}"
        settings = Settings(home=tmp_path / "home", chroma_url=url, chroma_token="sk-secret")
        with _open(settings) as assistant, pytest.raises(VectorStoreError):
            assistant.ingest([seeds])
        other.shutdown()
    assert set(seen) == {"sk-secret"}


def test_doctor_looks_at_the_server(settings: Settings, server: ChromaServer) -> None:
    """It says the server's version, or what to do when it does not answer."""
    environment = {"RAG_HOME": str(settings.home), "RAG_CHROMA_URL": settings.chroma_url}
    assert f"Chroma server {server.url}, version 1" in command("doctor", **environment)[1]
    server.kill()
    status, said, _ = command("doctor", **environment)
    assert status == 1
    assert f"{server.url} does not answer" in said
