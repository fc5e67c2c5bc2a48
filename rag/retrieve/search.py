"""Candidates for a question, with their signals, and the fused ranking."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rag.index.index import Index
from rag.index.vectors import Vectors
from rag.records import Filters, Signals

if TYPE_CHECKING:
    from numpy.typing import NDArray

EXACT_LIMIT = 5000
"""Abstracts that a filter may leave for their vectors to be compared one by one; beyond, the index is searched deeper."""
DEEPEST = 2000
"""Chunks asked of the vector store at most when a filter will drop some of them."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A candidate abstract: its catalog key, signals, and the cosine of the question with each of its sentences."""

    key: int
    signals: Signals
    similarities: "NDArray[np.float32]"


def candidates(index: Index, question: str, count: int, filters: Filters | None = None) -> list[Candidate]:
    """The union of the best ``count`` abstracts of both searches, each with all its signals, in no order.

    Any text is a safe question; one without a single word or number finds what its vector is near to.
    """
    if index.catalog.empty():
        return []  # nor may one who only asks make the indexes, perhaps while a first ingest makes them
    vector = index.embedder.encode([question])[0]
    return index.reading(lambda: _candidates(index, question, vector, count, filters))


def _candidates(
    index: Index, question: str, vector: "NDArray[np.float32]", count: int, filters: Filters | None
) -> list[Candidate]:
    terms = index.lexical.terms(question)
    allowed = index.catalog.keys(filters) if filters else None
    if allowed is not None and not allowed:
        return []
    if allowed is None:
        dense = [key for key, _ in index.store.query(vector, count + count // 2)]
        lexical = index.lexical.search(terms, count)
    elif len(allowed) <= EXACT_LIMIT:
        dense = _exact(index, vector, allowed, count)
        lexical = index.lexical.search(terms, count, within=allowed)
    else:
        inside = set(allowed)
        depth = min(DEEPEST, int(2 * count * index.catalog.count() / len(allowed)))
        dense = [key for key, _ in index.store.query(vector, depth) if key in inside][:count]
        lexical = {key: score for key, score in index.lexical.search(terms, depth).items() if key in inside}
        lexical = dict(list(lexical.items())[:count])
    keys = list(dict.fromkeys([*dense, *lexical]))
    vectors = index.catalog.vectors(keys)
    keys = [key for key in keys if key in vectors]  # one may have been removed meanwhile
    lexical |= index.lexical.search(terms, len(keys) or 1, within=[key for key in keys if key not in lexical])
    coverage = index.lexical.coverage(terms, keys)
    found = []
    for key in keys:
        similarities = _similarities(vectors[key], vector)
        signals = Signals(
            chunk=_best_chunk(vectors[key], vector),
            sentence=float(similarities.max(initial=-1.0)),
            bm25=lexical.get(key, 0.0) / terms.total if terms.total else 0.0,
            coverage=coverage[key],
        )
        found.append(Candidate(key, signals, similarities))
    return found


def _exact(index: Index, vector: "NDArray[np.float32]", allowed: Sequence[int], count: int) -> list[int]:
    scores = {key: _best_chunk(vectors, vector) for key, vectors in index.catalog.vectors(allowed).items()}
    return sorted(scores, key=lambda key: -scores[key])[:count]


def _best_chunk(vectors: Vectors, vector: "NDArray[np.float32]") -> float:
    return float((vectors.chunk_vectors.astype(np.float32) @ vector).max(initial=-1.0))


def _similarities(vectors: Vectors, vector: "NDArray[np.float32]") -> "NDArray[np.float32]":
    similarities: NDArray[np.float32] = (vectors.sentence_codes.astype(np.float32) @ vector) * vectors.sentence_scales
    return similarities
