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


# Chosen on the development questions. A sentence's likeness is its cosine with the question, how far the fused score of
# its abstract lies behind the best one's, and these:
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

READ_FOR_ONE, CLOSE = 2, 0.15
"""The best abstract is read, and the second when its likeness lies no further behind; 27 ms each on two cores."""
READ_FOR_SEVERAL = 3
"""Abstracts that are read, however close, when the question asks for several."""


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
    scored = {hit.abstract.id: _by_likeness(question, hit, best) for hit in hits}
    heights = {name: max((each.score for each in some), default=0.0) for name, some in scored.items()}
    order = sorted(heights, key=lambda name: -heights[name])
    answerable = None
    several = wants_several(question)
    if reader is not None and hits:
        close = [name for name in order[:READ_FOR_ONE] if heights[name] > heights[order[0]] - CLOSE]
        names = order[:READ_FOR_SEVERAL] if several else close
        passages = [_passage(hit) for name in names for hit in hits if hit.abstract.id == name]
        readings = dict(zip(names, reader.read(question, passages), strict=True))
        answerable = max(reading.answerable for reading in readings.values())
        for name, reading in readings.items():
            height = heights[name] + ANSWERABLE * (reading.answerable - answerable)
            logits = reading.scores - reading.scores.max()
            scored[name] = [
                replace(each, score=height + LOGIT * float(logits[each.sentence.number])) for each in scored[name]
            ]
    everything = [each for some in scored.values() for each in some]
    # sentences of several abstracts differ by the likeness of their abstracts, with a reader or without
    margin = LIKENESS_MARGIN if several or reader is None else READING_MARGIN
    return Scored(tuple(sorted(everything, key=lambda each: -each.score)), answerable, margin)


def _by_likeness(question: str, hit: Hit, best: float) -> list[Evidence]:
    """The sentences of one hit with their likeness to the question; ``best`` is the best hit's fused score."""
    asked = set(stems(question))
    cue = CUES.get(kind(question))
    return [
        replace(
            each,
            score=each.similarity
            + OVERLAP * _overlap(asked, each.sentence.text)
            + CUE * _has(cue, each.sentence.text)
            + (hit.score - best),
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
