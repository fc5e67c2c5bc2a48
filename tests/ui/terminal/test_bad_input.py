"""Bad input through the command line: one sentence that says what to do, the right exit status, good records kept."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import rag.index.index
from rag import Assistant, Settings
from tests.doubles import ToyEmbedder
from tests.ui.terminal import command
from ui.terminal import main

GOOD = "Counting objects in images is hard, and we propose a module that counts them without labels.\n"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Runs ``rag`` in this process: exit status, standard output, standard error."""
    monkeypatch.setattr(rag.index.index, "load", lambda settings: ToyEmbedder())

    def rag_command(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["rag", *map(str, arguments)])
        capfd.readouterr()
        status = 0
        try:
            main()
        except SystemExit as stopped:
            status = int(stopped.code or 0)
        return status, *capfd.readouterr()

    return rag_command


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A file with one good abstract."""
    file = tmp_path / "good.txt"
    file.write_text(GOOD)
    return file


def _unreadable(folder: Path) -> Path:
    file = folder / "unreadable.txt"
    file.write_text(GOOD)
    file.chmod(0)
    # Nobody may read this one, not even the superuser.
    return Path("/proc/self/mem") if os.access(file, os.R_OK) else file


def _empty(folder: Path) -> Path:
    (folder / "empty.txt").touch()
    return folder / "empty.txt"


def _binary(folder: Path) -> Path:
    (folder / "binary.txt").write_bytes(bytes(range(256)) * 100)
    return folder / "binary.txt"


def _endless_line(folder: Path) -> Path:
    with (folder / "endless.txt").open("wb") as file:
        for _ in range(30):
            file.write(b"word " * 200_000)
    return folder / "endless.txt"


def _wrong_encoding(folder: Path) -> Path:
    (folder / "encoding.txt").write_bytes("これは要旨である。\n".encode("shift_jis") * 5)
    return folder / "encoding.txt"


def _not_json(folder: Path) -> Path:
    (folder / "cut.jsonl").write_text('{"title": "Cut off", "abstract": "The line ends')
    return folder / "cut.jsonl"


BAD = {
    _unreadable: "cannot be read",
    _empty: "empty",
    _binary: "binary",
    _endless_line: "longer than",
    _wrong_encoding: "save the file as UTF-8",
    _not_json: "JSON",
}


@pytest.mark.parametrize("make", BAD, ids=lambda make: make.__name__.strip("_"))
def test_a_bad_file_is_named_and_good_ones_are_kept(run: Run, good: Path, tmp_path: Path, make: object) -> None:
    """Alone it is status 2 and a sentence; beside a good file it is a line of the report."""
    assert callable(make)
    bad = make(tmp_path)
    status, _, complained = run("ingest", bad)
    assert status == 2
    assert complained.startswith("rag: Nothing could be read; ")
    assert bad.name in complained
    assert BAD[make] in complained
    assert complained.count("\n") == 1
    status, said, complained = run("ingest", bad, good)
    assert (status, complained) == (0, "")
    assert "1 added" in said
    assert BAD[make] in said
    assert run("verify") == (0, "1 abstracts, all stores agree\n", "")


def test_bad_lines_are_numbered_between_good_ones(run: Run, tmp_path: Path) -> None:
    """A line too long, one of another encoding and an empty one cost nothing but themselves."""
    file = tmp_path / "mixed.txt"
    second = GOOD.replace("Counting", "Finding").encode()
    file.write_bytes(GOOD.encode() + b"x" * 11_000_000 + b"\n\n" + "要旨\n".encode("shift_jis") * 1 + second)
    status, said, _ = run("ingest", file)
    assert status == 0
    assert "2 added" in said
    assert f"{file.name}:2: The line is longer" in said


def test_a_missing_file_stops_before_anything_is_read(run: Run, good: Path, tmp_path: Path) -> None:
    """Status 2; the good file of the same command is not half taken in."""
    status, said, complained = run("ingest", good, tmp_path / "nosuch.txt")
    assert (status, said) == (2, "")
    assert "There is no file or folder" in complained
    assert "nosuch.txt" in complained
    assert complained.count("\n") == 1
    assert run("stats")[1].startswith("0 abstracts")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("RAG_FOO", "1", "There is no setting 'RAG_FOO'"),
        ("RAG_CORPSU", "1", "did you mean corpus"),
        ("RAG_LLM", "gpt", "cannot be used: use quotes"),
        ("RAG_CANDIDATES", "many", "RAG_CANDIDATES"),
        ("RAG_CORPUS", "../outside", "cannot be used"),
    ],
)
def test_bad_settings_are_named(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, value: str, said: str
) -> None:
    """Status 2, and nothing is made on disk."""
    monkeypatch.setenv(name, value)
    status, printed, complained = run("ask", "What is counted?")
    assert (status, printed) == (2, "")
    assert said.lower().removeprefix("rag_") in complained.lower()
    assert complained.count("\n") == 1
    assert not (tmp_path / "home").exists()


def test_a_bad_llm_option_is_named(run: Run) -> None:
    """The option goes the way of the setting."""
    status, _, complained = run("ask", "--llm", "nosuch", "What is counted?")
    assert status == 2
    assert "nosuch" in complained


@pytest.mark.parametrize(
    "arguments", [("ask", "What is counted?"), ("search", "counting"), ("list",), ("remove", "--yes")]
)
def test_years_that_no_abstract_can_have_are_refused(run: Run, good: Path, arguments: tuple[str, ...]) -> None:
    """Status 2 and both years, instead of a search that finds nothing; one year alone is a range."""
    run("ingest", good)
    status, said, complained = run(*arguments, "--from", "2020", "--to", "2019")
    assert (status, said) == (2, "")
    assert "--from 2020" in complained
    assert "--to 2019" in complained
    assert run("list", "--from", "2020", "--to", "2020")[0] == 0


def test_letters_that_are_no_unicode_are_shown_replaced(run: Run, good: Path) -> None:
    """What a terminal of another encoding sends is asked, printed as JSON, kept as feedback and looked up."""
    run("ingest", good)
    status, said, complained = run("ask", "--json", "What counts object\udce9")
    assert (status, complained) == (0, "")
    assert json.loads(said)["question"] == "What counts object\ufffd"
    with Assistant.open(Settings(), embedder=ToyEmbedder()) as assistant:
        assistant.add_feedback(assistant.ask("What counts object\udce9"), good=True, comment="caf\udce9")
        assert assistant.feedback()[0].comment == "caf\ufffd"
    status, _, complained = run("show", "object\udce9")
    assert status != 0
    assert "There is no abstract" in complained


def test_a_corpus_of_another_embedder_is_refused(run: Run, good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Status 1 for writing and for asking; the corpus stays as it was."""
    run("ingest", good)
    monkeypatch.setattr(rag.index.index, "load", lambda settings: ToyEmbedder(32))
    for arguments in (("ingest", str(good)), ("search", "counting objects")):
        status, said, complained = run(*arguments)
        assert (status, said) == (1, "")
        assert "was made with the embedder toy" in complained
        assert "RAG_EMBED_MODEL" in complained
    assert run("verify")[0] == 0


def test_a_home_that_cannot_be_made_is_said(run: Run, good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file where the folder should be: status 1 and which setting to change."""
    monkeypatch.setenv("RAG_HOME", str(good))
    status, _, complained = run("stats")
    assert status == 1
    assert "RAG_HOME" in complained


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Makes a disk of a given size in the place of the home, and resizes it."""
    home = tmp_path / "home"
    home.mkdir()
    mounted: list[str] = []

    def resize(size: str) -> Path:
        options = f"size={size}" if not mounted else f"remount,size={size}"
        try:
            subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", home], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("only a superuser may mount a small disk")
        mounted.append(size)
        return home

    yield resize
    if mounted:
        subprocess.run(["umount", "--lazy", home], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("size", ["16k", "300k", "3m", "6m"])
def test_a_full_disk_is_said_and_nothing_is_half_written(
    small_disk: Callable[[str], Path], tmp_path: Path, size: str
) -> None:
    """Status 1 and the remedy; with more space the same command completes a sound corpus."""
    home = small_disk(size)
    papers = tmp_path / "papers.txt"
    papers.write_text("".join(f"Paper {n} is about kernel{n}. {'It says more of it. ' * 30}\n" for n in range(3000)))
    status, _, complained = command.rag("ingest", papers, batch=50)
    assert status == 1, complained
    assert complained.count("\n") == 1, complained
    assert "free some space" in complained, complained
    assert "rag rebuild" not in complained
    small_disk("200m")
    status, _, complained = command.rag("ingest", papers)
    assert status == 0, complained  # it may say that it made the indexes again
    with Assistant.open(Settings(home=home), embedder=ToyEmbedder()) as assistant:
        verified = assistant.verify()
        assert verified.sound, verified.problems
        assert assistant.stats().abstracts == 3000


@pytest.mark.slow
def test_a_folder_that_may_only_be_read_is_said(small_disk: Callable[[str], Path], tmp_path: Path, seeds: Path) -> None:
    """Every command ends with status 1 and one sentence, and the corpus is whole afterwards."""
    home = small_disk("100m")
    assert command.rag("ingest", seeds)[0] == 0
    assert command.rag("backup", tmp_path / "saved.zip")[0] == 0
    subprocess.run(["mount", "-t", "tmpfs", "-o", "remount,ro", "tmpfs", home], check=True)
    for arguments in (
        ("search", "kernels"),
        ("ingest", seeds),
        ("rebuild",),
        ("restore", tmp_path / "saved.zip", "--force"),
    ):
        status, said, complained = command.rag(*arguments)
        assert (status, said) == (1, "")
        assert "may not be written to" in complained
        assert complained.count("\n") == 1
    subprocess.run(["mount", "-t", "tmpfs", "-o", "remount,rw", "tmpfs", home], check=True)
    assert command.rag("verify")[0] == 0


@pytest.mark.slow
def test_a_backup_on_a_full_disk_is_said(small_disk: Callable[[str], Path], tmp_path: Path, seeds: Path) -> None:
    """Neither a backup nor a restore that finds no room leaves anything behind, and the corpus goes on."""
    home = small_disk("100m")
    papers = tmp_path / "papers.txt"
    papers.write_text("".join(f"Paper {n} is about kernel{n}. {'It says more of it. ' * 30}\n" for n in range(1000)))
    assert command.rag("ingest", papers)[0] == 0
    assert command.rag("backup", tmp_path / "saved.zip")[0] == 0
    used = sum(path.stat().st_size for path in home.rglob("*") if path.is_file())
    small_disk(f"{used // 1024 + 300}k")
    for arguments in (("backup", home / "saved.zip"), ("restore", tmp_path / "saved.zip", "--force")):
        status, said, complained = command.rag(*arguments)
        assert (status, said) == (1, ""), complained
        assert "free some space" in complained or "has room" in complained
        assert complained.count("\n") == 1
    assert not [path for path in home.rglob("*") if path.name.startswith((".backup", "restoring"))]
    small_disk("100m")
    assert command.rag("verify")[1].startswith("1000 abstracts")
