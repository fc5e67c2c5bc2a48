"""Several ``rag`` commands on one corpus at the same time."""

import json
import os
import signal
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


def _held(tmp_path: Path, seeds: Path, gate: Path) -> "subprocess.Popen[str]":
    """An ingest that takes the work of others, and does not go on itself while ``gate`` is there."""
    gate.touch()
    holder = start("ingest", seeds, gate=str(gate))
    while not (tmp_path / "home" / "default" / "door").exists():
        assert holder.poll() is None, holder.communicate()
        time.sleep(0.05)
    return holder


def test_a_second_ingest_is_handed_over_and_survives_the_first(tmp_path: Path, seeds: Path) -> None:
    """It says who has it, waits, and goes on by itself when that process ends; repeated it doubles nothing."""
    gate = tmp_path / "gate"
    first = _held(tmp_path, seeds, gate)
    second = start("ingest", seeds)
    assert second.stderr is not None
    assert second.stderr.readline() == f"handed over to process {first.pid} ({f'rag ingest {seeds}'!r})\n"
    gate.unlink()
    said, complained = first.communicate(timeout=240)
    assert (first.returncode, complained) == (0, "")
    assert "20 added" in said
    said, complained = second.communicate(timeout=240)
    assert second.returncode == 0, complained
    assert "22 unchanged" in said
    assert len(_abstracts(tmp_path / "home")) == 20


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM])
def test_a_holder_that_dies_loses_no_work(tmp_path: Path, seeds: Path, sent: signal.Signals) -> None:
    """Whoever had handed its files over takes them back, and finishes what the other one had begun."""
    first = _held(tmp_path, seeds, tmp_path / "gate")
    second = start("ingest", seeds)
    assert second.stderr is not None
    assert "handed over" in second.stderr.readline()
    first.send_signal(sent)
    first.communicate(timeout=240)
    said, complained = second.communicate(timeout=240)
    assert second.returncode == 0, complained
    assert "has ended; going on here" in complained
    assert "20 added" in said
    assert len(_abstracts(tmp_path / "home")) == 20


def test_a_removal_is_told_who_writes(tmp_path: Path, seeds: Path) -> None:
    """It stops with status 1 and one sentence that names the process; nothing is removed."""
    gate = tmp_path / "gate"
    rag("ingest", seeds)
    more = tmp_path / "more.txt"
    more.write_text("A further abstract speaks of lemurs and of where they live in Madagascar.\n")
    gate.touch()
    first = start("ingest", more, gate=str(gate))
    while not (tmp_path / "home" / "default" / "lock.json").exists():
        assert first.poll() is None, first.communicate()
        time.sleep(0.05)
    status, said, complained = rag("remove", "nosuch")
    assert (status, said) == (1, "")
    assert complained.startswith("rag: Another process is writing to the corpus")
    assert f"process {first.pid}, 'rag ingest" in complained
    assert complained.count("\n") == 1
    gate.unlink()
    assert first.communicate(timeout=240)[1] == ""


def test_ingests_that_start_together_lose_and_double_nothing(tmp_path: Path, seeds: Path) -> None:
    """Three that make the same new corpus at once all succeed, and together they leave it whole."""
    running = [start("ingest", seeds, batch=5) for _ in range(3)]
    ended = [(*process.communicate(timeout=240), process.returncode) for process in running]
    assert [status for _, _, status in ended] == [0, 0, 0], ended
    assert len(_abstracts(tmp_path / "home")) == 20


def test_asking_while_another_process_writes(tmp_path: Path, seeds: Path) -> None:
    """Searching goes on through ingests, removals, a rebuild, a backup and its restoring, and sees all of it in the end."""
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
        saved = tmp_path / "saved.zip"
        for arguments in (
            ("ingest", seeds, records), ("remove", "r3", "r4"), ("rebuild",), ("backup", saved), ("remove", "r5", "r6"),
            ("restore", saved, "--force"),
        ):  # fmt: skip
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
