"""Embedding fanned out over a real Ray cluster of two workers on loopback."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from numpy.typing import NDArray

import rag.index.ingest
from rag import Assistant, ClusterError, Progress, Settings
from tests.doubles import ToyEmbedder

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]

LOCAL_TWICE = """
import os, subprocess, sys
from pathlib import Path
from rag import Assistant, Settings
from tests.doubles import ToyEmbedder

tried = []

def intrude(progress):
    if not tried:
        import ray
        join = "import ray, sys; ray.init(address=sys.argv[1], log_to_driver=False)"
        plain = {name: value for name, value in os.environ.items() if not name.startswith("RAY_AUTH")}
        tried.append(subprocess.run(
            [sys.executable, "-c", join, ray.get_runtime_context().gcs_address], env=plain, capture_output=True, text=True
        ))
        print("refused:", tried[0].stderr.strip().splitlines()[-1].split(":")[0] if tried[0].returncode else "not at all")

for home in ("one", "two"):
    with Assistant.open(Settings(home=Path.home() / home), embedder=ToyEmbedder()) as assistant:
        print(assistant.ingest([sys.argv[1]], ray="local", progress=intrude).added)
"""


class Signing(ToyEmbedder):
    """Leaves a file with the process id wherever it embeds."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def encode(self, texts: Sequence[str], done: Callable[[int], None] | None = None) -> NDArray[Any]:
        """Unit vectors, as the toy's."""
        (self.folder / str(os.getpid())).touch()
        time.sleep(0.05)
        return super().encode(texts, done)


class Fatal(ToyEmbedder):
    """Kills the process that embeds with it."""

    def encode(self, texts: Sequence[str], done: Callable[[int], None] | None = None) -> NDArray[Any]:
        """Never returns."""
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """Ray with two CPUs, so two workers."""
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    ray = pytest.importorskip("ray")
    ray.init(
        address="local", num_cpus=2, include_dashboard=False, _node_ip_address="127.0.0.1", log_to_driver=False,
        logging_level="ERROR",
    )  # fmt: skip
    yield ray
    ray.shutdown()


@pytest.fixture
def records(tmp_path: Path) -> Path:
    """300 records of one to several chunks, three of them twice."""
    file = tmp_path / "records.jsonl"
    lines = [
        {"id": f"r{n}", "abstract": f"Record {n} says something of kernel{n}. " * (2 + n % 13)} for n in range(300)
    ]
    file.write_text("".join(json.dumps(line) + "\n" for line in [*lines, *lines[5:8]]))
    return file


def _corpus(assistant: Assistant) -> list[Any]:
    """Everything that can be seen of a corpus but the ids' order."""
    assert assistant.verify().sound
    ids, vectors = assistant.vectors()
    # the best one only: which of many equally near ones an approximate graph returns depends on the order of writing
    found = [(hit.abstract.id, round(hit.score, 5)) for hit in assistant.search("kernel17 record", limit=1)]
    return [list(assistant.abstracts()), ids, vectors.tolist(), found]


def test_workers_that_are_killed_change_nothing(
    cluster: Any, records: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two workers embed, each is killed once on the way, and the corpus is the one made without a cluster."""
    monkeypatch.setattr(rag.index.ingest, "BATCH", 100)
    pids = tmp_path / "pids"
    pids.mkdir()
    killed: list[str] = []

    def kill(progress: Progress) -> None:
        for path in pids.iterdir():
            if progress.done > 60 * (len(killed) + 1) and len(killed) < 2 and path.name not in killed:
                os.kill(int(path.name), signal.SIGKILL)
                killed.append(path.name)
                return

    with Assistant.open(Settings(home=tmp_path / "ray"), embedder=Signing(pids)) as assistant:
        report = assistant.ingest([records], ray="local", progress=kill)
        fanned_out = _corpus(assistant)
    assert (report.added, report.merged, len(killed)) == (300, 3, 2)
    embedded = {path.name for path in pids.iterdir()} - {str(os.getpid())}  # the search above embedded here
    assert len(embedded) >= 4, "two workers, and two in their places"
    with Assistant.open(Settings(home=tmp_path / "alone"), embedder=ToyEmbedder()) as assistant:
        assistant.ingest([records])
        assert _corpus(assistant) == fanned_out


def test_a_cluster_started_here_lets_nobody_else_in(records: Path, tmp_path: Path) -> None:
    """Ray listens on all interfaces; without the token that the process made, joining is refused. It works twice."""
    pytest.importorskip("ray")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    done = subprocess.run(
        [sys.executable, "-c", LOCAL_TWICE, str(records)], env={**environment, "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)},
        capture_output=True, text=True, timeout=500, check=False,
    )  # fmt: skip
    assert done.stdout.splitlines() == ["refused: ConnectionError", "300", "300"], done.stderr


def test_abstracts_that_kill_every_worker_are_an_error(cluster: Any, records: Path, tmp_path: Path) -> None:
    """It says so after some attempts, and the corpus is as it was."""
    with Assistant.open(Settings(home=tmp_path / "ray"), embedder=Fatal()) as assistant:
        with pytest.raises(ClusterError, match="died over the same abstracts"):
            assistant.ingest([records], ray="local")
        assert assistant.stats().abstracts == 0
        assert assistant.verify().sound


@pytest.mark.parametrize(("address", "said"), [("nowhere", "no address.*HOST:PORT"), ("127.0.0.1:{port}", "ray start")])
def test_a_cluster_that_is_not_there_is_said(tmp_path: Path, records: Path, address: str, said: str) -> None:
    """With what to do."""
    pytest.importorskip("ray")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with (
            Assistant.open(Settings(home=tmp_path), embedder=ToyEmbedder()) as assistant,
            pytest.raises(ClusterError, match=said),
        ):
            assistant.ingest([records], ray=address.format(port=unused.getsockname()[1]))


def test_without_the_extra_its_name_is_told(tmp_path: Path, records: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error ends with the command that installs it."""
    monkeypatch.setitem(sys.modules, "ray", None)
    with (
        Assistant.open(Settings(home=tmp_path), embedder=ToyEmbedder()) as assistant,
        pytest.raises(ClusterError, match=r"footnote-rag\[ray\]"),
    ):
        assistant.ingest([records], ray="local")
