"""Removing and synchronising from the command line: what is asked first, and what is said afterwards."""

import json
import os
import pty
from pathlib import Path

import pytest

from tests.ui.terminal.command import rag, start

PAPERS = [
    {"id": "a", "title": "Snails", "abstract": "Snails climb steep slopes slowly, as was found.", "year": 2019},
    {"id": "b", "title": "RETRACTED: Graphs", "abstract": "Graph networks learn on nodes and edges.", "year": 2020},
    {"id": "c", "title": "Diffusion", "abstract": "Diffusion models generate images. Sampling is slow.", "year": 2021},
]


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A file of three papers that has been ingested."""
    file = tmp_path / "library.jsonl"
    _keep(file, "abc")
    assert rag("ingest", file)[0] == 0
    return file


def _keep(file: Path, ids: str) -> None:
    file.write_text("".join(json.dumps(paper) + "\n" for paper in PAPERS if paper["id"] in ids))  # type: ignore[operator]


def _at_a_terminal(answer: str, *arguments: str | Path) -> str:
    """What a command says on standard error to somebody at a terminal who answers so."""
    here, there = pty.openpty()
    process = start(*arguments, stdin=there)
    os.close(there)
    os.write(here, f"{answer}\n".encode())
    _, said = process.communicate(timeout=240)
    os.close(here)
    return said


def _ids() -> str:
    return "".join(paper["id"] for paper in json.loads(rag("list", "--json")[1]))


def test_removing_by_filter_asks_first(library: Path) -> None:
    """It says how many match; a no, or nobody to ask, removes nothing."""
    said = _at_a_terminal("n", "remove", "--from", "2020")
    assert "2 abstracts match" in said
    assert "Nothing was removed" in said
    status, _, complaint = rag("remove", "--from", "2020")
    assert (status, "--yes" in complaint, _ids()) == (2, True, "abc")
    assert "1 abstract matches" in _at_a_terminal("y", "remove", "--from", "2021")
    assert _ids() == "ab"
    assert rag("remove", "--source", "library.jsonl", "--yes")[1] == "2 removed\n"
    assert rag("remove", "--source", "library.jsonl", "--yes")[0] == 2
    assert rag("remove")[0] == 2


def test_removing_a_source_that_another_file_shares(library: Path, tmp_path: Path) -> None:
    """What the other file holds too stays, and that is said."""
    other = tmp_path / "other.jsonl"
    _keep(other, "a")
    rag("ingest", other)
    assert rag("remove", "--source", "library.jsonl", "--yes")[1] == "2 removed\n1 kept, which other files hold too\n"
    assert _ids() == "a"


def test_sync_asks_at_a_terminal_and_says_what_it_did_elsewhere(library: Path) -> None:
    """A plain ingest only mentions what is gone; a no keeps it; without a terminal the report says how many went."""
    _keep(library, "bc")
    assert "No longer in these files: 1 abstract, kept" in rag("ingest", library)[1]
    assert "No longer in these files: 1 abstract" in _at_a_terminal("n", "ingest", "--sync", library)
    assert _ids() == "abc"
    _at_a_terminal("y", "ingest", "--sync", library)
    assert _ids() == "bc"
    _keep(library, "c")
    assert "1 unchanged, 1 removed" in rag("ingest", "--sync", library)[1]
    assert _ids() == "c"


def test_a_retracted_paper_is_marked_wherever_it_is_shown(library: Path, tmp_path: Path) -> None:
    """Also where its title does not say so."""
    notice = {"title": "Snails", "abstract": PAPERS[0]["abstract"], "is_retracted": True}
    (tmp_path / "notice.jsonl").write_text(json.dumps(notice) + "\n")
    rag("ingest", tmp_path / "notice.jsonl")
    for command in (["list"], ["show", "a"], ["search", "snails"], ["ask", "Do snails climb steep slopes slowly?"]):
        assert "[Retracted] Snails" in rag(*command, RAG_MIN_CONFIDENCE="0")[1], command
    assert "RETRACTED: Graphs" in rag("show", "b")[1]
    assert json.loads(rag("show", "a", "--json")[1])["retracted"] is True
