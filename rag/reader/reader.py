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
from rag.reader.windows import Window, pad, tokenise, windows

WEIGHTS = Path(__file__).parent / "weights"
MODEL_FILE = "reader.xml"
BATCH_TOKENS = 512
"""Padded tokens in a batch. Small batches of few different shapes: as fast as one large one, and 80 MB less."""
TOKEN_STEP = 32
SENTENCE_STEP = 8


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
        cut: list[Window] = []
        for number, passage in enumerate(passages):
            asked, title, *sentences = tokenise(self._tokenizer, [question, passage.title, *passage.sentences])
            cut += windows(number, asked, title, sentences)
        scores = [np.full(len(passage.sentences), -np.inf, np.float32) for passage in passages]
        answerable = [float("-inf")] * len(passages)
        for batch in _batches(cut):
            arrays = pad(batch, TOKEN_STEP, SENTENCE_STEP)
            feed = [self._words[arrays.ids], arrays.roles, arrays.mask, arrays.members]
            with self._lock:
                result = self._model(feed)
                logits, heights = np.array(result[0]), np.array(result[1])
            for row, window in enumerate(batch):
                end = window.first + window.sentences
                scores[window.passage][window.first : end] = logits[row, : window.sentences]
                answerable[window.passage] = max(answerable[window.passage], float(heights[row]))
        return [Reading(*each) for each in zip(scores, answerable, strict=True)]


def _batches(cut: Sequence[Window]) -> list[list[Window]]:
    """Windows of like length together, each batch at most BATCH_TOKENS padded tokens."""
    made: list[list[Window]] = []
    for window in sorted(cut, key=lambda each: -len(each.ids)):
        if not made or (len(made[-1]) + 1) * len(made[-1][0].ids) > BATCH_TOKENS:
            made.append([])
        made[-1].append(window)
    return made
