"""What is printed, and what is put into the README."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from eval import scored
from eval.compare import compare
from eval.gate import measure
from eval.questions import Question
from eval.runner import run
from eval.tables import (
    BEGIN,
    END,
    comparison_table,
    readme_table,
    run_table,
    type_table,
    write_between_markers,
)
from rag.errors import InputError

MakeAssistant = Callable[..., Any]


def _text(renderable: Any) -> str:
    console = Console(width=140, record=True, force_terminal=False)
    with console.capture() as captured:
        console.print(renderable)
    return captured.get()


def test_the_run_table_shows_values_intervals_and_both_splits(
    questions: list[Question], make_assistant: MakeAssistant, tmp_path: Path
) -> None:
    """One line a metric, and one line a type in the other table."""
    groups = run(questions, make_assistant(), tmp_path)
    shown = _text(run_table(groups))
    assert "dev (" in shown
    assert "test (" in shown
    line = next(line for line in shown.splitlines() if "key-fact recall" in line)
    assert line.split()[2] == "0.833"
    assert "–" in line
    assert line.split()[4] == "6"  # of the eight questions have key facts
    assert "followup (1)" in _text(type_table(groups))


def test_the_comparison_table_says_which_way(questions: list[Question], make_assistant: MakeAssistant) -> None:
    """Values of both runs, the difference with its sign, and the p-value."""

    def supports(claim: str, evidence: Any) -> bool:
        return claim in evidence

    before = measure(questions, make_assistant(), supports)
    after = measure(questions, make_assistant(shift=1), supports)
    line = next(row for row in _text(comparison_table(compare(before, after))).splitlines() if "key-fact" in row)
    assert line.split()[2:5] == ["0.833", "0.167", "-0.667"]
    assert line.split()[6] == "6"


def test_the_readme_table_is_put_between_its_markers(
    questions: list[Question], make_assistant: MakeAssistant, tmp_path: Path
) -> None:
    """A run a column, and everything around the markers stays."""
    run(questions, make_assistant(), tmp_path / "run", identity={"llm": "quotes"})
    loaded = scored.load(tmp_path / "run")
    table = readme_table({"quotes": loaded, "other": loaded})
    page = tmp_path / "README.md"
    page.write_text(f"# Title\n\n{BEGIN}\nbefore\n{END}\n\nafter\n")
    for _ in range(2):  # doing it again changes nothing
        write_between_markers(page, table)
    text = page.read_text()
    assert text.startswith(f"# Title\n\n{BEGIN}\n| | `quotes` | `other` |")
    assert text.endswith(f"{END}\n\nafter\n")
    assert "before" not in text
    assert "| Key facts in the answer | 0.833 (" in text


def test_a_page_without_markers_is_refused(tmp_path: Path) -> None:
    """Nothing is written to a file that has no place for the table."""
    page = tmp_path / "README.md"
    page.write_text("# Title\n")
    with pytest.raises(InputError, match="quality:begin"):
        write_between_markers(page, "table")
    assert page.read_text() == "# Title\n"
