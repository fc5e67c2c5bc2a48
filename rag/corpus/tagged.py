"""Formats of tagged lines (RIS, MEDLINE, Web of Science, EndNote): lines to records of tags and values."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from rag.corpus.lines import LONGEST_RECORD, Line
from rag.corpus.record import Record, digest
from rag.records import Rejection


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a format writes its tags: ``line`` has the groups ``tag`` and ``value``, any other line goes on with the last.

    A record begins at a tag of ``first``, or at any tag after one of ``last``; the tags ``around`` belong to the file.
    """

    line: re.Pattern[str]
    first: frozenset[str]
    last: frozenset[str] = frozenset()
    around: frozenset[str] = frozenset()


@dataclass(slots=True)
class Tagged:
    """The tags and values of a record in their order; a value keeps its lines, without the blanks around them."""

    number: int
    values: list[tuple[str, str]] = field(default_factory=list)

    def all(self, *tags: str) -> list[str]:
        """The values under any of ``tags``, in the order of the file."""
        return [value for tag, value in self.values if tag in tags and value]

    def first(self, *tags: str) -> str:
        """The first value under the first of ``tags`` that has one, on one line."""
        found = (value for tag in tags for value in self.all(tag))
        return " ".join(next(found, "").split("\n"))

    def prose(self, *tags: str) -> str:
        """All values under the first of ``tags`` that has any, each once: some write every section under a tag of its own."""
        return " ".join(dict.fromkeys(next(filter(None, map(self.all, tags)), []))).replace("\n", " ")

    def listed(self, *tags: str) -> list[str]:
        """The values under any of ``tags`` where each line is a value of its own."""
        return [line for value in self.all(*tags) for line in value.split("\n") if line]


def read_tagged(
    path: str, lines: Iterable[Line | Rejection], dialect: Dialect, meaning: Callable[[Tagged], dict[str, Any]]
) -> Iterator[Record | Rejection]:
    """A record of every run of tags; what stands outside of records is left out.

    ``meaning`` gives its values under the names of ``Abstract``'s fields.
    """
    for found in _records(lines, dialect):
        if isinstance(found, Rejection):
            yield found
            continue
        if not found.values:
            reason = f"The record is longer than {LONGEST_RECORD:,} characters; check where it should end."
            yield Rejection(path, found.number, reason)
            continue
        yield tagged_record(path, found, meaning)


def tagged_record(path: str, found: Tagged, meaning: Callable[[Tagged], dict[str, Any]]) -> Record:
    """The record that a run of tags is."""
    raw = "\n".join(f"{tag} {value}" for tag, value in found.values)
    fields: dict[str, list[str]] = {}
    for tag, value in found.values:
        fields.setdefault(tag, []).append(value)
    return Record(path, found.number, fields, digest(raw), meaning(found))


def _records(lines: Iterable[Line | Rejection], dialect: Dialect) -> Iterator[Tagged | Rejection]:
    """The records in ``lines``; one that is too long comes without values."""
    record: Tagged | None = None
    value: list[str] = []  # the lines of the last value, joined when it is complete: it may have very many
    size = 0

    def complete() -> None:
        if record is not None and record.values:
            tag, _ = record.values[-1]
            record.values[-1] = (tag, "\n".join(value).strip())

    for line in lines:
        if isinstance(line, Rejection):
            yield line
            continue
        tagged = dialect.line.match(line.text)
        if tagged is None:
            text = line.text.strip()
            size += len(text) + 1
            if record is not None and text and size <= LONGEST_RECORD:
                value.append(text)
            continue
        tag, text = tagged["tag"], (tagged["value"] or "").strip()
        complete()
        if record is not None and tag in dialect.first | dialect.last:
            yield record if size <= LONGEST_RECORD else Tagged(record.number)
            record = None
        if tag in dialect.last | dialect.around:
            value = []
            continue
        if record is None:
            record, size = Tagged(line.number), 0
        size += len(text) + 1
        if size <= LONGEST_RECORD:
            record.values.append((tag, text))
            value = [text]
    complete()
    if record is not None:
        yield record if size <= LONGEST_RECORD else Tagged(record.number)
