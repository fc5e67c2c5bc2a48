"""The spans and vectors of an abstract, as the catalog keeps them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rag.records import Sentence

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Vectors:
    """The spans and vectors of one abstract.

    ``sentence_codes`` int8 (sentences, d) times ``sentence_scales`` float32 (sentences,) are the sentence vectors;
    ``chunk_vectors`` float16 (chunks, d). Spans are int32 (n, 2) character offsets.
    """

    sentence_spans: "NDArray[np.int32]"
    sentence_codes: "NDArray[np.int8]"
    sentence_scales: "NDArray[np.float32]"
    chunk_spans: "NDArray[np.int32]"
    chunk_vectors: "NDArray[np.float16]"

    def sentences(self, text: str) -> list[Sentence]:
        """The sentences of ``text`` by their spans."""
        return [
            Sentence(number, int(start), int(end), text[start:end])
            for number, (start, end) in enumerate(self.sentence_spans)
        ]


@dataclass(frozen=True, slots=True)
class Comparable:
    """The vectors of several abstracts in one row each, to be compared with a question at once.

    ``sentence_counts`` and ``chunk_counts`` say how many rows belong to each of ``keys``, in their order.
    """

    keys: list[int]
    sentence_codes: "NDArray[np.int8]"
    sentence_scales: "NDArray[np.float32]"
    sentence_counts: "NDArray[np.int64]"
    chunk_vectors: "NDArray[np.float16]"
    chunk_counts: "NDArray[np.int64]"

    def similarities(self, vector: "NDArray[np.float32]") -> "list[NDArray[np.float32]]":
        """The cosine of ``vector`` with each sentence, float32 (sentences,) for each key."""
        every = _dots(self.sentence_codes, vector) * self.sentence_scales
        return np.split(every, np.cumsum(self.sentence_counts)[:-1])

    def best_chunks(self, vector: "NDArray[np.float32]") -> "NDArray[np.float32]":
        """The cosine of ``vector`` with the nearest chunk of each key, float32 (keys,); -1 where there is none."""
        best = np.full(len(self.keys), -1.0, np.float32)
        some = self.chunk_counts > 0
        if some.any():
            starts = (np.cumsum(self.chunk_counts) - self.chunk_counts)[some]
            best[some] = np.maximum.reduceat(_dots(self.chunk_vectors, vector), starts)
        return best


def _dots(rows: "NDArray[np.int8] | NDArray[np.float16]", vector: "NDArray[np.float32]") -> "NDArray[np.float32]":
    """The product of each row with ``vector``, on one thread: BLAS would wake the others, and on a busy machine wait."""
    products: NDArray[np.float32] = np.einsum("ij,j->i", rows.astype(np.float32), vector)
    return products


def encode_int8(vectors: "NDArray[np.float32]") -> "tuple[NDArray[np.int8], NDArray[np.float32]]":
    """Symmetric int8 codes and one scale a row; cosine to the original is above 0.9999 for sentence embeddings."""
    scales = np.abs(vectors).max(axis=1, initial=1e-12) / 127
    return np.round(vectors / scales[:, None]).astype(np.int8), scales.astype(np.float32)
