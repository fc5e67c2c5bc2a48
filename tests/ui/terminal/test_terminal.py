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
FIXTURES = Path(__file__).parents[2] / "corpus" / "fixtures"


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


def test_a_list_says_how_many_there_are(run: Run, tmp_path: Path) -> None:
    """Of those that the filters leave."""
    papers = [{"id": f"p{n}", "year": 2000 + n, "abstract": f"We count the snails of garden {n}."} for n in range(9)]
    (tmp_path / "papers.jsonl").write_text("".join(json.dumps(paper) + "\n" for paper in papers))
    run("ingest", tmp_path / "papers.jsonl")
    assert "... 9 in all; --offset 4 goes on" in run("list", "-n", "4")[1]
    assert "... 5 in all; --offset 4 goes on" in run("list", "-n", "4", "--to", "2004")[1]
    assert "in all" not in run("list", "-n", "4", "--to", "2003")[1]


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


def test_watching_refuses_what_it_cannot_do(run: Run, tmp_path: Path) -> None:
    """There is no report to print as JSON, and a pattern is no folder."""
    status, _, complaint = run("ingest", "--watch", "--json", tmp_path)
    assert (status, "--json" in complaint) == (2, True)
    status, _, complaint = run("ingest", "--watch", tmp_path / "*.bib")
    assert (status, "not a pattern" in complaint) == (2, True)


def test_help_names_every_command(run: Run) -> None:
    """--help is complete, and each command's help has more than a name."""
    out = run("--help")[1]
    for command in (
        "ingest",
        "export",
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


def test_the_version_is_the_installed_one(run: Run) -> None:
    """--version says what a bug report should name."""
    from importlib.metadata import version

    assert run("--version")[1] == f"footnote-rag {version('footnote-rag')}\n"


def test_records_without_an_abstract_are_told_apart(run: Run) -> None:
    """The summary counts them by themselves, and what is really wrong comes first in the list."""
    status, out, _ = run("ingest", FIXTURES / "crossref.json", FIXTURES / "csl.json", FIXTURES / "columns.csv")
    assert status == 0
    assert "3 added, 3 without abstract\n" in out
    assert "“A chapter without an abstract”" in out
    _, out, _ = run("ingest", FIXTURES / "csl.json", "--json")
    assert json.loads(out)["without_abstract"] == 1


def test_fields_are_mapped(run: Run) -> None:
    """--map says what the columns mean, in one option or several; a mistake in it is a sentence."""
    status, out, _ = run("ingest", FIXTURES / "columns.csv", "--map", "text=c,title=b", "--map", "id=a")
    assert status == 0
    assert "1 added" in out
    assert "Bees like blue" in run("show", "x-1")[1]
    for wrong, told in (("txt=c", "no field 'txt'"), ("text", "FIELD=NAME"), ("text=", "mapped to nothing")):
        status, _, complaint = run("ingest", FIXTURES / "columns.csv", "--map", wrong)
        assert status == 2
        assert told in complaint


def test_the_corpus_is_exported(run: Run, tmp_path: Path) -> None:
    """By the name of the file or by --format, filtered as a list is, and read again as the same abstracts."""
    run("ingest", FIXTURES / "csl.json", FIXTURES / "openalex.json", FIXTURES / "scopus.csv")
    status, out, _ = run("export", "--out", tmp_path / "library.json")
    assert status == 0
    assert "4 abstracts written" in out
    assert "4 records in 1 files" in (again := run("ingest", tmp_path / "library.json")[1])
    assert "4 merged" in again
    lines = run("export", "--format", "jsonl", "--from", "2021")[1].splitlines()
    assert [json.loads(line)["year"] for line in lines] == [2023, 2021]
    assert run("export")[1].count("\n@") + 1 == 4
    assert run("export", "-f", "ris", "--to", "2018")[1].count("ER  - ") == 1
    assert run("export", "-f", "docx")[0] == 2
    assert run("export", "-o", tmp_path / "no" / "such.bib")[0] == 2
    status, _, complaint = run("export", "-o", tmp_path / "out.csv")
    assert (status, ".bib, .ris, .json, .jsonl" in complaint, (tmp_path / "out.csv").exists()) == (2, True, False)
    assert run("export", "-o", tmp_path / "out.csv", "-f", "ris")[0] == 0
    assert "(bibtex)" in run("export", "-o", tmp_path / "out")[1]


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
