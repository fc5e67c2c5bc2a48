"""Reading with the shipped weights."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rag.errors import ModelError
from rag.reader import Passage, Reader

PASSAGE = Passage(
    "Watering street trees",
    (
        "Street trees often die young.",
        "We planted 120 lime trees in Oslo and watered half of them for two summers.",
        "After five years 91% of the watered trees were alive, against 64% of the others.",
        "Watering is therefore worth its cost.",
    ),
)
OTHER = Passage("", ("Graph neural networks are slow.", "We prune their edges.", "Accuracy hardly changes."))


def test_missing_weights_are_an_error_with_a_remedy(tmp_path: Path) -> None:
    """A folder without weights is named, and so is the way to get them."""
    with pytest.raises(ModelError, match=r"No reader weights in .*reinstall"):
        Reader.load(tmp_path)


@pytest.fixture(scope="module")
def reader() -> Reader:
    """The shipped reader."""
    return Reader.load()


@pytest.mark.model
def test_every_sentence_gets_a_score(reader: Reader) -> None:
    """Passages of any length, empty ones and odd sentences included, get one finite score per sentence, in order."""
    long = Passage("Long", tuple(f"Sentence {n} says that sample {n} weighs {n} grams." for n in range(120)))
    odd = Passage("Odd", ("", "word " * 2000, "🙂"))
    readings = reader.read("How much does sample 97 weigh?", [PASSAGE, long, odd, OTHER])
    assert [len(reading.scores) for reading in readings] == [4, 120, 3, 3]
    for reading in readings:
        assert reading.scores.dtype == np.float32
        assert np.isfinite(reading.scores).all()
        assert np.isfinite(reading.answerable)
    assert reader.read("Anything?", []) == []


@pytest.mark.model
def test_the_answering_sentence_comes_first(reader: Reader) -> None:
    """Questions in other words than the abstract's find their sentence."""
    for question, answer in (
        ("How many trees were planted?", 1),
        ("What share of trees survived when they were watered?", 2),
    ):
        [reading] = reader.read(question, [PASSAGE])
        assert int(reading.scores.argmax()) == answer


@pytest.mark.model
def test_a_passage_that_answers_beats_one_that_does_not(reader: Reader) -> None:
    """The answerability of the right abstract is higher than that of another one."""
    right, other = reader.read("Does watering keep street trees alive?", [PASSAGE, OTHER])
    assert right.answerable > other.answerable


@pytest.mark.model
def test_reading_is_deterministic(reader: Reader) -> None:
    """The same question and passages give the very same scores, from this reader and from another one."""
    first = reader.read("Where were the trees?", [PASSAGE, OTHER])
    for again in (
        reader.read("Where were the trees?", [PASSAGE, OTHER]),
        Reader.load().read("Where were the trees?", [PASSAGE, OTHER]),
    ):
        for one, two in zip(first, again, strict=True):
            assert np.array_equal(one.scores, two.scores)
            assert one.answerable == two.answerable


@pytest.mark.model
def test_company_does_not_matter(reader: Reader) -> None:
    """What else is read in the same call moves no logit."""
    [alone] = reader.read("Where were the trees?", [PASSAGE])
    among = reader.read("Where were the trees?", [OTHER, PASSAGE, OTHER])[1]
    assert np.array_equal(alone.scores, among.scores)


@pytest.mark.model
def test_no_torch_is_imported() -> None:
    """Reading needs neither torch nor transformers."""
    code = (
        "import sys; from rag.reader import Passage, Reader; "
        "Reader.load().read('Why?', [Passage('', ('Because.', 'So.'))]); "
        "sys.exit(bool({'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
