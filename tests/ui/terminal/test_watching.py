"""``rag ingest --watch`` as a process: a line for each report, no lock while idle, a clean end."""

import json
import re
import signal
from pathlib import Path

import pytest

from tests.ui.terminal.command import rag, start

pytestmark = pytest.mark.slow


def _record(number: int) -> str:
    return (
        json.dumps({"id": f"r{number}", "abstract": f"The made record {number} tells of kernel{number}. " * 5}) + "\n"
    )


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_watched_folder_is_followed(tmp_path: Path, seeds: Path, sent: signal.Signals) -> None:
    """What is there first, then what comes, is half written, bad, or gone; others may write meanwhile."""
    if signal.getsignal(sent) is signal.SIG_IGN:
        pytest.skip("this shell's background jobs ignore Ctrl+C")
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "first.jsonl").write_text(_record(1) + _record(2))
    watching = start("ingest", "--watch", folder, PYTHONUNBUFFERED="1")
    assert watching.stdout is not None

    def says(pattern: str) -> None:
        line = watching.stdout.readline()  # type: ignore[union-attr]
        assert re.fullmatch(rf"\d\d:\d\d:\d\d {pattern}\n", line), (line, watching.poll())

    says("watching papers")
    says("papers: 2 added")
    assert not (tmp_path / "home" / "default" / "lock.json").exists()
    (folder / "second.jsonl").write_text(_record(3) + _record(4)[:50])
    says(r"papers/second.jsonl: 1 added, 1 rejected \(record 2: .*JSON.*\)")
    (folder / "second.jsonl").write_text(_record(3) + _record(4))
    says("papers/second.jsonl: 1 added, 1 unchanged")
    (folder / "binary.txt").write_bytes(bytes(range(256)) * 10)
    says(r"papers/binary.txt: 1 rejected \(.*binary.*\)")
    (folder / "first.jsonl").unlink()
    says("papers/first.jsonl: gone; its 2 abstracts stay.*")
    assert rag("remove", "r1")[:2] == (0, "1 removed\n")
    assert "20 added" in rag("ingest", seeds)[1]
    watching.send_signal(sent)
    said, complained = watching.communicate(timeout=60)
    assert watching.returncode == 0, complained
    assert "stopped; what was done until now is kept" in said
    assert rag("verify")[1].startswith("23 abstracts")
