"""Which sentences of the hits answer: scored by the evidence reader where there is one, else by likeness and cues."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rag.answer.kind import CUES, kind
from rag.index.lexical import stems
from rag.records import Evidence, Hit

if TYPE_CHECKING:
    from rag.reader import Reader


@dataclass(frozen=True, slots=True)
class Weights:
    """What a sentence's score is made of; chosen on the development questions (ARCHITECTURE.md has the table).

    ``overlap`` is for the share of the question's stems that the sentence has, ``cue`` for having what the kind of
    question asks for, ``hit`` for how far its abstract's fused score lies behind the best one's, ``reader`` for the
    reader's logit.
    """

    similarity: float
    overlap: float
    cue: float
    hit: float
    reader: float = 0.0


WITHOUT_READER = Weights(similarity=1.0, overlap=0.35, cue=0.08, hit=1.0)
WITH_READER = Weights(similarity=0.5, overlap=0.35, cue=0.08, hit=2.0, reader=0.05)


@dataclass(frozen=True, slots=True)
class Scored:
    """All sentences of the hits, best first, and the reader's best logit that an abstract answers (None without it)."""

    ranked: tuple[Evidence, ...]
    answerable: float | None


def score_sentences(
    question: str, hits: Sequence[Hit], reader: "Reader | None" = None, weights: Weights | None = None
) -> Scored:
    """Every sentence of ``hits`` with the score that says how well it answers, best first."""
    weights = weights or (WITHOUT_READER if reader is None else WITH_READER)
    asked = set(stems(question))
    cue = CUES.get(kind(question))
    best = max((hit.score for hit in hits), default=0.0)
    logits, answerable = _read(reader, question, hits)
    scored = []
    for hit in hits:
        for each in hit.evidence:
            score = (
                weights.similarity * each.similarity
                + weights.overlap * _overlap(asked, each.sentence.text)
                + weights.cue * _has(cue, each.sentence.text)
                + weights.hit * (hit.score - best)
                + weights.reader * logits.get((each.abstract.id, each.sentence.number), 0.0)
            )
            scored.append(replace(each, score=score))
    return Scored(tuple(sorted(scored, key=lambda each: -each.score)), answerable)


def _read(
    reader: "Reader | None", question: str, hits: Sequence[Hit]
) -> tuple[dict[tuple[str, int], float], float | None]:
    """The reader's logit of every sentence, by abstract and number, and its best one for an abstract as a whole."""
    if reader is None or not hits:
        return {}, None
    from rag.reader import Passage

    ordered = [sorted((each.sentence for each in hit.evidence), key=lambda each: each.number) for hit in hits]
    titles = ["" if hit.abstract.title_derived else hit.abstract.title for hit in hits]
    passages = [
        Passage(title, tuple(each.text for each in sentences)) for title, sentences in zip(titles, ordered, strict=True)
    ]
    readings = reader.read(question, passages)
    logits = {
        (hit.abstract.id, sentence.number): float(score)
        for hit, sentences, reading in zip(hits, ordered, readings, strict=True)
        for sentence, score in zip(sentences, reading.scores, strict=True)
    }
    return logits, max(reading.answerable for reading in readings)


def _overlap(asked: set[str], text: str) -> float:
    return len(asked & set(stems(text))) / len(asked) if asked else 0.0


def _has(cue: re.Pattern[str] | None, text: str) -> bool:
    return cue is not None and cue.search(text) is not None
