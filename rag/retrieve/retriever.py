"""The search as everything above sees it: a question in, hits with their evidence sentences out."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from rag.index.index import Index
from rag.records import Evidence, Filters, Hit
from rag.retrieve.fuse import Weights, fuse
from rag.retrieve.named import Asked, spelt_out
from rag.retrieve.search import Candidate, candidates
from rag.settings import Settings
from rag.text import normalise

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Reranker(Protocol):
    """Scores pairs of question and text on its own; a cross-encoder, or a double in tests."""

    def predict(self, pairs: list[tuple[str, str]]) -> "NDArray[np.float32]":
        """One score a pair, float32 (n,), higher is better."""


class Retriever:
    """Finds abstracts in one index by the fused score; a reranker, where one is set, reorders the best of them."""

    def __init__(self, index: Index, settings: Settings, reranker: Reranker | None = None) -> None:
        self._index = index
        self._settings = settings
        self._weights = Weights(settings.weight_chunk, settings.weight_sentence, settings.weight_bm25)
        self._reranker = reranker

    def search(
        self, question: str, limit: int = 10, filters: Filters | None = None, *, one_version: bool = False
    ) -> list[Hit]:
        """At most ``limit`` hits, best first; each hit's evidence is all its sentences, nearest to the question first.

        With ``one_version`` only the best version of a paper is among them. A question that names a paper by its DOI, PMID or
        arXiv id finds that paper.
        """
        asked = self.asked(question, filters)
        question = asked.question
        found = candidates(self._index, question, max(self._settings.candidates, limit), asked.filters)
        if not found:
            return []
        scored = sorted(((fuse(each.signals, self._weights), each) for each in found), key=lambda pair: -pair[0])
        if one_version:
            scored = self._one_version(scored, limit if self._reranker is None else max(limit, RERANKED))
        if self._reranker is None:
            return self._hits(scored[:limit])
        hits = self._hits(scored[: max(limit, RERANKED)])
        return _reranked(self._reranker, question, hits)[:limit]

    def asked(self, question: str, filters: Filters | None = None) -> Asked:
        """What to search for: titles stand for the identifiers of papers, and only these papers are searched."""
        return spelt_out(self._index.catalog, normalise(question), filters)

    def abstracts(self) -> int:
        """How many abstracts there are to find."""
        return self._index.size()

    def _one_version(self, scored: Sequence[tuple[float, Candidate]], limit: int) -> list[tuple[float, Candidate]]:
        """At most ``limit`` of them, without those of which a better one is another version."""
        kept: list[tuple[float, Candidate]] = []
        taken: set[int] = set()
        versions = self._index.catalog.versions([candidate.key for _, candidate in scored])
        for score, candidate in scored:
            if len(kept) == limit:
                break
            if candidate.key not in taken:
                kept.append((score, candidate))
                taken.update(versions.get(candidate.key, ()))
        return kept

    def _hits(self, scored: Sequence[tuple[float, Candidate]]) -> list[Hit]:
        keys = [candidate.key for _, candidate in scored]
        abstracts = self._index.catalog.abstracts(keys)
        vectors = self._index.catalog.vectors(keys)
        hits = []
        for score, candidate in scored:
            abstract = abstracts.get(candidate.key)
            if abstract is None or candidate.key not in vectors:
                continue  # removed by another process since the search began
            sentences = vectors[candidate.key].sentences(abstract.text)
            if len(sentences) != len(candidate.similarities):
                continue  # updated since then; its next search sees it whole
            evidence = [
                Evidence(abstract, sentence, score=float(similarity), similarity=float(similarity))
                for sentence, similarity in zip(sentences, candidate.similarities, strict=True)
            ]
            evidence.sort(key=lambda each: -each.score)
            hits.append(Hit(abstract, score, tuple(evidence), candidate.signals))
        return hits


RERANKED = 20
"""Hits that a cross-encoder reads: its time grows with them, and what it moves up mostly stands among the first."""


def _reranked(reranker: Reranker, question: str, hits: list[Hit]) -> list[Hit]:
    pairs = [(question, f"{hit.abstract.title}. {hit.abstract.text}") for hit in hits]
    predicted = reranker.predict(pairs)
    order = sorted(range(len(hits)), key=lambda place: -predicted[place])
    # The scale stays that of the fused score, by which answering tells how close two abstracts are.
    scores = sorted((hit.score for hit in hits), reverse=True)
    return [replace(hits[place], score=score) for place, score in zip(order, scores, strict=True)]


def load_reranker(name: str) -> Reranker | None:
    """The cross-encoder of that sentence-transformers name or path, None for none; raises ModelError."""
    if not name:
        return None
    from rag.errors import ModelError

    try:
        from sentence_transformers import CrossEncoder

        model: Reranker = CrossEncoder(name, trust_remote_code=False)
    except (OSError, ValueError, ImportError) as error:
        raise ModelError(
            f"The reranker {name!r} cannot be loaded; set RAG_RERANKER to a folder or a name that holds a "
            "sentence-transformers cross-encoder, or leave it empty."
        ) from error
    return model
