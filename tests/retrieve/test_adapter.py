"""The question adapter: what it moves, what it leaves alone, and that training teaches it."""

import numpy as np
import pytest

from rag import Settings
from rag.index.embed import Identity, load
from rag.retrieve.adapter import adapt
from rag.retrieve.train_adapter import recall, train


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def test_questions_of_other_embedders_are_left_alone() -> None:
    """Also where a vector of theirs would fit."""
    question = _unit(np.arange(1.0, 385.0, dtype=np.float32))
    assert adapt(question, Identity("another", 384, "0" * 64)) is question


@pytest.mark.model
def test_a_question_moves_a_little_and_towards_its_answer() -> None:
    """A layman's question comes nearer to the abstract that answers in other words."""
    embedder = load(Settings())
    asked, answers, other = embedder.encode(
        [
            "Can a computer tell from a photo of the eye whether somebody has sugar sickness?",
            "We train a convolutional network to detect diabetic retinopathy in retinal fundus photographs.",
            "We train a convolutional network to detect pedestrians in photographs of urban streets.",
        ]
    )
    moved = adapt(asked, embedder.identity)
    assert moved.dtype == np.float32
    assert np.linalg.norm(moved) == pytest.approx(1, abs=1e-5)
    assert 0.8 < moved @ asked < 0.999
    assert moved @ answers - moved @ other > asked @ answers - asked @ other


@pytest.mark.model
def test_training_learns_how_questions_differ_from_answers() -> None:
    """Questions that are their answers, turned the same way, find them again, also those not trained on."""
    rng = np.random.default_rng(1)
    pool = _unit(rng.normal(size=(2000, 24))).astype(np.float32)
    away = 1.5 * _unit(rng.normal(size=24))
    questions = _unit(pool + away).astype(np.float32)
    own = np.arange(2000)
    weights, bias = train(questions[:1500], own[:1500], pool, epochs=40)
    moved = _unit(questions + questions @ weights.T + bias)
    assert recall(questions[1500:], own[1500:], pool, 1) < 0.5
    assert recall(moved[1500:], own[1500:], pool, 1) > 0.9
