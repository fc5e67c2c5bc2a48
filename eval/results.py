"""What a run leaves behind: one Result a line in results.jsonl, everything the metrics and the report need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from eval import questions
from eval.questions import Question
from rag.errors import InputError
from rag.records import Abstract, Answer, as_json


@dataclass(frozen=True, slots=True)
class Span:
    """``text[start:end]`` of an abstract."""

    abstract_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class RankedSentence:
    """A sentence in the order of the search, with its score (comparable within one question)."""

    abstract_id: str
    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class RankedAbstract:
    """An abstract in the order of the search, with its fused score."""

    abstract_id: str
    score: float


@dataclass(frozen=True, slots=True)
class GoldAbstract:
    """An abstract that answers the question: its text, where each of its sentences stands, and which are gold."""

    abstract_id: str
    title: str
    text: str
    sentences: tuple[Span, ...]
    gold: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens a language model reports for one answer; ``calls`` counts its replies."""

    calls: int
    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class Result:
    """A question, the answer it got, what the search found, and the gold; ``milliseconds`` is wall-clock time.

    ``judged`` is what a language model made of it, where one was asked, 0..1 by metric; ``unreadable`` what it wrote
    where that was no grade.
    """

    question: Question
    answer: Answer
    abstracts: tuple[RankedAbstract, ...]
    sentences: tuple[RankedSentence, ...]
    gold: tuple[GoldAbstract, ...]
    milliseconds: float
    usage: Usage | None = None
    judged: Mapping[str, float] = field(default_factory=dict)
    unreadable: Mapping[str, str] = field(default_factory=dict)

    def to_line(self) -> bytes:
        """One line of results.jsonl, newline included."""
        return orjson.dumps(
            {
                "question": questions.to_json(self.question),
                "answer": self.answer.to_dict(),
                "abstracts": as_json(self.abstracts),
                "sentences": as_json(self.sentences),
                "gold": as_json(self.gold),
                "milliseconds": self.milliseconds,
                "usage": as_json(self.usage),
                "judged": as_json(self.judged),
                "unreadable": as_json(self.unreadable),
            },
            option=orjson.OPT_APPEND_NEWLINE,
        )


_RESULT: TypeAdapter[Result] = TypeAdapter(Result)


def overlapping(span: Span, sentences: Sequence[Span]) -> tuple[Span, ...]:
    """The sentences that ``span`` stands on: those it shares at least half of the shorter of the two with."""
    return tuple(
        each
        for each in sentences
        if each.abstract_id == span.abstract_id
        and 2 * (min(each.end, span.end) - max(each.start, span.start))
        >= max(1, min(each.end - each.start, span.end - span.start))
    )


def load(path: Path) -> list[Result]:
    """The results of a run, in its order; InputError with file and line when one cannot be read."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise InputError(f"There are no results at {path}; run `rag eval run --out {path.parent}` first.") from error
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            found.append(parse(orjson.loads(line)))
        except (orjson.JSONDecodeError, ValidationError) as error:
            raise InputError(f"{path}:{number}: not a result of `rag eval run`; delete the line and resume.") from error
    return found


def parse(record: Any) -> Result:
    """A Result from decoded JSON; pydantic's ValidationError when it is not one."""
    return _RESULT.validate_python(record)


def sources(answer: Answer) -> dict[str, Abstract]:
    """The abstracts an answer cites, by id."""
    return {abstract.id: abstract for abstract in answer.sources}
