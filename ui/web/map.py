"""A map of the corpus: abstracts as points in the plane, near where their vectors are near, in labelled clusters."""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rag.records import Abstract
from rag.text import content_words, words

MOST_POINTS = 2000
"""More would be a blur, and t-SNE takes 5 s of one core for this many; the map says when it shows a sample."""
_FEWEST_FOR_TSNE = 60
_CLUSTERS = 8
_LABEL_TERMS = 2
_PAIR = 1.6
"""How much more a pair of words says than one: chosen by reading the labels of 2,000 machine-learning abstracts."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Cluster:
    """A group of near abstracts: its label, its members by number, the most central first."""

    label: str
    members: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Map:
    """``places`` is float32 (n, 2) within 0..1, one row an abstract; every abstract is in one cluster.

    ``total`` abstracts are in the corpus; when that is more than n, the map shows a sample.
    """

    abstracts: tuple[Abstract, ...]
    places: Floats
    clusters: tuple[Cluster, ...]
    total: int


def sample(count: int) -> list[int]:
    """Numbers below ``count``, at most ``MOST_POINTS`` of them, spread evenly."""
    if count <= MOST_POINTS:
        return list(range(count))
    return [int(number) for number in np.linspace(0, count - 1, MOST_POINTS)]


def draw(abstracts: Sequence[Abstract], vectors: Floats, total: int | None = None) -> Map:
    """The map of ``abstracts`` with their unit ``vectors`` (float32 (n, d)); the same input gives the same map."""
    groups = group(vectors)
    texts = [f"{abstract.title}. {abstract.text}" for abstract in abstracts]
    labels = label(texts, groups)
    clusters = tuple(
        Cluster(name, tuple(_central_first(vectors, np.flatnonzero(groups == number))))
        for number, name in enumerate(labels)
    )
    return Map(tuple(abstracts), project(vectors), clusters, total if total is not None else len(abstracts))


def add(drawn: Map, vectors: Floats, abstracts: Sequence[Abstract], others: Floats) -> Map:
    """``drawn``, whose abstracts have ``vectors``, with more ``abstracts`` beside their nearest neighbours in it.

    So an abstract that the sample left out can be shown without drawing everything anew.
    """
    if not abstracts:
        return drawn
    nearest = (others @ vectors.T).argmax(axis=1)
    beside = drawn.places[nearest] + np.float32(0.008)
    first = len(drawn.abstracts)
    clusters = tuple(
        Cluster(
            each.label,
            (*each.members, *(first + row for row, neighbour in enumerate(nearest) if int(neighbour) in each.members)),
        )
        for each in drawn.clusters
    )
    places = np.clip(np.concatenate([drawn.places, beside]), 0, 1)
    return Map((*drawn.abstracts, *abstracts), places, clusters, drawn.total)


def project(vectors: Floats) -> Floats:
    """float32 (n, 2) within 0..1: the first two principal components, refined by t-SNE from 60 vectors on."""
    count = len(vectors)
    if count < 3:  # nothing to compare: side by side
        return np.column_stack([(np.arange(count) + 1) / (count + 1), np.full(count, 0.5)]).astype(np.float32)
    centred = vectors - vectors.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    axes *= np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])[
        :, None
    ]  # a sign of its own, run after run
    flat = centred @ axes[:2].T
    if flat.shape[1] < 2:
        flat = np.column_stack([flat, np.zeros(count)])
    if count >= _FEWEST_FOR_TSNE and np.ptp(flat) > 0:
        from sklearn.manifold import TSNE
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

        start = flat / flat[:, 0].std() * 1e-4  # as van der Maaten's and scikit-learn's PCA start is scaled
        perplexity = min(30.0, count / 6)
        tsne = TSNE(2, perplexity=perplexity, init=start, max_iter=500, random_state=0)
        with threadpool_limits(1):  # its threads spin while they wait: slower together, and nobody else gets an answer
            flat = tsne.fit_transform(centred @ axes[:50].T)
    spread = np.ptp(flat, axis=0)
    placed = (flat - flat.min(axis=0)) / np.where(spread > 0, spread, 1)
    return np.asarray(np.where(spread > 0, placed, 0.5), dtype=np.float32)


def group(vectors: Floats) -> NDArray[np.int32]:
    """int32 (n,): the cluster of each vector, by k-means; fewer than 8 vectors make one cluster."""
    count = len(vectors)
    if count < 8:
        return np.zeros(count, dtype=np.int32)
    from sklearn.cluster import KMeans

    clusters = min(_CLUSTERS, max(2, round(math.sqrt(count / 2))), len(np.unique(vectors, axis=0)))
    return np.asarray(KMeans(clusters, n_init=4, random_state=0).fit_predict(vectors), dtype=np.int32)


def label(texts: Sequence[str], groups: NDArray[np.int32]) -> list[str]:
    """A label for each cluster: the words that more of its texts have than others do, as they are mostly written."""
    having = [frozenset(_terms(text)) for text in texts]
    overall = Counter(term for terms in having for term in terms)
    labels = []
    for number in range(int(groups.max()) + 1 if len(groups) else 0):
        inside = [having[row] for row in np.flatnonzero(groups == number)]
        counts = Counter(term for terms in inside for term in terms)
        ranked = sorted(counts, key=lambda term: (-_weight(counts, overall, term, len(inside), len(texts)), term))
        labels.append(" · ".join(_written(_distinct(ranked), texts)) or f"Group {number + 1}")
    return labels


def _terms(text: str) -> list[str]:
    """The content words of a text and the pairs of them that stand side by side."""
    content = {word for word in content_words(text) if len(word) > 2 and not word[0].isdigit()}
    run = words(text)
    pairs = [f"{one} {other}" for one, other in pairwise(run) if one in content and other in content]
    return [*content, *pairs]


def _weight(inside: Mapping[str, int], overall: Mapping[str, int], term: str, size: int, count: int) -> float:
    """Share of the cluster's texts with the term, times how many times more that is than in all (pointwise KL)."""
    share, whole = inside[term] / size, overall[term] / count
    if inside[term] < 2 and size > 2:
        return 0.0  # one text's word names no cluster
    return share * math.log(share / whole + 0.01) * (_PAIR if " " in term else 1)


def _distinct(ranked: Sequence[str]) -> list[str]:
    """The first few terms that share no word, in the singular or the plural."""
    chosen: list[str] = []
    taken: set[str] = set()
    for term in ranked:
        stems = {word[:5] for word in term.split()}
        if not stems & taken:
            chosen.append(term)
            taken |= stems
        if len(chosen) == _LABEL_TERMS:
            break
    return chosen


def _written(terms: Sequence[str], texts: Sequence[str]) -> list[str]:
    """Terms in the case most texts write them in: ``llms`` becomes LLMs."""
    if not terms:
        return []
    either = re.compile(r"\b(?:" + "|".join(re.escape(term) for term in terms) + r")\b", re.IGNORECASE)
    forms = Counter(found for text in texts for found in either.findall(text))
    return [
        max(
            (form for form in forms if form.lower() == term),
            key=lambda form: (forms[form], form.islower()),
            default=term,
        )
        for term in terms
    ]


def _central_first(vectors: Floats, members: NDArray[np.intp]) -> list[int]:
    centre = vectors[members].mean(axis=0)
    return [int(member) for member in members[np.argsort(-(vectors[members] @ centre), kind="stable")]]
