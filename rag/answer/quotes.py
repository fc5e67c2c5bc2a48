"""Answers without a language model: the one to three sentences that answer, verbatim."""

from collections.abc import Sequence

from rag.answer.kind import wants_several
from rag.index.lexical import stems
from rag.records import Evidence


def choose(question: str, ranked: Sequence[Evidence], limit: int, margin: float) -> list[Evidence]:
    """The sentences to quote out of ``ranked``, best first: at most ``limit``, none that repeats another.

    None has a score more than ``margin`` below the best one's.

    A question that compares or lists gets the best sentence of each of several abstracts; any other is answered from
    the abstract of the best sentence.
    """
    several = wants_several(question)
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
    """Whether two sentences say mostly the same: over 60% of the shorter one's stems stand in the other."""
    left, right = set(stems(one)), set(stems(other))
    return len(left & right) > 0.6 * max(1, min(len(left), len(right)))
