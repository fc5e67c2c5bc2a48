"""Killed with SIGKILL at random moments, a corpus ends as if nothing had happened once the same command has run again.

``FOOTNOTE_KILLS=100 pytest -m slow tests/index/test_killed.py`` kills as often as that.
"""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rag.index.ingest
from rag import Assistant, Filters, Settings
from tests.doubles import ToyEmbedder
from tests.index import mortal
from tests.index.chroma_server import ChromaServer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("FOOTNOTE_KILLS", "30"))
CORPORA = -(-KILLS // 7)
"""Each is killed in a first ingest, its repetition, an update, a synchronised ingest, a removal, a rebuild and the
restoring of a backup."""
QUERIES = (
    "robustness convergence time",
    "alpha17 beta3 gamma9",
    "kernel12 method of the made paper",
    "counting objects",
)


def _text(chance: random.Random, words: int) -> str:
    """Sentences of made-up words; long ones fill several chunks of the toy embedder's window."""
    stems = ("alpha", "beta", "gamma", "kernel", "method", "graph", "node", "signal")
    said = [f"{chance.choice(stems)}{chance.randrange(40)}" for _ in range(words)]
    return " ".join(f"The {' '.join(said[at : at + 12])} is made." for at in range(0, words, 12))


def _write_files(folder: Path, version: int) -> list[str]:
    """About 300 records in four files: records that share a DOI, lines that come twice, ids that both files use.

    Version 2 has new first records (all others move), changed, shortened and lengthened texts, and one record that
    now is another file's paper. Version 3 is version 2 without the last third of every file.
    """
    chance = random.Random(7)
    papers = [
        {"id": str(n), "title": f"Made paper {n}", "doi": f"10.1234/{n}", "abstract": _text(chance, chance.randrange(30, 250))}
        for n in range(130)
    ]  # fmt: skip
    others = [{"id": str(n), "abstract": _text(chance, 90), "year": 1990 + n % 30} for n in range(90)]
    for n in range(0, 90, 9):  # known already by its DOI, with a year that the first file did not give
        others[n] = {"id": str(n), "doi": f"10.1234/{n}", "abstract": papers[n]["abstract"][:200], "year": 2001}
    lines = [_text(chance, 60) for _ in range(80)]
    lines[70:75] = lines[3:8]  # the same texts twice in one file, some batches apart
    if version > 1:
        for n in range(0, 130, 6):
            papers[n] = {**papers[n], "abstract": _text(chance, 20 if n % 12 else 300)}
        others[5] = {**others[5], "abstract": papers[2]["abstract"]}
        for some in (papers, others):
            some.insert(0, {"id": "new", "title": "News", "abstract": _text(chance, 50 + len(some))})
        lines.insert(0, _text(chance, 60))
        lines[40] = _text(chance, 60)
    if version == 3:
        for some in (papers, others, lines):
            del some[-len(some) // 3 :]
    for name, records in (("a.jsonl", papers), ("b.jsonl", others)):
        (folder / name).write_text("".join(json.dumps(record) + "\n" for record in records))
    (folder / "c.txt").write_text("\n".join(lines) + "\n")
    return [str(ROOT / "seeds"), *(str(folder / name) for name in ("a.jsonl", "b.jsonl", "c.txt"))]


def _removed(assistant: Assistant) -> list[str]:
    return [abstract.id for abstract in assistant.abstracts()][::25]


def _dump(home: Path) -> dict[str, list[Any]]:
    """Everything in the catalog but keys, run numbers and times, in an order of its own."""
    queries = {
        "abstracts": "SELECT id, state, title, title_derived, text, authors, year, venue, doi, pmid, arxiv_id, url, "
        "keywords, indexed_chunks FROM abstracts ORDER BY id",
        "vectors": "SELECT id, sentence_spans, sentence_codes, sentence_scales, chunk_spans, chunk_vectors "
        "FROM vectors JOIN abstracts USING (key) ORDER BY id",
        "identifiers": "SELECT name, id FROM identifiers JOIN abstracts USING (key) ORDER BY name",
        "sources": "SELECT path, record, id, record_id, digest, said FROM sources JOIN abstracts USING (key) "
        "ORDER BY path, record, id",
        "bands": "SELECT band, id FROM bands JOIN abstracts USING (key) ORDER BY band, id",
        "versions": "SELECT one.id, other.id FROM versions JOIN abstracts one USING (key) "
        "JOIN abstracts other ON other.key = versions.other ORDER BY one.id, other.id",
        "without an abstract": "SELECT key FROM (SELECT key FROM vectors UNION SELECT key FROM identifiers UNION "
        "SELECT key FROM sources UNION SELECT key FROM bands UNION SELECT key FROM versions UNION "
        "SELECT other FROM versions) WHERE key NOT IN (SELECT key FROM abstracts)",
    }
    with closing(sqlite3.connect(home / "default" / "catalog.sqlite")) as connection:
        return {name: connection.execute(query).fetchall() for name, query in queries.items()}


def _state(assistant: Assistant, home: Path) -> dict[str, Any]:
    verified = assistant.verify()
    assert verified.sound, verified.problems
    _assert_current(assistant)
    assistant.rebuild()  # BM25 counts deleted texts until Tantivy merges them away; made anew, scores can be compared
    # Filtered to all ids, every abstract is compared: the approximate search of Chroma depends on the order of insertion.
    everything = Filters(ids=tuple(abstract.id for abstract in assistant.abstracts()))
    found = {
        query: sorted(
            (hit.abstract.id, round(hit.score, 4))
            for hit in assistant.search(query, limit=len(everything.ids), filters=everything)
        )
        for query in QUERIES
    }
    return {**_dump(home), "found": found}


def _dumped(state: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in state.items() if name != "found"}


def _assert_same(found: dict[str, Any], expected: dict[str, Any]) -> None:
    """Part by part, so that a failure names the part and shows little."""
    for part in expected:
        if isinstance(expected[part], dict):
            assert found[part].keys() == expected[part].keys(), part
            for name, value in expected[part].items():
                assert found[part][name] == value, (part, name)
        else:
            assert found[part] == expected[part], part


def _assert_current(assistant: Assistant) -> None:
    """The vector store holds the vectors of the texts as they are now, not only as many under the same names."""
    index = assistant._index
    held = index.store._collection.get(include=["embeddings"])
    assert held["embeddings"] is not None
    vectors = index.catalog.vectors(index.catalog.keys())
    for name, embedding in zip(held["ids"], held["embeddings"], strict=True):
        key, number = map(int, name.split("-"))
        np.testing.assert_allclose(embedding, vectors[key].chunk_vectors[number], atol=1e-2)


@pytest.fixture
def executioner() -> Iterator[Any]:
    """Carries out a task in a process of its own, which dies where the task says so."""
    command = [sys.executable, "-m", "tests.index.mortal"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:

        def run(**task: Any) -> dict[str, int]:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(task) + "\n")
            process.stdin.flush()
            return dict(json.loads(process.stdout.readline()))

        yield run


@pytest.fixture(params=["embedded", pytest.param("server", marks=pytest.mark.server)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """Settings for where the vectors are kept."""
    if request.param == "embedded":
        yield {}
    else:
        server = ChromaServer(tmp_path / "chroma")
        yield {"chroma_url": server.url}
        server.kill()


def test_kills_change_nothing(
    executioner: Any, store: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After each kill, opening again and repeating the command ends in the corpus of an undisturbed run."""
    monkeypatch.setattr(rag.index.ingest, "BATCH", mortal.BATCH)
    chance = random.Random(11)
    kills = 0
    calm, homes = tmp_path / "calm", [tmp_path / f"corpus{number}" for number in range(CORPORA)]

    def run(home: Path, do: str, what: Any, **fate: float) -> dict[str, int]:
        return dict(executioner(home=str(home), settings=store, do=do, what=what, **fate))

    def undisturbed(do: str, what: Any) -> tuple[int, dict[str, Any]]:
        """Operations that it takes, and the state that it ends in."""
        lived = run(calm, do, what)
        assert lived["status"] == 0, lived
        with opened(calm) as assistant:
            return lived["operations"], _state(assistant, calm)

    def kill(home: Path, do: str, what: Any, operations: int) -> None:
        nonlocal kills
        died = run(
            home, do, what, at=chance.randint(1, operations), after=chance.choice([0.0, chance.uniform(0, 0.05)])
        )
        assert died["signal"] == signal.SIGKILL, died
        kills += 1

    def opened(home: Path) -> Assistant:
        return Assistant.open(Settings(home=home, **store), embedder=ToyEmbedder())

    for version, do in ((1, "ingest"), (2, "ingest"), (3, "sync")):
        paths = _write_files(tmp_path, version)
        operations, expected = undisturbed(do, paths)
        assert not expected["without an abstract"]
        for home in homes:
            kill(home, do, paths, operations)
            if version == 1:
                kill(home, do, paths, operations // 2)
            with opened(home) as assistant:
                assert not assistant.ingest(paths, sync=do == "sync").rejected
                _assert_same(_state(assistant, home), expected)
        if version == 1:
            first = expected
            with opened(calm) as assistant:
                assistant.backup(tmp_path / "first.zip")

    with opened(calm) as assistant:
        removed = _removed(assistant)
    operations, expected = undisturbed("remove", removed)
    for home in homes:
        kill(home, "remove", removed, operations)
        with opened(home) as assistant:
            left = {abstract.id for abstract in assistant.abstracts()} & set(removed)
            assert left in (set(), set(removed)), "a removal happens as a whole or not at all"
            if left:
                assistant.remove(removed)
            _assert_same(_state(assistant, home), expected)

    operations, _ = undisturbed("rebuild", [])
    for home in homes:
        kill(home, "rebuild", [], operations)
        with opened(home) as assistant:
            _assert_same(_state(assistant, home), expected)

    operations, restored = undisturbed("restore", str(tmp_path / "first.zip"))
    _assert_same(restored, first)
    for home in homes:
        kill(home, "restore", str(tmp_path / "first.zip"), operations)
        with opened(home) as assistant:
            verified = assistant.verify()
            assert verified.sound, verified.problems
            _assert_same(_dump(home), _dumped(first if _dump(home)["abstracts"] == first["abstracts"] else expected))
        Assistant.restore(
            tmp_path / "first.zip", Settings(home=home, **store), force=True, embedder=ToyEmbedder()
        ).close()
        with opened(home) as assistant:
            _assert_same(_state(assistant, home), restored)
    assert kills >= KILLS
