"""Comparing runs, the checker's claims, and the gate."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eval.claims import Supports
from eval.compare import compare
from eval.gate import BASELINE, GATES, BaselineRule, Gates, check_gates, load_gates, measure
from eval.questions import Question, bundled, parse, to_json
from eval.questions import load as load_questions
from eval.scored import Scored, dump, load
from rag.errors import InputError

MakeAssistant = Callable[..., Any]
RULES = Gates(
    alpha=0.01,
    tolerance=0.005,
    baseline=BaselineRule(metrics=("cited_first", "key_facts", "citation_precision_sentence", "check_refused")),
    minimum={"citation_valid": 1.0},
    maximum={"declined_answerable": 0.07},
)


def _verbatim(claim: str, evidence: Sequence[str]) -> bool:
    """A checker that believes only what stands in the evidence word for word."""
    return claim in evidence


@pytest.fixture
def many(questions: list[Question]) -> list[Question]:
    """The questions six times over under other ids: enough for a difference to be significant."""
    return [parse({**to_json(each), "id": f"{each.id}-{copy}"}) for copy in range(6) for each in questions]


def _measure(asked: list[Question], assistant: Any, supports: Supports = _verbatim) -> Scored:
    return measure(asked, assistant, supports)


def test_an_unchanged_system_passes_ten_times(many: list[Question], make_assistant: MakeAssistant) -> None:
    """Nothing differs, so nothing is significant."""
    baseline = _measure(many, make_assistant())
    for _ in range(10):
        assert check_gates(_measure(many, make_assistant()), baseline, RULES) == []


def test_citations_off_by_one_sentence_fail(many: list[Question], make_assistant: MakeAssistant) -> None:
    """They cite the neighbour of what they should."""
    failures = check_gates(_measure(many, make_assistant(shift=1)), _measure(many, make_assistant()), RULES)
    assert "citation_precision_sentence" in {failure.metric for failure in failures}


def test_a_checker_that_always_says_yes_fails(many: list[Question], make_assistant: MakeAssistant) -> None:
    """It accepts the claims that it must refuse."""
    credulous = _measure(many, make_assistant(), lambda _claim, _evidence: True)
    failures = check_gates(credulous, _measure(many, make_assistant()), RULES)
    assert {failure.metric for failure in failures} == {"check_refused"}


def test_fixed_bounds_hold_without_any_baseline(many: list[Question], make_assistant: MakeAssistant) -> None:
    """A value under a minimum or over a maximum fails even when the baseline has it too."""
    now = _measure(many, make_assistant())
    rules = replace(RULES, minimum={"key_facts": 0.9, "followup.key_facts": 0.5}, maximum={"f1": 0.1})
    assert {failure.metric for failure in check_gates(now, now, rules)} == {"key_facts", "followup.key_facts", "f1"}


def test_a_gate_on_nothing_is_refused(many: list[Question], make_assistant: MakeAssistant) -> None:
    """A misspelt metric, or a baseline of other questions, must not pass for a gate that holds."""
    now = _measure(many, make_assistant())
    with pytest.raises(InputError, match="'key_fact'"):
        check_gates(now, now, replace(RULES, minimum={"key_fact": 0.9}))
    with pytest.raises(InputError, match=r"'followup\.key_facts'"):  # compared are metrics of all questions alone
        check_gates(now, now, replace(RULES, baseline=replace(RULES.baseline, metrics=("followup.key_facts",))))
    with pytest.raises(InputError, match="--update"):
        check_gates(now, replace(now, scores=now.scores[1:]), RULES)


def test_the_committed_gates_load_and_misspelt_ones_do_not(tmp_path: Path) -> None:
    """gates.toml is checked as strictly as a question set."""
    assert load_gates(GATES).alpha < 0.05
    wrong = tmp_path / "gates.toml"
    wrong.write_text(GATES.read_text(encoding="utf-8").replace("[minimum]", "[minimums]"))
    with pytest.raises(InputError, match="cannot be used"):
        load_gates(wrong)


def test_a_baseline_survives_the_file(many: list[Question], make_assistant: MakeAssistant, tmp_path: Path) -> None:
    """What is committed is what was measured, and holds no text of an abstract or question."""
    now = _measure(many, make_assistant())
    path = tmp_path / "baseline.json"
    path.write_bytes(dump(now))
    assert load(path) == now
    assert b"Fern" not in path.read_bytes()


def test_a_comparison_says_what_moved(many: list[Question], make_assistant: MakeAssistant) -> None:
    """With the citations shifted, five questions get worse and one better, and the metrics say it."""
    comparison = compare(_measure(many, make_assistant()), _measure(many, make_assistant(shift=1)))
    changes = {change.metric: change for change in comparison.changes}
    assert comparison.questions == len(many)
    assert changes["recall@1"].difference.p == 1.0
    assert not changes["recall@1"].better
    assert not changes["recall@1"].worse
    assert {each.id[:6] for each in comparison.worse} == {"fern-1", "moss-1", "pine-1", "sage-1", "yew-1-"}
    assert {each.id[:6] for each in comparison.better} == {"moss-2"}


def test_runs_over_other_questions_cannot_be_compared(many: list[Question], make_assistant: MakeAssistant) -> None:
    """There is nothing to pair."""
    now = _measure(many, make_assistant())
    with pytest.raises(InputError, match="no question in common"):
        compare(replace(now, scores=now.scores[:1]), replace(now, scores=now.scores[1:]))


def test_questions_are_paired_by_what_they_ask(questions: list[Question], make_assistant: MakeAssistant) -> None:
    """Sets that number alike are not compared; of a set that was edited, the questions that stayed are."""
    now = _measure(questions, make_assistant())
    ids = [each.id for each in [questions[-1], *questions[:-1]]]
    other = [parse({**to_json(each), "id": id_}) for each, id_ in zip(questions, ids, strict=True)]
    with pytest.raises(InputError, match="no question in common"):
        compare(now, _measure(other, make_assistant()))
    for edit in ({"question": "How many percent of the weights go?"}, {"key_facts": [["40 percent"]]}):
        edited = _measure([parse({**to_json(questions[0]), **edit}), *questions[1:]], make_assistant(shift=1))
        comparison = compare(now, edited)
        assert (comparison.questions, comparison.only_in_one) == (len(questions) - 1, 2)
        assert "fern-1" not in {each.id for each in comparison.worse}
        with pytest.raises(InputError, match="--update"):
            check_gates(edited, now, RULES)


def test_the_committed_baseline_is_of_the_bundled_questions() -> None:
    """Else the gate would have nothing to hold them against."""
    asked = load_questions([bundled("seeds")])
    assert [(each.id, each.question) for each in load(BASELINE).scores] == [(each.id, each.digest) for each in asked]
