"""Which sentences of the hits answer: scored by the evidence reader where there is one, else by likeness and cues."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rag.answer.kind import CUES, kind, wants_several
from rag.index.lexical import stems
from rag.records import Evidence, Hit

if TYPE_CHECKING:
    from rag.reader import Passage, Reader, Reading


# Chosen on the development questions. An abstract's likeness is the cosine of its nearest chunk, less how far its fused
# score lies behind the best one's: so chunks count for more here than in the search, which has to find names too. A
# sentence's likeness is its cosine with the question and these:
OVERLAP = 0.35
"""For the share of the question's stems that the sentence has."""
CUE = 0.08
"""For having what the kind of question asks for."""
# and where the reader has read, one of its logits weighs beside likeness:
LOGIT = 0.1
"""For a sentence."""
ANSWERABLE = 0.08
"""For whether the abstract answers."""

LIKENESS_MARGIN, READING_MARGIN = 0.4, 0.25
"""How far behind the best sentence another may lie and still be quoted."""

READ, CLOSE = 3, 0.15
"""The best abstracts are read, 27 ms each on two cores; where one is to answer, those alone whose likeness lies no further
behind the best one's."""


@dataclass(frozen=True, slots=True)
class Scored:
    """All sentences of the hits, best first, and how far behind the best another may lie and still be quoted.

    ``answerable`` is the reader's highest logit that an abstract answers; None without a reader.
    """

    ranked: tuple[Evidence, ...]
    answerable: float | None
    margin: float


def score_sentences(question: str, hits: Sequence[Hit], reader: "Reader | None" = None) -> Scored:
    """Every sentence of ``hits`` with the score that says how well it answers, best first.

    Likeness says which abstracts are worth reading; the reader then orders their sentences, and sets the abstracts that it
    finds less answerable back.
    """
    best = max((hit.score for hit in hits), default=0.0)
    heights = {hit.abstract.id: hit.signals.chunk + hit.score - best for hit in hits}
    several = wants_several(question)
    readings: dict[str, Reading] = {}
    if reader is not None and hits:
        highest = max(heights.values())
        order = sorted(hits, key=lambda hit: -heights[hit.abstract.id])[:READ]
        read = [hit for hit in order if several or heights[hit.abstract.id] > highest - CLOSE]
        found = reader.read(question, [_passage(hit) for hit in read])
        readings = {hit.abstract.id: reading for hit, reading in zip(read, found, strict=True)}
    answerable = max((reading.answerable for reading in readings.values()), default=None)
    everything: list[Evidence] = []
    for hit in hits:
        height, reading = heights[hit.abstract.id], readings.get(hit.abstract.id)
        if reading is None or answerable is None:
            everything += _by_likeness(question, hit, height)
        else:
            everything += _by_reading(hit, reading, height + ANSWERABLE * (reading.answerable - answerable))
    # sentences of several abstracts differ by the likeness of their abstracts, with a reader or without
    margin = LIKENESS_MARGIN if several or reader is None else READING_MARGIN
    return Scored(tuple(sorted(everything, key=lambda each: -each.score)), answerable, margin)


def _by_likeness(question: str, hit: Hit, height: float) -> list[Evidence]:
    """The sentences of one hit, the most like the question at ``height`` and the others as far below as they are less so."""
    asked = set(stems(question))
    cue = CUES.get(kind(question))
    likeness = [
        each.similarity + OVERLAP * _overlap(asked, each.sentence.text) + CUE * _has(cue, each.sentence.text)
        for each in hit.evidence
    ]
    return [
        replace(each, score=height + like - max(likeness)) for each, like in zip(hit.evidence, likeness, strict=True)
    ]


def _by_reading(hit: Hit, reading: "Reading", height: float) -> list[Evidence]:
    """The sentences of one hit, the reader's best at ``height`` and the others as far below as their logits are."""
    logits = reading.scores - reading.scores.max()
    return [replace(each, score=height + LOGIT * float(logits[each.sentence.number])) for each in hit.evidence]


def _passage(hit: Hit) -> "Passage":
    from rag.reader import Passage

    sentences = sorted((each.sentence for each in hit.evidence), key=lambda each: each.number)
    title = "" if hit.abstract.title_derived else hit.abstract.title
    return Passage(title, tuple(each.text for each in sentences))


def _overlap(asked: set[str], text: str) -> float:
    return len(asked & set(stems(text))) / len(asked) if asked else 0.0


def _has(cue: re.Pattern[str] | None, text: str) -> bool:
    return cue is not None and cue.search(text) is not None
