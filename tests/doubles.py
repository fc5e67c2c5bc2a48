"""Test doubles that are real implementations: an embedder without a model."""

import hashlib
import re
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from rag.index.embed import Identity


class ToyEmbedder:
    """Hashes words into a vector: texts that share words are near, and nothing is loaded."""

    window = 64

    def __init__(self, dimensions: int = 64) -> None:
        self.identity = Identity("toy", dimensions, f"toy-{dimensions}")

    def encode(self, texts: Sequence[str], done: Callable[[int], None] | None = None) -> NDArray[np.float32]:
        """Unit vectors, float32 (n, dimensions)."""
        vectors = np.zeros((len(texts), self.identity.dimensions), np.float32)
        for row, text in enumerate(texts):
            for word in re.findall(r"\w+", text.lower())[: self.window]:
                place = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=4).digest(), "big")
                vectors[row, place % self.identity.dimensions] += 1
        if done is not None:
            done(len(texts))
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """One token a word."""
        return [len(re.findall(r"\w+", text)) for text in texts]
