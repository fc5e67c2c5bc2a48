"""Which sentences of the hits answer: scored by the evidence reader where there is one, else by likeness and cues."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rag.answer.kind import CUES, kind, wants_several
from rag.index.lexical import stems
from rag.records import Evidence, Hit

if TYPE_CHECKING:
    from rag.reader import Passage, Reader


@dataclass(frozen=True, slots=True)
class Weights:
    """What a sentence's score is made of; chosen on the development questions (ARCHITECTURE.md has the table).

    ``overlap`` is for the share of the question's stems that the sentence has, ``cue`` for having what the kind of
    question asks for, ``hit`` for how far its abstract's fused score lies behind the best one's, ``reader`` for the
    reader's logit. ``margin`` is how far behind the best sentence another may lie and still be quoted.
    """

    similarity: float
    overlap: float
    cue: float
    hit: float
    margin: float
    reader: float = 0.0


LIKENESS = Weights(similarity=1.0, overlap=0.35, cue=0.08, hit=1.0, margin=0.4)
READING = Weights(similarity=0.3, overlap=0.0, cue=0.03, hit=0.0, margin=0.2, reader=0.1)

READ_FOR_SEVERAL = 3
"""Abstracts that the reader reads when the question asks for several; else the best one, which takes 30 ms."""


@dataclass(frozen=True, slots=True)
class Scored:
    """All sentences of the hits, best first, and the reader's logit that the best abstract answers (None without it).

    ``margin`` is how far behind the best sentence another may lie and still be quoted.
    """

    ranked: tuple[Evidence, ...]
    answerable: float | None
    margin: float


def score_sentences(question: str, hits: Sequence[Hit], reader: "Reader | None" = None) -> Scored:
    """Every sentence of ``hits`` with the score that says how well it answers, best first.

    Likeness chooses the abstract; the reader, which is better at the sentence than at the abstract, then orders the
    sentences of the abstracts that will be quoted.
    """
    best = max((hit.score for hit in hits), default=0.0)
    scored = {hit.abstract.id: _scored(question, hit, LIKENESS, best) for hit in hits}
    order = sorted(scored, key=lambda name: -max((each.score for each in scored[name]), default=0.0))
    answerable = None
    several = wants_several(question)
    if reader is not None and hits:
        read = [hit for name in order[: READ_FOR_SEVERAL if several else 1] for hit in hits if hit.abstract.id == name]
        readings = reader.read(question, [_passage(hit) for hit in read])
        answerable = readings[0].answerable
        for hit, reading in zip(read, readings, strict=True):
            before = max(each.score for each in scored[hit.abstract.id])
            again = _scored(question, hit, READING, best, reading.scores.tolist())
            shift = before - max(each.score for each in again)
            scored[hit.abstract.id] = [replace(each, score=each.score + shift) for each in again]
    everything = [each for some in scored.values() for each in some]
    # sentences of several abstracts differ by the likeness of their abstracts, with a reader or without
    margin = LIKENESS.margin if several or reader is None else READING.margin
    return Scored(tuple(sorted(everything, key=lambda each: -each.score)), answerable, margin)


def _scored(
    question: str, hit: Hit, weights: Weights, best: float, logits: Sequence[float] | None = None
) -> list[Evidence]:
    """The sentences of one hit with their scores; ``logits`` are the reader's, by sentence number."""
    asked = set(stems(question))
    cue = CUES.get(kind(question))
    return [
        replace(
            each,
            score=weights.similarity * each.similarity
            + weights.overlap * _overlap(asked, each.sentence.text)
            + weights.cue * _has(cue, each.sentence.text)
            + weights.hit * (hit.score - best)
            + weights.reader * (logits[each.sentence.number] if logits is not None else 0.0),
        )
        for each in hit.evidence
    ]


def _passage(hit: Hit) -> "Passage":
    from rag.reader import Passage

    sentences = sorted((each.sentence for each in hit.evidence), key=lambda each: each.number)
    title = "" if hit.abstract.title_derived else hit.abstract.title
    return Passage(title, tuple(each.text for each in sentences))


def _overlap(asked: set[str], text: str) -> float:
    return len(asked & set(stems(text))) / len(asked) if asked else 0.0


def _has(cue: re.Pattern[str] | None, text: str) -> bool:
    return cue is not None and cue.search(text) is not None
