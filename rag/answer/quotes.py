"""Answers without a language model: the one to three sentences that answer, verbatim."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.answer.kind import Kind, kind, wants_several
from rag.index.lexical import stems
from rag.records import Evidence, Hit

CUES = {
    Kind.NUMBER: re.compile(r"\d|\b(one|two|three|four|five|six|seven|eight|nine|ten|dozens?|hundreds?|half|twice)\b", re.IGNORECASE),
    Kind.REASON: re.compile(r"\b(because|due to|since|as a result|therefore|however|problem|lack|suffer|limit\w*|challeng\w*|fail\w*|difficult\w*)\b", re.IGNORECASE),
    Kind.PURPOSE: re.compile(r"\b(aims?|in order to|to (measure|quantify|learn|improve|address)|measures?|quantif\w+|goal)\b", re.IGNORECASE),
    Kind.METHOD: re.compile(r"\b(by|using|uses?|based on|via|through|consists?|we (propose|introduce|present|design|employ|use))\b", re.IGNORECASE),
    Kind.NAME: re.compile(r"\b[A-Z][A-Za-z]*[A-Z0-9][\w-]*\b"),
    Kind.RESULT: re.compile(r"\b(outperform\w*|improv\w*|achiev\w*|show\w*|demonstrat\w*|results?|reveal\w*|better|superior|state-of-the-art|\d+(\.\d+)?%)", re.IGNORECASE),
}  # fmt: skip
"""What a sentence has that gives the kind of answer asked for."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each feature counts for a sentence; chosen on the development questions, see ARCHITECTURE.md."""

    similarity: float = 1.0
    overlap: float = 0.35
    cue: float = 0.08
    hit: float = 0.5
    margin: float = 0.25
    """How far behind the best sentence another may lie and still be quoted."""


def score_sentences(question: str, hits: Sequence[Hit], weights: Weights = Weights()) -> list[Evidence]:
    """Every sentence of the hits with the score that says how well it answers, best first."""
    asked = set(stems(question))
    cue = CUES.get(kind(question))
    best = max((hit.score for hit in hits), default=0.0)
    scored = []
    for hit in hits:
        for each in hit.evidence:
            held = asked & set(stems(each.sentence.text))
            overlap = len(held) / len(asked) if asked else 0.0
            score = (
                weights.similarity * each.similarity
                + weights.overlap * overlap
                + weights.cue * bool(cue is not None and cue.search(each.sentence.text))
                + weights.hit * (hit.score - best)
            )
            scored.append(replace(each, score=score))
    return sorted(scored, key=lambda each: -each.score)


def choose(question: str, ranked: Sequence[Evidence], limit: int, weights: Weights = Weights()) -> list[Evidence]:
    """The sentences to quote out of ``ranked``, best first: at most ``limit``, none that repeats another.

    A question that compares or lists gets the best sentence of each of several abstracts; any other is answered from
    the abstract of the best sentence.
    """
    several = wants_several(question)
    chosen: list[Evidence] = []
    for each in ranked:
        if len(chosen) == limit:
            break
        if chosen:
            if each.score < chosen[0].score - weights.margin:
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
