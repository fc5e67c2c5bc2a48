"""Question sets: JSON Lines, one question with its gold answer a line; checked as a whole when loaded.

id                  unique within a set; also decides the split
question            as a person asks it
history             earlier turns, [[question, answer], ...]; empty but for follow-ups
type                one of ``QuestionType``
answerable          whether the abstracts answer it; if not, gold and key facts are empty
gold_abstract_ids   the abstracts that answer it
gold_evidence       [{"abstract_id", "sentences": [...]}]: each sentence its text, or [start, end] into the
                    abstract as shown (for abstracts that may not be published)
key_facts           [[alternative, ...], ...]: what a right answer has to say; a fact is there when any of its
                    alternatives is
reference_answer    a right answer in a person's words
near_abstract_ids   optional, for near misses: the abstracts the question is close to
"""

import codecs
import hashlib
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

import orjson
from pydantic import ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError, model_validator
from pydantic.dataclasses import dataclass

from rag.errors import InputError

QuestionType = Literal[
    "paraphrase",
    "descriptive",
    "factoid",
    "yesno",
    "which",
    "howmany",
    "multi",
    "followup",
    "sloppy",
    "nearmiss",
    "offtopic",
    "injection",
]
Split = Literal["dev", "test"]

Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Span = tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(gt=0)]]
_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=_STRICT)
class GoldEvidence:
    """The sentences of one abstract that answer a question, as text or as (start, end)."""

    abstract_id: Text
    sentences: Annotated[tuple[Text | Span, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _spans_run_forward(self) -> "GoldEvidence":
        for sentence in self.sentences:
            if not isinstance(sentence, str) and sentence[0] >= sentence[1]:
                raise ValueError(f"the span {list(sentence)} is empty; give [start, end] with start < end")
        return self


@dataclass(frozen=True, config=_STRICT)
class Question:
    """One question with everything that is known of its right answer; the module says what each field means."""

    id: Text
    question: Text
    type: QuestionType
    answerable: bool
    history: tuple[tuple[Text, str], ...] = ()
    gold_abstract_ids: tuple[Text, ...] = ()
    gold_evidence: tuple[GoldEvidence, ...] = ()
    key_facts: tuple[Annotated[tuple[Text, ...], Field(min_length=1)], ...] = ()
    reference_answer: str = ""
    near_abstract_ids: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _hangs_together(self) -> "Question":
        for wrong, complaint in (
            (self.answerable and not self.gold_abstract_ids, "an answerable question needs gold_abstract_ids"),
            (self.answerable and not self.gold_evidence, "an answerable question needs gold_evidence"),
            (self.answerable and not self.reference_answer.strip(), "an answerable question needs a reference_answer"),
            (
                not self.answerable and (self.gold_abstract_ids or self.gold_evidence or self.key_facts),
                "a question that is not answerable has no gold_abstract_ids, gold_evidence or key_facts",
            ),
            (self.answerable and self.type in ("nearmiss", "offtopic"), f"a {self.type} question is not answerable"),
            (self.type == "followup" and not self.history, "a followup question needs a history"),
            (
                self.type == "multi" and len(set(self.gold_abstract_ids)) < 2,
                "a multi question needs two gold abstracts",
            ),
        ):
            if wrong:
                raise ValueError(complaint)
        strangers = {each.abstract_id for each in self.gold_evidence} - set(self.gold_abstract_ids)
        if strangers:
            raise ValueError(f"gold_evidence names {sorted(strangers)[0]!r}, which is not in gold_abstract_ids")
        return self

    @property
    def split(self) -> Split:
        """Dev or test, by the hash of the id: stable however a set grows, and nobody's choice."""
        return "test" if int(hashlib.sha256(self.id.encode()).hexdigest(), 16) % 2 else "dev"

    @property
    def digest(self) -> str:
        """Tells it from any other question, also from itself with another text or other gold."""
        return hashlib.sha256(orjson.dumps(to_json(self))).hexdigest()[:12]


_QUESTION = TypeAdapter(Question)


def parse(record: object) -> Question:
    """A question from decoded JSON; pydantic's ValidationError when it does not hold together."""
    return _QUESTION.validate_python(record)


def to_json(question: Question) -> dict[str, object]:
    """The JSON object of a question, as ``parse`` takes it."""
    return dict(_QUESTION.dump_python(question, mode="json"))


def load(paths: Sequence[Path]) -> list[Question]:
    """All questions of the files, in order.

    InputError names the file and line of the first record that is not a question, and of an id that comes twice.
    """
    questions: list[Question] = []
    places: dict[str, str] = {}
    for path in paths:
        for number, line in _lines(path):
            place = f"{path}:{number}"
            question = _read(line, place)
            if question.id in places:
                raise InputError(f"{place}: the id {question.id!r} was used at {places[question.id]}; rename one.")
            places[question.id] = place
            questions.append(question)
    if not questions:
        raise InputError(
            f"There is no question in {', '.join(map(str, paths)) or 'the list of files'}; name a JSONL file."
        )
    return questions


def bundled(name: str) -> Path:
    """The path of a question set that comes with Footnote, by name; InputError with the names there are."""
    folder = Path(str(files("eval"))) / "questions"
    path = folder / f"{name}.jsonl"
    if not path.is_file():
        names = ", ".join(sorted(each.stem for each in folder.glob("*.jsonl")))
        raise InputError(f"There is no question set {name!r}; name a JSONL file, or one of: {names}.")
    return path


def select(questions: Iterable[Question], split: str) -> list[Question]:
    """The questions of a split; "all" keeps every one."""
    return [question for question in questions if split in ("all", question.split)]


def _lines(path: Path) -> list[tuple[int, bytes]]:
    try:
        raw = path.read_bytes().removeprefix(codecs.BOM_UTF8)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"The question set {path} cannot be read ({reason}); check the path.") from error
    return [(number, line) for number, line in enumerate(raw.splitlines(), start=1) if line.strip()]


def _read(line: bytes, place: str) -> Question:
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise InputError(f"{place}: not a JSON object ({error}); write one question a line.") from error
    if not isinstance(record, dict):
        raise InputError(f"{place}: not a JSON object; write one question a line.")
    try:
        return parse(record)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        complaint = first["msg"].removeprefix("Value error, ")
        raise InputError(f"{place}: {f'{where}: ' if where else ''}{complaint}; correct the record.") from error
