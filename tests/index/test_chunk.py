"""Sentences to chunks."""

from hypothesis import given
from hypothesis import strategies as st

from rag.index.chunk import chunk
from rag.records import Sentence


def _sentences(sizes: list[int]) -> list[Sentence]:
    return [Sentence(number, 10 * number, 10 * number + 9, "x" * 9) for number in range(len(sizes))]


@given(st.lists(st.integers(1, 80), max_size=40), st.integers(10, 60))
def test_chunks_cover_every_sentence_once_and_fit(sizes: list[int], budget: int) -> None:
    """Every sentence is in exactly one chunk, in order, and only a single long sentence exceeds the budget."""
    chunks = chunk(_sentences(sizes), sizes, budget)
    covered: list[int] = []
    for each in chunks:
        inside = [number for number in range(len(sizes)) if each.start <= 10 * number < each.end]
        assert inside
        assert sum(sizes[number] for number in inside) <= budget or len(inside) == 1
        covered += inside
    assert covered == list(range(len(sizes)))
    assert [each.number for each in chunks] == list(range(len(chunks)))


def test_what_fits_is_one_chunk() -> None:
    """An abstract within the window is not cut."""
    assert len(chunk(_sentences([20, 20, 20]), [20, 20, 20], 60)) == 1


def test_chunks_are_of_like_length() -> None:
    """Two chunks share the sentences evenly instead of leaving a stub."""
    sizes = [20] * 8
    first, second = chunk(_sentences(sizes), sizes, 120)
    assert first.end == 39
    assert second.start == 40
