"""Answers without a language model: the one to three sentences that answer, verbatim."""

from collections.abc import Sequence

from rag.answer.kind import wants_several
from rag.answer.numbers import quantities
from rag.index.lexical import stems
from rag.records import Evidence


def choose(question: str, ranked: Sequence[Evidence], limit: int, margin: float) -> list[Evidence]:
    """The sentences to quote out of ``ranked``, best first: at most ``limit``, none that repeats another.

    None has a score more than ``margin`` below the best one's.

    A question that compares or lists gets the best sentence of each of several abstracts; any other, and one for which
    only one abstract comes near, is answered from the abstract of the best sentence.
    """
    several = _choose(ranked, limit, margin, several=True) if wants_several(question) else []
    return several if len(several) > 1 else _choose(ranked, limit, margin, several=False)


def _choose(ranked: Sequence[Evidence], limit: int, margin: float, *, several: bool) -> list[Evidence]:
    chosen: list[Evidence] = []
    for each in ranked:
        if len(chosen) == limit:
            break
        if chosen:
            if each.score < chosen[0].score - margin:
                break
            seen = {other.abstract.id for other in chosen}
            if several == (each.abstract.id in seen):
                continue
            if any(_repeats(each.sentence.text, other.sentence.text) for other in chosen):
                continue
        chosen.append(each)
    return chosen


def _repeats(one: str, other: str) -> bool:
    """Whether two sentences say mostly the same, and with the same numbers.

    Mostly: over 60% of the shorter one's stems stand in the other. Opposite results share words, but no numbers.
    """
    left, right = set(stems(one)), set(stems(other))
    if len(left & right) <= 0.6 * max(1, min(len(left), len(right))):
        return False
    return {each.value for each in quantities(one)} == {each.value for each in quantities(other)}
