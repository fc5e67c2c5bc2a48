"""Question sets: what is taken, and what is refused with its place."""

import json
from pathlib import Path
from typing import Any

import pytest

from eval.questions import bundled, load, parse, select, to_json
from rag.errors import InputError

RIGHT: dict[str, Any] = {
    "id": "one",
    "question": "What is Fern?",
    "history": [],
    "type": "factoid",
    "gold_abstract_ids": ["fern"],
    "gold_evidence": [{"abstract_id": "fern", "sentences": ["Fern is a method.", [3, 9]]}],
    "key_facts": [["method"]],
    "reference_answer": "A method.",
    "answerable": True,
}


def _write(folder: Path, *lines: str) -> Path:
    path = folder / "set.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_question_survives_the_way_to_json_and_back(tmp_path: Path) -> None:
    """Text and offsets both are evidence, and nothing is lost."""
    (question,) = load([_write(tmp_path, json.dumps(RIGHT))])
    assert question.gold_evidence[0].sentences == ("Fern is a method.", (3, 9))
    assert parse(json.loads(json.dumps(to_json(question)))) == question


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"type": "riddle"}, "type"),
        ({"id": ""}, "id"),
        ({"extra": 1}, "extra"),
        ({"gold_abstract_ids": []}, "needs gold_abstract_ids"),
        ({"gold_evidence": []}, "needs gold_evidence"),
        ({"reference_answer": " "}, "reference_answer"),
        ({"key_facts": [[]]}, "key_facts.0"),
        ({"answerable": False}, "not answerable has no"),
        ({"type": "nearmiss"}, "not answerable"),
        ({"type": "followup"}, "history"),
        ({"type": "multi"}, "two gold abstracts"),
        ({"gold_evidence": [{"abstract_id": "moss", "sentences": ["x"]}]}, "'moss'"),
        ({"gold_evidence": [{"abstract_id": "fern", "sentences": [[9, 3]]}]}, "start < end"),
    ],
)
def test_a_wrong_record_is_refused_with_its_line(tmp_path: Path, change: dict[str, Any], complaint: str) -> None:
    """The error names file and line, and what is wrong in which field."""
    path = _write(tmp_path, json.dumps(RIGHT), "", json.dumps({**RIGHT, "id": "two", **change}))
    with pytest.raises(InputError) as caught:
        load([path])
    assert str(caught.value).startswith(f"{path}:3: ")
    assert complaint in str(caught.value)


def test_a_line_that_is_not_json_is_refused(tmp_path: Path) -> None:
    """A broken line stops the run before anything is asked."""
    with pytest.raises(InputError, match=r"set\.jsonl:1: not a JSON object"):
        load([_write(tmp_path, "{")])


def test_a_record_that_is_no_object_is_refused(tmp_path: Path) -> None:
    """In the words of JSON, not of the program."""
    with pytest.raises(InputError, match=r"set\.jsonl:1: not a JSON object; write"):
        load([_write(tmp_path, "[1, 2]")])


def test_a_byte_order_mark_is_no_part_of_the_first_question(tmp_path: Path) -> None:
    """Some editors begin every UTF-8 file with one."""
    path = tmp_path / "set.jsonl"
    path.write_text(json.dumps(RIGHT), encoding="utf-8-sig")
    assert [question.id for question in load([path])] == ["one"]


def test_an_id_that_comes_twice_is_refused_with_both_places(tmp_path: Path) -> None:
    """Ids key everything that follows."""
    with pytest.raises(InputError, match=r"set\.jsonl:2: the id 'one' was used at .*set\.jsonl:1"):
        load([_write(tmp_path, json.dumps(RIGHT), json.dumps(RIGHT))])


def test_missing_and_empty_files_are_refused(tmp_path: Path) -> None:
    """Each with a sentence that says what to do."""
    with pytest.raises(InputError, match="cannot be read"):
        load([tmp_path / "nowhere.jsonl"])
    with pytest.raises(InputError, match="no question"):
        load([_write(tmp_path, "")])
    with pytest.raises(InputError, match=r"or one of: .*seeds"):
        bundled("nonsense")


def test_the_bundled_set_has_what_it_promises() -> None:
    """At least 150 pairs over 20 abstracts with five each, and enough of every hard kind; both splits are used."""
    questions = load([bundled("seeds")])
    by_abstract: dict[str, int] = {}
    for question in questions:
        for abstract_id in question.gold_abstract_ids:
            by_abstract[abstract_id] = by_abstract.get(abstract_id, 0) + 1
    types = [question.type for question in questions]
    assert len(questions) >= 150
    assert len(by_abstract) == 20
    assert min(by_abstract.values()) >= 5
    assert sum(not question.answerable for question in questions) >= 20
    assert types.count("multi") >= 15
    assert types.count("followup") >= 20
    assert types.count("sloppy") >= 15
    assert types.count("injection") >= 2
    dev, test = select(questions, "dev"), select(questions, "test")
    assert len(dev) + len(test) == len(questions)
    assert min(len(dev), len(test)) > len(questions) / 3
