"""What the reader gets right on held-out examples, as numbers between 0 and 1; knows neither torch nor OpenVINO."""

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from rag.reader.data import SOURCES, Example, seeded, without_answer

Scored = tuple[NDArray[np.float32], float]
"""Sentence logits and the answerability logit of one example."""


def auroc(right: Sequence[float], wrong: Sequence[float]) -> float:
    """The chance that a random one of ``right`` lies above a random one of ``wrong``; ties count half; NaN if empty."""
    if not right or not wrong:
        return float("nan")
    high, low = np.asarray(right)[:, None], np.asarray(wrong)[None, :]
    return float((high > low).mean() + 0.5 * (high == low).mean())


def sample(held: Sequence[Example], per_source: int, seed: int = 5) -> list[Example]:
    """At most ``per_source`` held-out examples of each source, always the same ones."""
    by_source: dict[str, list[Example]] = defaultdict(list)
    for example in held:
        by_source[example.source].append(example)
    rng = seeded(seed)
    return [
        each
        for name in sorted(by_source)
        for each in rng.sample(by_source[name], min(per_source, len(by_source[name])))
    ]


def measure(examples: Sequence[Example], score: Callable[[Sequence[Example]], list[Scored]]) -> dict[str, float]:
    """First sentence right and mean reciprocal rank by source and over science, and AUROC of the answerability.

    ``near_miss`` sets answerable science examples against themselves with the answer removed, ``squad20`` the two
    kinds of SQuAD 2.0 questions, ``written`` those of the written ones, ``scifact`` claims with and without evidence in
    the abstract they cite.
    """
    rng = seeded(7)
    misses = []
    for example in examples:
        if example.answers and SOURCES[example.source].science:
            miss = without_answer(example, (), rng)
            misses += [miss] if miss else []
    scored = score([*examples, *misses])
    first: dict[str, list[float]] = defaultdict(list)
    ranks: dict[str, list[float]] = defaultdict(list)
    heights: dict[tuple[str, bool], list[float]] = defaultdict(list)
    for example, (logits, answerable) in zip(examples, scored, strict=False):
        heights[example.source, bool(example.answers)].append(answerable)
        order = [n for n in np.argsort(-logits) if n not in example.maybe]
        if not example.answers or len(order) < 2:
            continue
        place = next(place for place, number in enumerate(order, 1) if number in example.answers)
        first[example.source].append(float(place == 1))
        ranks[example.source].append(1 / place)
    science = [name for name in first if SOURCES[name].science]
    result = {f"first/{name}": float(np.mean(values)) for name, values in sorted(first.items())}
    result["first/science"] = float(np.mean([value for name in science for value in first[name]]))
    result["mrr/science"] = float(np.mean([value for name in science for value in ranks[name]]))
    answered = [value for (name, yes), values in heights.items() if yes and SOURCES[name].science for value in values]
    result["auroc/near_miss"] = auroc(answered, [answerable for _, answerable in scored[len(examples) :]])
    for name, key in (("squad20", "squad20_dev_noNormans"), ("written", "written"), ("scifact", "scifact_train")):
        result[f"auroc/{name}"] = auroc(heights[key, True], heights[key, False])
    return result
