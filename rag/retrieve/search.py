"""Candidates for a question, with their signals, and the fused ranking."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rag.index.index import Index
from rag.index.lexical import Terms
from rag.records import Filters, Signals
from rag.retrieve.adapter import adapt

if TYPE_CHECKING:
    from numpy.typing import NDArray

EXACT_LIMIT = 5000
"""Abstracts that a filter may leave for their vectors to be compared one by one; beyond, the index is searched deeper."""
DEEPEST = 2000
"""Chunks and abstracts asked of the two searches at most when a filter will drop some of them."""
ENOUGH = 0.2
"""Of the candidates wanted, the share that both searches must find inside a filter, or all that it allows is compared."""


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
    vector = adapt(index.embedder.encode([question])[0], index.embedder.identity)
    return index.reading(lambda: _candidates(index, question, vector, count, filters))


def _candidates(
    index: Index, question: str, vector: "NDArray[np.float32]", count: int, filters: Filters | None
) -> list[Candidate]:
    terms = index.lexical.terms(question)
    dense, lexical = _found(index, terms, vector, count, filters)
    vectors = index.catalog.comparable(list(dict.fromkeys([*dense, *lexical])))
    keys = vectors.keys  # one may have been removed meanwhile
    if not keys:
        return []
    lexical |= index.lexical.search(terms, len(keys), within=[key for key in keys if key not in lexical])
    coverage = index.lexical.coverage(terms, keys)
    best = vectors.best_chunks(vector)
    found = []
    for key, chunk, similarities in zip(keys, best, vectors.similarities(vector), strict=True):
        signals = Signals(
            chunk=float(chunk),
            sentence=float(similarities.max(initial=-1.0)),
            bm25=lexical.get(key, 0.0) / terms.total if terms.total else 0.0,
            coverage=coverage[key],
        )
        found.append(Candidate(key, signals, similarities))
    return found


def _found(
    index: Index, terms: Terms, vector: "NDArray[np.float32]", count: int, filters: Filters | None
) -> tuple[list[int], dict[int, float]]:
    """What the two searches find: keys of the nearest abstracts, best first, and BM25 by key.

    Which abstracts a filter allows is asked of the catalog, cheapest first: all of them where they are few, else only
    whether it allows what deeper searches found. Where that is next to nothing, all are compared after all.
    """
    if not filters:
        return [key for key, _ in index.store.query(vector, count + count // 2)], index.lexical.search(terms, count)
    allowed = index.catalog.keys(filters, limit=EXACT_LIMIT + 1)
    if len(allowed) > EXACT_LIMIT:
        depth = 4 * count
        while True:
            dense = [key for key, _ in index.store.query(vector, depth)]
            lexical = index.lexical.search(terms, depth)
            inside = set(index.catalog.passing(list({*dense, *lexical}), filters))
            near = list(dict.fromkeys(key for key in dense if key in inside))
            if len(near) >= count or depth >= DEEPEST:
                break
            depth = min(DEEPEST, max(2 * depth, depth * count // max(1, len(near)) * 5 // 4))
        if len(inside) >= ENOUGH * count:
            said = [(key, score) for key, score in lexical.items() if key in inside]
            return near[:count], dict(said[:count])
        allowed = index.catalog.keys(filters)
    return _exact(index, vector, allowed, count), index.lexical.search(terms, count, within=allowed)


def _exact(index: Index, vector: "NDArray[np.float32]", allowed: Sequence[int], count: int) -> list[int]:
    vectors = index.catalog.comparable_chunks(allowed)
    return [vectors.keys[place] for place in np.argsort(-vectors.best_chunks(vector), kind="stable")[:count]]
