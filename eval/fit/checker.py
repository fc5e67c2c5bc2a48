"""Fit the checker's probability of support, and measure the checker on claims it was not fitted on.

A logistic regression on ``rag.answer.check.Features``, in which every set and both labels weigh the same, so that 0.5
is where balanced accuracy is best. Claims that copy a sentence are left out: the copy rule decides them.
"""

import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler

from eval.fit.claim_data import Example, answers, attribution_bench, planted, scifact, wice
from eval.metrics.classification import ConfusionMatrix, confusion
from eval.statistics import Interval, bootstrap
from rag.answer.check import COEFFICIENTS, Comparison, Features, compare_all
from rag.errors import InputError
from rag.index.embed import load
from rag.settings import Settings

FOLDS = 5
PLANTED_ABSTRACTS = 500
HELD_BACK = "answers, test part"
BASELINES = ("cosine", "joint_recall")

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Compared:
    """All examples with what the exact comparison found: features (n, f), and masks (n,)."""

    examples: list[Example]
    features: Floats
    supported: Bools
    copied: Bools
    faulty: Bools

    def of(self, dataset: str) -> Bools:
        """Which examples are of a set."""
        return np.array([example.dataset == dataset for example in self.examples])


@dataclass(frozen=True, slots=True)
class Fitted:
    """Intercept and one weight a feature, on the features as they are."""

    intercept: float
    weights: Floats

    def probability(self, features: Floats) -> Floats:
        """The probability of support, (n,)."""
        return np.asarray(1 / (1 + np.exp(-(self.intercept + features @ self.weights))))


def run(data: Path) -> None:
    """Print the tables of held-out results, and write ``checker.json`` beside the checker."""
    examples = _examples(data)
    compared = _compare(examples)
    console = Console()
    called = _held_out(compared)
    console.print(_table("Checker, on held-out folds", compared, called))
    for name in BASELINES:
        console.print(_table(f"Baseline: a threshold on {name}", compared, _threshold(compared, name)))
    console.print(_by_kind(compared, called))
    final = _fit(compared, np.arange(len(examples)))
    weights = {name: round(float(each), 4) for name, each in zip(Features.__slots__, final.weights, strict=True)}
    COEFFICIENTS.write_text(json.dumps({"intercept": round(final.intercept, 4), "weights": weights}, indent=2) + "\n")
    console.print(f"Wrote {COEFFICIENTS}.")


def _examples(data: Path) -> list[Example]:
    try:
        held_back = [_renamed(example) for example in answers(data, "test")]
        return [
            *wice(data), *attribution_bench(data), *scifact(data), *planted(data, PLANTED_ABSTRACTS),
            *answers(data, "dev"), *held_back,
        ]  # fmt: skip
    except OSError as error:
        raise InputError(f"The data cannot be read ({error}); give their folder with --data.") from error


def _renamed(example: Example) -> Example:
    return Example(HELD_BACK, example.kind, example.group, example.claim, example.evidence, example.supported)


def _compare(examples: list[Example]) -> Compared:
    embedder = load(Settings())
    texts = list(dict.fromkeys(text for each in examples for text in (each.claim, *each.evidence)))
    place = {text: number for number, text in enumerate(texts)}
    vectors = embedder.encode(texts)
    found: list[Comparison] = [
        compare_all(each.claim, each.evidence, vectors[[place[text] for text in (each.claim, *each.evidence)]])
        for each in examples
    ]
    return Compared(
        examples,
        np.array([astuple(each.features) for each in found]),
        np.array([each.supported for each in examples]),
        np.array([each.copied for each in found]),
        np.array([bool(each.fault) for each in found]),
    )


def _fit(compared: Compared, rows: NDArray[np.intp]) -> Fitted:
    rows = rows[~compared.copied[rows] & ~compared.of(HELD_BACK)[rows]]
    cells = [(compared.examples[row].dataset, bool(compared.supported[row])) for row in rows]
    counts = {cell: cells.count(cell) for cell in set(cells)}
    weight = np.array([1 / counts[cell] for cell in cells])
    scaler = StandardScaler().fit(compared.features[rows])
    model = LogisticRegression(C=1.0, max_iter=1000)
    model.fit(scaler.transform(compared.features[rows]), compared.supported[rows], weight * len(rows) / weight.sum())
    weights = model.coef_[0] / scaler.scale_
    return Fitted(float(model.intercept_[0] - weights @ scaler.mean_), weights)


def _folds(compared: Compared) -> "list[tuple[NDArray[np.intp], NDArray[np.intp]]]":
    groups = [example.group for example in compared.examples]
    return list(GroupKFold(FOLDS).split(compared.features, groups=groups))


def _held_out(compared: Compared) -> Bools:
    """What a checker fitted on the other folds calls each claim: whether ``Checker.check`` would call it supported."""
    called = np.zeros(len(compared.examples), dtype=bool)
    for rest, fold in _folds(compared):
        called[fold] = _fit(compared, rest).probability(compared.features[fold]) >= 0.5
    return (called & ~compared.faulty) | compared.copied


def _threshold(compared: Compared, feature: str) -> Bools:
    """The simple rival: for each set the threshold on one feature that is best on its other folds."""
    values = compared.features[:, Features.__slots__.index(feature)]
    called = np.zeros(len(values), dtype=bool)
    for dataset in {example.dataset for example in compared.examples}:
        within = compared.of(dataset)
        for rest, fold in _folds(compared):
            rest, fold = rest[within[rest]], fold[within[fold]]
            levels = np.quantile(values[rest], np.linspace(0.02, 0.98, 49))
            gold = compared.supported[rest]
            best = max(levels, key=lambda level: _balanced(gold, values[rest] >= level))
            called[fold] = values[fold] >= best
    return called


def _balanced(gold: Bools, called: Bools) -> float:
    return float(called[gold].mean() + (~called[~gold]).mean()) / 2


def _table(title: str, compared: Compared, called: Bools) -> Table:
    table = Table("set", "claims", "balanced accuracy", "macro-F1", title=title)
    for dataset in dict.fromkeys(example.dataset for example in compared.examples):
        rows = np.flatnonzero(compared.of(dataset))
        pairs = [(str(bool(compared.supported[row])), str(bool(called[row]))) for row in rows]
        balanced = bootstrap(pairs, lambda some: _matrix(some).balanced_accuracy)
        macro = bootstrap(pairs, lambda some: _matrix(some).macro_f1)
        table.add_row(dataset, str(len(rows)), _shown(balanced), _shown(macro))
    return table


def _matrix(pairs: Sequence[tuple[str, str]]) -> ConfusionMatrix:
    return confusion([gold for gold, _ in pairs], [called for _, called in pairs], ("True", "False"))


def _shown(interval: Interval | None) -> str:
    return f"{interval.value:.3f} ({interval.low:.3f} to {interval.high:.3f})" if interval else "-"


def _by_kind(compared: Compared, called: Bools) -> Table:
    table = Table("set", "kind", "claims", "right", title="Share called rightly, by kind, on held-out folds")
    right = called == compared.supported
    kinds = [(each.dataset, each.kind, each.supported) for each in compared.examples]
    for dataset, kind, supported in sorted(set(kinds)):
        rows = np.array([each == (dataset, kind, supported) for each in kinds])
        verdict = "supported" if supported else "not supported"
        table.add_row(dataset, f"{kind} ({verdict})", str(int(rows.sum())), f"{right[rows].mean():.3f}")
    return table
