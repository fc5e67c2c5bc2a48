"""Fits the confidence: ``python -m eval.fit confidence --corpus NAME=QUESTIONS [--corpus ...]``.

A logistic model (scikit-learn, no penalty to speak of) over ``rag.answer.confidence.Features``, on the development split of
each question set. Near misses count only when there is a reader: nothing else tells them from answerable questions, and
they would only teach the model to mistrust a good match. Prints the coefficients to put into
``rag/answer/confidence.py`` and, for both splits, how well they tell and how well they are calibrated.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from eval.metrics.abstention import auroc, expected_calibration_error
from eval.questions import Question, load, select
from rag.answer.chat import standalone
from rag.answer.confidence import Features, Model, confidence, features
from rag.answer.evidence import score_sentences
from rag.assistant import Assistant
from rag.settings import Settings

READ = 5
NEAR_MISS_WEIGHT = 0.3
"""How much a near miss counts in the fit: with more, what the question shares with the abstract ceases to count, and what
the reader misreads is declined however like the abstract is."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What is known of a question before an answer is composed."""

    question: Question
    features: Features


def observe(corpus: str, questions: Path) -> list[Observation]:
    """The features of every question of a file over an ingested corpus."""
    with Assistant.open(Settings(corpus=corpus)) as assistant:
        reader, size = assistant.reader, assistant.stats().abstracts
        found = []
        for question in load([questions]):
            query = standalone(question.question, [(turn[0], turn[1]) for turn in question.history])
            hits = assistant.search(query, limit=READ)
            found.append(Observation(question, features(hits, size, score_sentences(query, hits, reader).answerable)))
    return found


def fit(observations: Sequence[Observation]) -> Model:
    """The logistic model of largest likelihood; a feature that no observation has keeps a coefficient of zero.

    So does one that would count against an answer the better the match: near misses are put in the abstract's own words
    more often than answerable questions are, and to learn that would be to mistrust whoever names things as the paper does.
    """
    from sklearn.linear_model import LogisticRegression

    told = [each for each in observations if each.question.type != "nearmiss" or each.features.answerable is not None]
    counts = [NEAR_MISS_WEIGHT if each.question.type == "nearmiss" else 1.0 for each in told]
    rows = [asdict(each.features) for each in told]
    names = [name for name in rows[0] if rows[0][name] is not None]
    while True:
        classifier: Any = LogisticRegression(C=10.0)
        table = np.array([[row[name] for name in names] for row in rows])
        fitted: Any = classifier.fit(table, [each.question.answerable for each in told], sample_weight=counts)
        found = dict(zip(names, fitted.coef_[0], strict=True))
        perverse = [name for name, value in found.items() if value < 0 and name != "size"]
        if not perverse:
            break
        names = [name for name in names if name not in perverse]
    coefficients = {name: round(float(found.get(name, 0.0)), 2) for name in rows[0]}
    return Model(intercept=round(float(fitted.intercept_[0]), 2), **coefficients)


def describe(observations: Sequence[Observation], model: Model, thresholds: Sequence[float]) -> list[str]:
    """How well ``model`` tells and is calibrated, a line each."""
    sure = [confidence(each.features, model) for each in observations]
    answerable = [each.question.answerable for each in observations]
    lines = [f"n {len(sure)}, calibration error {expected_calibration_error(sure, answerable):.3f}"]
    for kind in ("offtopic", "nearmiss"):
        among = [at for at, each in enumerate(observations) if each.question.answerable or each.question.type == kind]
        told = auroc([sure[at] for at in among], [answerable[at] for at in among])
        lines.append(f"AUROC answerable against {kind}: {told:.3f}")
    for threshold in thresholds:
        declined = {
            kind: np.mean(
                [one < threshold for one, each in zip(sure, observations, strict=True) if wanted(each.question)]
            )
            for kind, wanted in (
                ("answerable", _is_answerable),
                ("offtopic", _is_offtopic),
                ("nearmiss", _is_nearmiss),
            )
        }
        lines.append(
            f"declined below {threshold:.2f}: " + ", ".join(f"{kind} {part:.3f}" for kind, part in declined.items())
        )
    return lines


def main(sets: Sequence[str]) -> None:
    """Observe, fit on the development split and print."""
    observed = [observe(*_pair(each)) for each in sets]
    everything = [one for some in observed for one in some]
    development = {question.id for question in select([one.question for one in everything], "dev")}
    model = fit([one for one in everything if one.question.id in development])
    print(model)
    for name, some in zip(sets, observed, strict=True):
        for split, inside in (("dev", True), ("test", False)):
            chosen = [one for one in some if (one.question.id in development) == inside]
            print("\n".join([f"{name} {split}", *(f"  {line}" for line in describe(chosen, model, THRESHOLDS))]))


THRESHOLDS = (0.5, 0.6, 0.65, 0.7, 0.75, 0.8)


def _pair(given: str) -> tuple[str, Path]:
    corpus, _, questions = given.partition("=")
    return corpus, Path(questions)


def _is_answerable(question: Question) -> bool:
    return question.answerable


def _is_offtopic(question: Question) -> bool:
    return question.type == "offtopic"


def _is_nearmiss(question: Question) -> bool:
    return question.type == "nearmiss"
