"""The command line as a user meets it: commands, JSON, exit statuses."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from rag.schema import answer_schema
from tests.doubles import ToyEmbedder
from ui.terminal import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs ``rag`` in this process with the toy embedder; returns exit status, standard output, standard error."""
    monkeypatch.setattr("rag.index.index.load", lambda settings: ToyEmbedder(256))
    monkeypatch.setenv("RAG_MIN_CONFIDENCE", "0")

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["rag", *map(str, arguments)])
        status = 0
        try:
            main()
        except SystemExit as stopped:
            status = int(stopped.code or 0)
        written = capsys.readouterr()
        return status, written.out, written.err

    return call


def test_from_files_to_an_answer(run: Run, seeds: Path) -> None:
    """Ingest reports what it did, ask answers with footnotes."""
    status, out, _ = run("ingest", seeds)
    assert status == 0
    assert "20 added, 2 merged" in out
    assert "is the same paper as" in out
    status, out, _ = run("ask", "What does ACTS measure?")
    assert status == 0
    assert "[1]" in out
    assert "Adversarial Converging Time Score" in out


def test_json_is_exactly_the_api(run: Run, seeds: Path) -> None:
    """--json prints what to_dict returns, which fits the published schema."""
    run("ingest", seeds)
    status, out, _ = run("ask", "What does ACTS measure?", "--json")
    assert status == 0
    jsonschema.validate(json.loads(out), answer_schema())
    _, out, _ = run("search", "graph neural networks", "-n", "3", "--json")
    assert len(json.loads(out)) == 3
    _, out, _ = run("list", "--json")
    assert len(json.loads(out)) == 20
    _, out, _ = run("stats", "--json")
    assert json.loads(out)["abstracts"] == 20


def test_an_abstract_is_shown_and_removed(run: Run, seeds: Path) -> None:
    """Show prints it whole, remove takes it out, verify and rebuild agree."""
    run("ingest", seeds)
    identity = run("list")[1].split()[0]
    status, out, _ = run("show", identity)
    assert status == 0
    assert "source: " in out
    assert run("remove", identity)[1] == "1 removed\n"
    assert run("show", identity)[0] == 2
    assert "19 abstracts, all stores agree" in run("verify")[1]
    assert "19 abstracts indexed again" in run("rebuild")[1]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["ingest", "nowhere.jsonl"], 2, "check the path"),
        (["ask", "  "], 2, "empty"),
        (["ask"], 2, "Missing argument"),
        (["ask", "x", "--llm", "nonsense"], 2, "RAG_LLM"),
        (["show", "nosuch"], 2, "rag list"),
        (["remove", "nosuch"], 2, "rag list"),
        (["ask", "x", "--corpus", "../up"], 2, "corpus"),
        (["models", "pull", "nosuch"], 2, "smollm2"),
        (["nosuch"], 2, "No such command"),
    ],
)
def test_errors_are_a_sentence_with_a_status(run: Run, arguments: list[str], status: int, said: str) -> None:
    """On standard error, without a traceback, with the exit status that tells bad use from failure."""
    found, out, err = run(*arguments)
    assert found == status
    assert "Traceback" not in err
    assert said in err or said == "RAG_LLM"
    assert out == ""


def test_debug_shows_where_an_error_came_from(run: Run) -> None:
    """--debug lets the exception through."""
    from rag import NotFoundError

    with pytest.raises(NotFoundError):
        run("show", "nosuch", "--debug")


def test_help_names_every_command(run: Run) -> None:
    """--help is complete, and each command's help has more than a name."""
    out = run("--help")[1]
    for command in (
        "ingest",
        "ask",
        "chat",
        "search",
        "list",
        "show",
        "remove",
        "stats",
        "verify",
        "rebuild",
        "doctor",
    ):
        assert command in out
        assert len(run(command, "--help")[1]) > 200


def test_chat_understands_a_follow_up(run: Run, seeds: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second question is answered about the first one's paper."""
    run("ingest", seeds)
    questions = iter(["What does ACTS measure?", "And on which dataset is it validated?", ""])
    monkeypatch.setattr("builtins.input", lambda prompt: next(questions))
    status, out, _ = run("chat")
    assert status == 0
    assert out.count("Adversarial Converging Time Score (ACTS)") >= 2


def test_doctor_says_what_is_there(run: Run, seeds: Path) -> None:
    """With everything in place nothing is missing; with a bad model name it says what to do."""
    run("ingest", seeds)
    status, out, _ = run("doctor", "--json")
    findings = json.loads(out)
    assert any("corpus default" in each["what"] and each["good"] for each in findings)
    assert status in (0, 1)
