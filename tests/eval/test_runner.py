"""A run: what it writes, that it resumes, and what it refuses."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from eval import results, scored
from eval.corpus import identify
from eval.questions import Question, parse, to_json
from eval.runner import run
from eval.scoring import Group
from rag import Assistant, Settings
from rag.errors import InputError
from rag.records import Progress
from tests.doubles import ToyEmbedder

MakeAssistant = Callable[..., Any]


def _value(groups: list[Group], metric: str, name: str = "overall") -> float:
    return next(group for group in groups if group.name == name).metrics[metric].value


def test_the_metrics_of_a_hand_made_run_are_known(
    questions: list[Question], make_assistant: MakeAssistant, tmp_path: Path
) -> None:
    """Six answerable questions, all with the right abstract; five with the right sentence; one wrongly answered."""
    groups = run(questions, make_assistant(), tmp_path)
    assert _value(groups, "cited_first") == 1.0
    assert _value(groups, "key_facts") == pytest.approx(5 / 6)
    assert _value(groups, "citation_precision_sentence") == pytest.approx(5 / 6)
    assert _value(groups, "citation_valid") == 1.0
    assert _value(groups, "abstention_recall") == 0.5
    assert groups[0].metrics["abstention_recall"].count == 2
    assert _value(groups, "declined_answerable") == 0.0
    assert _value(groups, "recall@1") == 1.0
    assert _value(groups, "abstention_correct", "type:nearmiss") == 0.0
    assert _value(groups, "abstention_correct", "type:offtopic") == 1.0
    assert groups[0].latency["search"].p50 == 1.0


def test_a_run_leaves_every_answer_whole(
    questions: list[Question], make_assistant: MakeAssistant, tmp_path: Path
) -> None:
    """results.jsonl reads back as what was asked and answered, and metrics.json as the scores."""
    groups = run(questions, make_assistant(), tmp_path)
    found = results.load(tmp_path / "results.jsonl")
    assert [result.question for result in found] == questions
    first = found[0].answer.sentences[0]
    assert found[0].answer.sources[0].text[first.citations[0].start :].startswith(first.text)
    kept = scored.load(tmp_path)
    assert [each.id for each in kept.scores] == [question.id for question in questions]
    assert kept.overall.metrics["key_facts"].value == pytest.approx(_value(groups, "key_facts"), abs=1e-6)


def test_a_stopped_run_goes_on_where_it_was(
    questions: list[Question], make_assistant: MakeAssistant, tmp_path: Path
) -> None:
    """Stopped after three answers and with the last line cut, it asks only what is missing, and ends the same."""
    whole = run(questions, make_assistant(), tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(questions, make_assistant(fail_after=3), tmp_path / "parts")
    path = tmp_path / "parts" / "results.jsonl"
    path.write_bytes(path.read_bytes()[:-40])
    second = make_assistant()
    resumed = run(questions, second, tmp_path / "parts")
    assert len(second.asked) == len(questions) - 2
    assert {name: each.value for name, each in resumed[0].metrics.items()} == {
        name: each.value for name, each in whole[0].metrics.items()
    }


def test_a_question_that_changed_is_asked_again(
    questions: list[Question], make_assistant: MakeAssistant, tmp_path: Path
) -> None:
    """Results hold for the question as it was."""
    run(questions, make_assistant(), tmp_path)
    changed = parse({**to_json(questions[0]), "question": "How many percent of all weights are kept?"})
    again = make_assistant()
    run([changed, *questions[1:]], again, tmp_path)
    assert again.asked == ["How many percent of all weights are kept?"]


def test_a_folder_of_another_run_is_refused(
    questions: list[Question], make_assistant: MakeAssistant, tmp_path: Path
) -> None:
    """Results of two models must not end in one file."""
    run(questions, make_assistant(), tmp_path, identity={"llm": "quotes"})
    with pytest.raises(InputError, match=r"another llm .*'quotes', now 'smollm2'"):
        run(questions, make_assistant(), tmp_path, identity={"llm": "smollm2"})


def test_of_many_settings_the_one_that_differs_is_said(
    questions: list[Question], make_assistant: MakeAssistant, tmp_path: Path
) -> None:
    """Nobody finds it in two lists of twelve."""
    run(questions, make_assistant(), tmp_path, identity={"settings": "reader bundled, candidates 100"})
    with pytest.raises(InputError, match=r"another settings \('reader bundled', now 'reader none'\)"):
        run(questions, make_assistant(), tmp_path, identity={"settings": "reader none, candidates 100"})


@pytest.mark.parametrize(
    ("name", "content"), [("run.json", '{"llm": "quo'), ("run.json", "[]"), ("results.jsonl", "{}\n")]
)
def test_a_folder_that_holds_something_else_is_left_as_it_is(
    questions: list[Question], make_assistant: MakeAssistant, tmp_path: Path, name: str, content: str
) -> None:
    """Whatever it is, it may be the only copy."""
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=rf"{name} .*choose another --out"):
        run(questions, make_assistant(), tmp_path)
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [(name, content)]


def test_the_scores_of_a_stopped_run_are_asked_for_by_its_command(
    questions: list[Question], make_assistant: MakeAssistant, tmp_path: Path
) -> None:
    """There are none before its end."""
    with pytest.raises(KeyboardInterrupt):
        run(questions, make_assistant(fail_after=3), tmp_path)
    with pytest.raises(InputError, match="was stopped; finish it"):
        scored.load(tmp_path)


def test_gold_that_is_not_in_the_corpus_stops_the_run_before_it_starts(
    questions: list[Question], make_assistant: MakeAssistant, tmp_path: Path
) -> None:
    """An unknown abstract, a sentence that is not there, a span past the end: each names the question."""
    assistant = make_assistant()
    for gold, sentence, complaint in (
        ("oak", "x", "no abstract 'oak'"),
        ("fern", "Fern is a fish.", "does not hold the gold sentence"),
        ("fern", [0, 9999], "past the end"),
    ):
        evidence = [{"abstract_id": gold, "sentences": [sentence]}]
        wrong = parse({**to_json(questions[0]), "gold_abstract_ids": [gold], "gold_evidence": evidence})
        with pytest.raises(InputError, match=f"'fern-1'.*{complaint}"):
            run([*questions[1:], wrong], assistant, tmp_path)
    assert assistant.asked == []


def test_offsets_and_texts_name_the_same_evidence(
    questions: list[Question], make_assistant: MakeAssistant, tmp_path: Path
) -> None:
    """A question whose evidence is given as [start, end] scores as the one that quotes it."""
    text = make_assistant().get("fern").text
    start = text.index("It removes")
    spans = [{"abstract_id": "fern", "sentences": [[start, start + len("It removes 40 percent of all weights.")]]}]
    other = parse({**to_json(questions[0]), "id": "fern-2", "gold_evidence": spans})
    groups = run([questions[0], other], make_assistant(), tmp_path)
    one, two = scored.load(tmp_path).scores
    assert dict(one.values) == dict(two.values)
    assert groups[0].metrics["citation_precision_sentence"].count == 2


def test_a_run_is_of_its_settings_and_its_texts(settings: Settings, seeds: Path, tmp_path: Path) -> None:
    """Another reader, another threshold or a changed abstract make it another run; another folder for models does not."""

    def identity(**changes: object) -> dict[str, str]:
        with Assistant.open(settings.model_copy(update=changes), embedder=ToyEmbedder()) as assistant:
            return identify(assistant, [tmp_path / "asked.jsonl"], "corpus")

    (tmp_path / "asked.jsonl").write_text("")
    with Assistant.open(settings, embedder=ToyEmbedder()) as assistant:
        assistant.ingest([seeds])
    first = identity()
    assert identity(cache=tmp_path) == first
    assert identity(reader="bundled") != first
    assert identity(min_confidence=0.1) != first
    with Assistant.open(settings, embedder=ToyEmbedder()) as assistant:
        gone = next(assistant.abstracts())
        assistant.remove([gone.id])
        (tmp_path / "more.txt").write_text(f"{gone.text} It was changed.\n")
        assistant.ingest([tmp_path / "more.txt"])
    assert identity()["abstracts"].split()[0] == first["abstracts"].split()[0]
    assert identity() != first


def test_progress_counts_every_question(
    questions: list[Question], make_assistant: MakeAssistant, tmp_path: Path
) -> None:
    """From the first to the last, also for those that were asked before."""
    seen: list[Progress] = []
    run(questions, make_assistant(), tmp_path, progress=seen.append)
    assert [each.done for each in seen] == list(range(1, len(questions) + 1))
    assert {each.total for each in seen} == {len(questions)}


def test_the_report_escapes_and_needs_nothing_else(
    questions: list[Question], make_assistant: MakeAssistant, tmp_path: Path
) -> None:
    """Markup of an abstract is shown as text, nothing is loaded from elsewhere, and the worst answer comes first."""
    run(questions, make_assistant(), tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<script>alert(1)</script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page
    assert page.index("How long is each?") < page.index("How many river recordings")
    assert page.count("<svg") == 4


def test_results_that_cannot_be_read_name_their_line(tmp_path: Path) -> None:
    """A results file is only edited by hand by mistake."""
    (tmp_path / "results.jsonl").write_text(json.dumps({"question": 1}) + "\n")
    with pytest.raises(InputError, match=r"results\.jsonl:1"):
        results.load(tmp_path / "results.jsonl")
    with pytest.raises(InputError, match="rag eval run"):
        scored.load(tmp_path)
