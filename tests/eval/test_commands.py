"""`rag eval`: help, bad use, and the commands that need no model."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from eval.commands import app
from eval.questions import Question
from eval.runner import run
from rag.errors import InputError, UsageError

MakeAssistant = Callable[..., Any]
COMMANDS = ["run", "compare", "gate", "benchmark", "peers", "draft", "speed", "table"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example(command: str) -> None:
    """--help says what it does and how it is typed."""
    result = CliRunner().invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert f"rag eval {command}" in result.output


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["run", "--split", "both"], "dev, test or all"),
        (["run", "nowhere.jsonl"], "cannot be read"),
        (["run", "--corpus", "a", "--ingest", "b"], "exclude each other"),
        (["run", "--price", "cheap"], "not two numbers"),
        (["run", "--ingest", "nowhere"], "nothing at nowhere"),
        (["compare", "nowhere", "nowhere"], "no scores at nowhere"),
        (["benchmark", "glue", "--data", "."], "no benchmark 'glue'"),
        (["benchmark", "beir", "--data", "nowhere"], "no folder nowhere"),
        (["table", "nowhere"], "no scores at nowhere"),
        (["gate", "--baseline", "nowhere"], "no scores at nowhere"),
        (["run", "--corpus", "empty"], "'empty' holds no abstract"),
        (["draft", "--corpus", "empty"], "'empty' holds no abstract"),
        (["draft", "--out", "."], "exists, perhaps with edits"),
    ],
)
def test_bad_use_is_one_sentence(arguments: list[str], complaint: str) -> None:
    """A UsageError, which the terminal prints and turns into exit status 2."""
    result = CliRunner().invoke(app, arguments)
    assert isinstance(result.exception, InputError)
    assert complaint in str(result.exception)


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says which package is missing and the command that installs it."""
    monkeypatch.setattr("eval.commands.PEERS_EXTRA", ("txtai", "no_such_package.at_all"))
    result = CliRunner().invoke(app, ["peers"])
    assert isinstance(result.exception, UsageError)
    assert str(result.exception).startswith("no_such_package.at_all is not installed; run: pip install")


def test_two_runs_are_compared_and_tabled(
    questions: list[Question], make_assistant: MakeAssistant, tmp_path: Path
) -> None:
    """Compare names the questions that moved; table prints Markdown with a column for each run."""
    for name, shift in (("a", 0), ("b", 1)):
        run(questions, make_assistant(shift=shift), tmp_path / name, identity={"llm": name})
    compared = CliRunner().invoke(app, ["compare", str(tmp_path / "a"), str(tmp_path / "b")])
    assert compared.exit_code == 0, compared.exception
    assert "8 questions in common" in compared.output
    assert "they differ in: llm." in compared.output.replace("\n", "")
    assert "1.00 → 0.00  fern-1 (factoid)" in compared.output
    assert "0.00 → 1.00  moss-2 (followup)" in compared.output
    tabled = CliRunner().invoke(app, ["table", str(tmp_path / "a"), str(tmp_path / "b")])
    assert tabled.output.startswith("| | `a` | `b` |")
    run(questions, make_assistant(), tmp_path / "c", identity={"llm": "a"})
    tabled = CliRunner().invoke(app, ["table", str(tmp_path / "a"), str(tmp_path / "c")])
    assert tabled.output.startswith("| | `a (a)` | `a (c)` |")
    run(questions, make_assistant(), tmp_path / "d" / "a", identity={"llm": "a"})
    tabled = CliRunner().invoke(app, ["table", str(tmp_path / "a"), str(tmp_path / "d" / "a")])
    assert tabled.output.startswith(f"| | `a ({tmp_path}/a)` | `a ({tmp_path}/d/a)` |")  # no run stands for another
