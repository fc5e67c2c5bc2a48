"""Answers that users judged, as a question set that ``rag eval run`` takes."""

from collections.abc import Iterable
from typing import Any

import orjson

from rag.assistant import Feedback
from rag.text import derived_id


def to_question_set(feedback: Iterable[Feedback]) -> str:
    """JSON Lines, one question an answer that was found helpful; the last judgement of a question counts.

    What was cited becomes the gold evidence, an approved abstention a question that the abstracts do not answer. An
    answer found unhelpful says nothing of the right one, so it makes no question. A follow-up is written as it was
    understood, and needs no history.
    """
    judged = {f"feedback-{derived_id(each.answer['query'])}": each for each in feedback}
    lines = [orjson.dumps(_question(name, each.answer)).decode() for name, each in judged.items() if each.good]
    return "".join(f"{line}\n" for line in lines)


def _question(name: str, answer: dict[str, Any]) -> dict[str, Any]:
    quoted: dict[str, list[str]] = {}
    for sentence in answer["sentences"]:
        for citation in sentence["citations"]:
            quoted.setdefault(citation["abstract_id"], []).append(citation["quote"])
    return {
        "id": name,
        "question": answer["query"],
        "type": "offtopic" if answer["abstained"] else "multi" if len(quoted) > 1 else "descriptive",
        "answerable": not answer["abstained"],
        "gold_abstract_ids": list(quoted),
        "gold_evidence": [{"abstract_id": each, "sentences": quotes} for each, quotes in quoted.items()],
        "reference_answer": " ".join(sentence["text"] for sentence in answer["sentences"]),
    }
