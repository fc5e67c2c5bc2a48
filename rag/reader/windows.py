"""A question and a passage as the token windows that the reader reads; pure functions, shared by training and reading.

One window is ``[CLS] question [SEP] title [SEP] sentences [SEP]``. A passage that does not fit is read in several
windows of whole sentences, each with the question and the title, so that no sentence goes without a score.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

CLS = 101
SEP = 102
PAD = 0
WINDOW = 320
"""Tokens in one window; the longest the reader is trained on."""
QUESTION_ROOM = 64
TITLE_ROOM = 32


class Encoding(Protocol):
    """What the ``tokenizers`` library gives for one text."""

    @property
    def ids(self) -> list[int]:
        """The token ids."""


class Tokenizer(Protocol):
    """The part of ``tokenizers.Tokenizer`` that is used."""

    def encode_batch(
        self, input: Sequence[Any], is_pretokenized: bool = ..., add_special_tokens: bool = ...
    ) -> Sequence[Encoding]:
        """One encoding per text."""


@dataclass(frozen=True, slots=True)
class Window:
    """Token ids, and for each token the number of its sentence within the window (-1: question, title, specials).

    The window holds the sentences ``first`` to ``first + sentences`` of its passage; ``passage`` says which one.
    The first ``question_tokens`` tokens are the question's, those up to ``head_tokens`` the title's.
    """

    passage: int
    first: int
    sentences: int
    ids: tuple[int, ...]
    members: tuple[int, ...]
    question_tokens: int
    head_tokens: int


@dataclass(frozen=True, slots=True)
class Padded:
    """Windows as arrays: ``ids`` and ``roles`` int64 (b, t), ``mask`` float32 (b, t), ``members`` float32 (b, s, t).

    Roles are 0 for the question, 1 for the title, 2 for the sentences.
    ``members[b, s, t]`` is 1 where token t belongs to sentence s; ``present`` float32 (b, s) marks real sentences.
    """

    ids: NDArray[np.int64]
    roles: NDArray[np.int64]
    mask: NDArray[np.float32]
    members: NDArray[np.float32]
    present: NDArray[np.float32]


def tokenise(tokenizer: Tokenizer, texts: Sequence[str]) -> list[list[int]]:
    """The token ids of each text, without special tokens."""
    return [encoding.ids for encoding in tokenizer.encode_batch(list(texts), add_special_tokens=False)]


def split_evenly(lengths: Sequence[int], room: int) -> list[int]:
    """Where to cut a run of sentences so that each part fits in ``room`` tokens, parts being about equally long.

    Returns the start of each part, the first always 0. A sentence longer than ``room`` gets a part of its own.
    """
    clipped = [min(length, room) for length in lengths]
    parts = max(1, -(-sum(clipped) // room))
    while True:
        target = sum(clipped) / parts
        starts, used, total = [0], 0, 0
        for number, length in enumerate(clipped):
            full = used + length > room or (total + length / 2 > target * len(starts) and len(starts) < parts)
            if used and full:
                starts.append(number)
                used = 0
            used += length
            total += length
        if len(starts) <= parts:
            return starts
        parts = len(starts)


def room_for(question: Sequence[int], title: Sequence[int], size: int = WINDOW) -> int:
    """Tokens left for sentences in a window of ``size`` beside the question, the title and four special tokens."""
    return size - 4 - min(len(question), QUESTION_ROOM) - min(len(title), TITLE_ROOM)


def windows(
    passage: int, question: Sequence[int], title: Sequence[int], sentences: Sequence[Sequence[int]], size: int = WINDOW
) -> list[Window]:
    """All windows of one passage; together they hold every sentence exactly once, in order."""
    head = [CLS, *question[:QUESTION_ROOM], SEP]
    asked = len(head)
    head += [*title[:TITLE_ROOM], SEP]
    room = room_for(question, title, size)
    # an empty sentence (nothing the vocabulary knows) still needs a token to stand for it
    kept = [list(sentence[:room]) or [SEP] for sentence in sentences]
    starts = split_evenly([len(sentence) for sentence in kept], room)
    found = []
    for start, end in zip(starts, [*starts[1:], len(sentences)], strict=True):
        ids, members = list(head), [-1] * len(head)
        for number, sentence in enumerate(kept[start:end]):
            ids += sentence
            members += [number] * len(sentence)
        found.append(Window(passage, start, end - start, (*ids, SEP), (*members, -1), asked, len(head)))
    return found


def pad(batch: Sequence[Window], token_step: int = 1, sentence_step: int = 1) -> Padded:
    """The windows as arrays, padded to the longest and on to the next multiple of the steps."""
    tokens = -(-max(len(window.ids) for window in batch) // token_step) * token_step
    most = max(1, -(-max(window.sentences for window in batch) // sentence_step)) * sentence_step
    ids = np.full((len(batch), tokens), PAD, np.int64)
    roles = np.zeros((len(batch), tokens), np.int64)
    mask = np.zeros((len(batch), tokens), np.float32)
    members = np.zeros((len(batch), most, tokens), np.float32)
    present = np.zeros((len(batch), most), np.float32)
    for row, window in enumerate(batch):
        length = len(window.ids)
        ids[row, :length] = window.ids
        roles[row, window.question_tokens : window.head_tokens] = 1
        roles[row, window.head_tokens : length] = 2
        mask[row, :length] = 1
        places = np.asarray(window.members)
        inside = np.flatnonzero(places >= 0)
        members[row, places[inside], inside] = 1
        present[row, : window.sentences] = 1
    return Padded(ids, roles, mask, members, present)
