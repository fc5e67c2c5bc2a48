"""Windows: every sentence is read exactly once, and no window is too long."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rag.reader.windows import CLS, QUESTION_ROOM, SEP, TITLE_ROOM, pad, split_evenly, windows

lengths = st.lists(st.integers(0, 90), max_size=40)


@given(lengths, st.integers(5, 80))
def test_parts_fit_and_lose_nothing(found: list[int], room: int) -> None:
    """Each part has at least one sentence and fits in the room, unless it is one sentence that never could."""
    starts = split_evenly(found, room)
    assert starts[0] == 0
    assert starts == sorted(set(starts))
    for start, end in zip(starts, [*starts[1:], len(found)], strict=True):
        assert sum(min(length, room) for length in found[start:end]) <= room


def test_parts_are_even() -> None:
    """Eleven sentences that need two windows are not read as ten and one."""
    assert split_evenly([10] * 11, 100) in ([0, 5], [0, 6])


@given(st.integers(0, 100), st.integers(0, 60), lengths)
def test_windows_hold_every_sentence_once(question: int, title: int, found: list[int]) -> None:
    """All sentences, in order, in windows of at most the given size, each behind the question and the title."""
    cut = windows(3, [7] * question, [8] * title, [[9] * length for length in found], size=140)
    assert [window.first + n for window in cut for n in range(window.sentences)] == list(range(len(found)))
    for window in cut:
        assert window.passage == 3
        assert len(window.ids) == len(window.members) <= 140
        assert window.ids[0] == CLS
        assert window.ids[-1] == SEP
        assert window.ids.count(7) == min(question, QUESTION_ROOM)
        assert window.ids.count(8) == min(title, TITLE_ROOM)
        assert set(window.members) - {-1} == set(range(window.sentences))


def test_roles_and_members_of_a_padded_batch() -> None:
    """Question, title and sentences are told apart, sentences mark their own tokens, and padding is nobody's."""
    short = windows(0, [5, 5], [], [[6]])
    long = windows(1, [5], [4, 4], [[6, 6], [7]])
    arrays = pad([*short, *long])
    assert arrays.ids.tolist() == [
        [CLS, 5, 5, SEP, SEP, 6, SEP, 0, 0, 0],
        [CLS, 5, SEP, 4, 4, SEP, 6, 6, 7, SEP],
    ]
    assert arrays.roles[1].tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 2]
    assert arrays.mask.sum(axis=1).tolist() == [7, 10]
    assert np.flatnonzero(arrays.members[0, 0]).tolist() == [5]
    assert np.flatnonzero(arrays.members[1, 0]).tolist() == [6, 7]
    assert np.flatnonzero(arrays.members[1, 1]).tolist() == [8]
    assert arrays.present.tolist() == [[1, 0], [1, 1]]


def test_padding_in_steps() -> None:
    """Shapes are rounded up, so that few different ones are ever compiled; an empty passage has room for one."""
    arrays = pad(windows(0, [5], [], []), token_step=32, sentence_step=8)
    assert arrays.ids.shape == (1, 32)
    assert arrays.members.shape == (1, 8, 32)
    assert arrays.present.sum() == 0
    assert pad(windows(0, [5], [], [])).members.shape == (1, 1, 5)
