"""A question's vector, moved to where its answers lie: a linear adapter of the bundled embedder, for questions only.

The embedder sees a layman's question near to texts in the layman's words. What the adapter adds to its vector was learnt
from questions written over abstracts in other words (``train_adapter.py``, which made ``adapter.npz``). The vectors of
abstracts stay as they are, and so does every corpus; questions of other embedders are left alone.
"""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rag.index.embed import Identity

if TYPE_CHECKING:
    from numpy.typing import NDArray

TRAINED = Path(__file__).parent / "adapter.npz"
"""``digest`` of the embedder it is for, ``weights`` float16 (d, d) and ``bias`` float16 (d,)."""


def adapt(question: "NDArray[np.float32]", embedder: Identity) -> "NDArray[np.float32]":
    """The unit vector to search with, float32 (d,), for a question's own vector, float32 (d,)."""
    digest, weights, bias = _trained()
    if embedder.digest != digest:
        return question
    # on one thread, as in vectors.py
    moved: NDArray[np.float32] = question + np.einsum("ij,j->i", weights, question) + bias
    return moved / np.linalg.norm(moved)


@cache
def _trained() -> "tuple[str, NDArray[np.float32], NDArray[np.float32]]":
    with np.load(TRAINED) as kept:
        return str(kept["digest"]), kept["weights"].astype(np.float32), kept["bias"].astype(np.float32)
