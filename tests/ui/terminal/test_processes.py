"""Several ``rag`` commands on one corpus at the same time."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rag import Assistant, Settings
from tests.doubles import ToyEmbedder
from tests.ui.terminal.command import ROOT, rag, start

pytestmark = pytest.mark.slow

ASKER = """
import json, sys
from pathlib import Path
from rag import Assistant, Settings
from tests.doubles import ToyEmbedder

def open_it():
    return Assistant.open(Settings(), embedder=ToyEmbedder())

rounds = 0
with open_it() as lasting:
    while not Path("stop").exists():
        with open_it() as fresh:
            for assistant in (lasting, fresh):
                hits = assistant.search("made record seven", limit=50)
                assert all(hit.abstract.text for hit in hits)
        rounds += 1
        print(rounds, flush=True)
    with open_it() as fresh:
        found = [[hit.abstract.id for hit in assistant.search("made record seven", limit=50)] for assistant in (lasting, fresh)]
print(json.dumps(found))
"""


def _abstracts(home: Path) -> list[str]:
    with Assistant.open(Settings(home=home), embedder=ToyEmbedder()) as assistant:
        verified = assistant.verify()
        assert verified.sound, verified.problems
        return [abstract.id for abstract in assistant.abstracts()]


def test_the_second_of_two_ingests_is_told_who_works(tmp_path: Path, seeds: Path) -> None:
    """It stops with status 1 and one sentence; nothing is lost, and repeated it doubles nothing."""
    gate = tmp_path / "gate"
    gate.touch()
    first = start("ingest", seeds, gate=str(gate))
    note = tmp_path / "home" / "default" / "lock.json"
    while not note.exists():
        assert first.poll() is None, first.communicate()
        time.sleep(0.05)
    status, said, complained = rag("ingest", seeds)
    assert (status, said) == (1, "")
    assert complained.startswith("rag: Another process is writing to the corpus")
    assert f"process {first.pid}, 'rag ingest" in complained
    assert complained.count("\n") == 1
    gate.unlink()
    said, complained = first.communicate(timeout=240)
    assert (first.returncode, complained) == (0, "")
    assert "20 added" in said
    assert "22 unchanged" in rag("ingest", seeds)[1]
    assert len(_abstracts(tmp_path / "home")) == 20


def test_ingests_that_start_together_lose_and_double_nothing(tmp_path: Path, seeds: Path) -> None:
    """Of three that make the same new corpus at once, each works or is refused, and together they leave it whole."""
    running = [start("ingest", seeds, batch=5) for _ in range(3)]
    ended = [(*process.communicate(timeout=240), process.returncode) for process in running]
    for _, complained, status in ended:
        assert status == 0 or (status == 1 and "Another process is writing" in complained), ended
    assert 0 in [status for _, _, status in ended]
    assert len(_abstracts(tmp_path / "home")) == 20


def test_asking_while_another_process_writes(tmp_path: Path, seeds: Path) -> None:
    """Searching goes on through a first ingest, an update, a removal and a rebuild, and sees all of it in the end."""
    records = tmp_path / "records.jsonl"

    def write(word: str) -> None:
        lines = [{"id": f"r{n}", "abstract": f"The made record {n} says {word} of kernel{n}. " * 9} for n in range(200)]
        records.write_text("".join(json.dumps(line) + "\n" for line in lines))

    with subprocess.Popen(
        [sys.executable, "-c", ASKER], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as asker:  # fmt: skip
        assert asker.stdout is not None
        asker.stdout.readline()  # it is at work, on an empty corpus
        write("seven")
        for arguments in (("ingest", seeds, records), ("remove", "r3", "r4"), ("rebuild",)):
            assert rag(*arguments, batch=10)[::2] == (0, "")
        write("eight and seven")
        assert rag("ingest", records, batch=10)[::2] == (0, "")
        (tmp_path / "stop").touch()
        said, complained = asker.communicate(timeout=240)
    assert (asker.returncode, complained) == (0, "")
    rounds, found = said.splitlines()[-2:]
    assert int(rounds) > 3
    lasting, fresh = json.loads(found)
    assert lasting == fresh
    assert len(fresh) == 50
    assert len(_abstracts(tmp_path / "home")) == 220
