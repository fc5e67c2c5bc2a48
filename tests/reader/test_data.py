"""Training data: what is held out, and near misses that really lack the answer."""

import gzip
import json
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import InputError
from rag.reader.data import (
    SOURCES,
    UNFILED,
    Example,
    crop,
    disturb,
    held_out,
    read_source,
    select,
    split,
    without_answer,
)
from rag.reader.synthetic import ask
from rag.reader.train import EVALUATED
from rag.reader.written import read_papers, read_written

SENTENCES = ("Background is given.", "We tried ten trees.", "Nine of them grew.", "Rain helped.", "Trees grow.")
DATA = Path(__file__).parents[3] / "shared" / "data"
EXAMPLE = Example("covidqa_2020_04", "How many grew?", "Trees", SENTENCES, frozenset({2}), frozenset({4}))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with twenty passages in every source, and SciFact's claims."""
    (tmp_path / "reader").mkdir()
    (tmp_path / "scifact").mkdir()
    for name in SOURCES:
        with gzip.open(tmp_path / "reader" / f"{name}.jsonl.gz", "wt") as file:
            for number in range(20):
                asked = [{"question": f"Claim {number}.", "answers": [1], "maybe": [1, 2]}]
                passage = {"title": f"Paper {number}", "sentences": ["One.", "Two.", "Three."], "questions": asked}
                file.write(json.dumps(passage) + "\n")
    claims = [json.dumps({"id": number, "claim": f"Claim  {number}."}) for number in range(20)]
    (tmp_path / "scifact" / "claims_train.jsonl").write_text("\n".join(claims))
    return tmp_path


def test_no_paper_and_no_claim_is_on_both_sides(folder: Path) -> None:
    """A held-out title is trained on in no source of its kind, and SciFact is parted by claim id."""
    train, held = split(folder)
    assert {e.question for e in held if e.source == "scifact_train"} == {
        f"Claim {number}." for number in range(20) if held_out(str(number), 5)
    }
    papers = {e.title for e in held if e.source.startswith("ei2")}
    assert papers
    assert papers.isdisjoint(e.title for e in train if e.source.startswith("ei2"))
    assert len(train) + len(held) == 20 * (len(SOURCES) - len(UNFILED))


def test_an_answer_is_never_a_maybe(folder: Path) -> None:
    """A sentence that is marked as both counts as an answer."""
    example = next(read_source(folder, "qed"))
    assert (example.answers, example.maybe) == ({1}, {2})


def test_a_broken_line_is_named(folder: Path) -> None:
    """The error says which file and line, so that it can be mended."""
    with gzip.open(folder / "reader" / "qed.jsonl.gz", "at") as file:
        file.write('{"title": "no sentences"}\n')
    with pytest.raises(InputError, match=r"qed\.jsonl\.gz, line 21"):
        list(read_source(folder, "qed"))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The error names the file that was looked for."""
    with pytest.raises(InputError, match=r"qed\.jsonl\.gz is not there"):
        list(read_source(tmp_path, "qed"))


@given(st.integers())
def test_a_near_miss_has_no_answer(seed: int) -> None:
    """Nothing that answers or may answer is left, and it is labelled unanswerable."""
    miss = without_answer(EXAMPLE, ("A stranger.",), Random(seed))
    if miss is not None:
        assert not {SENTENCES[2], SENTENCES[4]} & set(miss.sentences)
        assert not miss.answers
        assert not miss.maybe


def test_no_near_miss_out_of_nothing() -> None:
    """A passage that is all answer has no near miss."""
    assert without_answer(select(EXAMPLE, [1, 2]), (), Random(0)) is None


@given(st.integers())
def test_labels_follow_their_sentences(seed: int) -> None:
    """However sentences are taken out and put in, the labels stay on the same sentences."""
    told = disturb(EXAMPLE, ("A stranger.", "Another."), Random(seed))
    assert [told.sentences[number] for number in told.answers] == [SENTENCES[2]]
    assert {told.sentences[number] for number in told.maybe} <= {SENTENCES[4]}


@given(st.lists(st.integers(1, 50), min_size=1, max_size=20), st.integers(50, 200), st.integers())
def test_a_crop_keeps_an_answer_and_fits(lengths: list[int], room: int, seed: int) -> None:
    """The run of sentences fits in the room and holds the answer."""
    rng = Random(seed)
    answer = rng.randrange(len(lengths))
    kept = crop(lengths, {answer}, room, rng)
    assert answer in kept
    assert sum(lengths[number] for number in kept) <= room


def test_questions_by_rule_point_at_what_they_ask_for() -> None:
    """An abstract that says where the code is gets its question about code answered there, and others unanswered."""
    text = "Graphs are large. We cut them in pieces. Our code is available online. Nothing else is said here."
    made = [ask(str(key), "CUTS: Graphs in pieces", text) for key in range(200)]
    found = [example for example in made if example is not None]
    about_code = [e for e in found if "code" in e.question or "download" in e.question]
    assert about_code
    assert {e.answers for e in about_code} == {frozenset({2})}
    about_gpus = [e for e in found if "GPUs" in e.question]
    assert about_gpus
    assert not any(e.answers for e in about_gpus)


def test_written_questions_point_into_their_abstracts_and_spare_the_evaluation() -> None:
    """Each number names a sentence, and no paper that the question sets ask about was asked about for training."""
    papers = read_papers()
    assert {paper["id"] for paper in papers}.isdisjoint(EVALUATED.read_text(encoding="utf-8").split())
    for paper in papers:
        for each in paper["questions"]:
            marked = [*each["answers"], *each.get("maybe", ())]
            assert len(set(marked)) == len(marked), each
            assert set(marked) <= set(range(paper["sentences"])), each


def test_written_questions_fit_the_abstracts_as_they_are_cut_today() -> None:
    """Every abstract has the sentences that were counted; numbers that point elsewhere would teach nonsense."""
    if not DATA.is_dir():
        pytest.skip("needs the development data in ../shared/data")
    asked = sum(len(paper["questions"]) for paper in read_papers())
    assert len(list(read_written(DATA))) == asked


def test_written_questions_find_their_abstracts(folder: Path, tmp_path: Path) -> None:
    """Questions meet the abstracts of both corpora; an abstract that is cut otherwise than counted is an error."""
    (folder / "ml_abstracts").mkdir()
    with gzip.open(folder / "ml_abstracts" / "papers.jsonl.gz", "wt") as file:
        file.write(json.dumps({"id": "a", "title": "Trees", "abstract": " ".join(SENTENCES)}))
    with gzip.open(folder / "scifact" / "corpus_sentences.jsonl.gz", "wt") as file:
        file.write(json.dumps({"doc_id": 7, "title": "Rain", "abstract": ["It rained here.", "It was wet."]}))
    asked = [{"question": "How many grew?", "answers": [2], "maybe": [4]}]
    lines = [{"id": "a", "sentences": 5, "questions": asked}]
    lines += [{"id": "scifact-7", "sentences": 2, "questions": [{"question": "Was it dry?", "answers": [1]}]}]
    questions = tmp_path / "written.jsonl"
    questions.write_text("\n".join(map(json.dumps, lines)))
    first, second = read_written(folder, questions)
    assert (first.title, first.sentences, first.answers, first.maybe) == ("Trees", SENTENCES, {2}, {4})
    assert (second.sentences, second.answers) == (("It rained here.", "It was wet."), {1})
    questions.write_text(json.dumps({**lines[0], "sentences": 6}))
    with pytest.raises(InputError, match=r"has 5 sentences, where written\.jsonl counts 6"):
        list(read_written(folder, questions))
    questions.write_text(json.dumps({**lines[0], "id": "b"}))
    with pytest.raises(InputError, match="has no abstract b"):
        list(read_written(folder, questions))
