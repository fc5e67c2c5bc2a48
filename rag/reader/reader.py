"""Reading with the shipped weights: OpenVINO and tokenizers, neither torch nor transformers."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag import runtime
from rag.errors import ModelError
from rag.reader.bundled import tokenizer, word_vectors
from rag.reader.windows import pad, tokenise, windows

WEIGHTS = Path(__file__).parent / "weights"
MODEL_FILE = "reader.xml"
TOKEN_STEP = 32
SENTENCE_STEP = 8
"""Windows are padded to multiples of these and read one by one: few shapes to prepare for, and as fast as batches."""


@dataclass(frozen=True, slots=True)
class Passage:
    """What is read: a title (empty when there is none) and the sentences of the abstract in order."""

    title: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What the reader makes of one passage for a question.

    ``scores`` are logits, float32 (n_sentences,): above 0 the sentence rather answers than not, and they can be
    compared between passages. ``answerable`` is the logit that the passage as a whole holds the answer.
    """

    scores: NDArray[np.float32]
    answerable: float


class Reader:
    """Scores the sentences of passages as answers to a question; safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        path = folder / MODEL_FILE
        if not path.is_file() or not path.with_suffix(".bin").is_file():
            raise ModelError(
                f"No reader weights in {folder}: {MODEL_FILE} and its .bin are missing; reinstall footnote-rag, or "
                "make them with python -m rag.reader.train and python -m rag.reader.export."
            )
        self._tokenizer = tokenizer()
        self._words = word_vectors()
        self._lock = threading.Lock()  # a compiled model answers one request at a time
        try:
            self._model = runtime.compile_model(path)
        except RuntimeError as error:
            raise ModelError(f"The reader weights in {folder} cannot be loaded; reinstall footnote-rag.") from error

    @classmethod
    def load(cls, folder: Path | None = None) -> "Reader":
        """The reader in ``folder``, by default the bundled one; raises ModelError when the weights are missing."""
        return cls(folder or WEIGHTS)

    def read(self, question: str, passages: Sequence[Passage]) -> list[Reading]:
        """One reading per passage, in order, with a score for every sentence however long the passage is."""
        readings = []
        for number, passage in enumerate(passages):
            asked, title, *sentences = tokenise(self._tokenizer, [question, passage.title, *passage.sentences])
            scores, answerable = np.full(len(sentences), -np.inf, np.float32), float("-inf")
            for window in windows(number, asked, title, sentences):
                arrays = pad([window], TOKEN_STEP, SENTENCE_STEP)
                with self._lock:
                    result = self._model([self._words[arrays.ids], arrays.roles, arrays.mask, arrays.members])
                    logits, height = np.array(result[0])[0], float(result[1][0])
                scores[window.first : window.first + window.sentences] = logits[: window.sentences]
                answerable = max(answerable, height)
            readings.append(Reading(scores, answerable))
        return readings
