"""A cross-encoder on top of the search: it decides the order and leaves the scale alone."""

from pathlib import Path

import numpy as np

from rag import Assistant
from rag.retrieve.retriever import Retriever


class Backwards:
    """Prefers what comes later, on the scale of a cross-encoder's logits."""

    def predict(self, pairs: list[tuple[str, str]]) -> np.ndarray:
        """Ever higher."""
        return np.arange(len(pairs), dtype=np.float32) * 7


def test_a_reranker_reorders_and_keeps_the_scale(assistant: Assistant, seeds: Path) -> None:
    """Answering tells by the fused scores how close two abstracts are, so they go to the new order."""
    assistant.ingest([seeds])
    question = "How is the robustness of a network measured?"
    plain = Retriever(assistant._index, assistant.settings).search(question, limit=20)
    other = Retriever(assistant._index, assistant.settings, Backwards()).search(question, limit=20)
    assert [hit.abstract.id for hit in other] == [hit.abstract.id for hit in reversed(plain)]
    assert [hit.score for hit in other] == [hit.score for hit in plain]
