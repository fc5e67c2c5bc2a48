"""JSON documents: a list of records, an object that holds one, or objects one after the other."""

from collections.abc import Iterable, Iterator
from typing import Any

from rag.corpus.clean import is_field_name
from rag.corpus.json_items import LISTS, Items, TooDeepError
from rag.corpus.json_lines import loads
from rag.corpus.lines import LONGEST_RECORD, Line
from rag.corpus.record import Record, digest
from rag.records import Rejection

_TEXT = ("abstract", "text", "summary")


def read_json_document(path: str, lines: Iterable[Line | Rejection]) -> Iterator[Record | Rejection]:
    """A record of every object, numbered by its place; what is broken is rejected, and the next one read.

    A list of strings is one of abstracts. An object of objects is read as records by their ids, or, when it has a
    column of abstracts, as pandas writes a table.
    """
    reading = _Reading(path)
    items = Items()
    last = 0
    try:
        for line in lines:
            if isinstance(line, Rejection):
                yield line
                continue
            if line.number != last and last:
                for item in items.feed("\n"):
                    yield from reading.records(item)
            last = line.number
            for item in items.feed(line.text):
                yield from reading.records(item)
    except TooDeepError as error:
        yield Rejection(path, reading.number + 1, f"The file is no usable JSON ({error}); export it again.")
        return
    left = items.rest()
    if items.complete and not left:
        return
    if items.at_item_end and left:
        yield from reading.records(left)
    yield Rejection(
        path, reading.number + 1, "The JSON ends in the middle, in or behind this record; download or export it again."
    )


def is_record(text: str) -> bool:
    """Whether ``text`` is one whole object that holds no list of records."""
    items = Items()
    try:
        found = [*items.feed(text)]
        if not items.complete or found != [text.strip()]:
            return False
        value = loads(text)
        return isinstance(value, dict) and _table(value)[:1] == [value] and not _is_empty_list(value)
    except ValueError:
        return False


class _Reading:
    """Makes records of the texts of items and counts them."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.number = 0

    def records(self, item: str | None) -> Iterator[Record | Rejection]:
        """The record in the text of an item (None: too long), or those of a whole document that is a table of them."""
        if item is None:
            self.number += 1
            reason = f"The record is longer than {LONGEST_RECORD:,} characters; give abstracts, not whole collections."
            yield Rejection(self.path, self.number, reason)
            return
        try:
            value = loads(item)
        except ValueError as error:
            self.number += 1
            yield Rejection(self.path, self.number, f"The record is not valid JSON ({error}); mend or remove it.")
            return
        if isinstance(value, dict) and _is_empty_list(value):
            return
        for each in _table(value) if isinstance(value, dict) else [value]:
            self.number += 1
            if isinstance(each, str):
                each = {"abstract": each}
            if isinstance(each, dict):
                raw = item if each is value or isinstance(value, str) else repr(each)
                yield Record(self.path, self.number, each, digest(raw))
            else:
                found = type(each).__name__
                yield Rejection(self.path, self.number, f"The item is a JSON {found}, not an object with an abstract.")


def _is_empty_list(value: dict[str, Any]) -> bool:
    """Whether an object only says that a search found nothing; one with a field of a paper has an empty list besides."""
    return any(value.get(name) == [] for name in LISTS) and not any(map(is_field_name, value))


def _has_text(value: dict[str, Any]) -> bool:
    return any(str(name).lower() in _TEXT for name in value)


def _table(value: dict[str, Any]) -> list[dict[str, Any]]:
    """The records of an object that is a table (ids to records, or columns to rows), else the object itself."""
    if not value or not all(isinstance(each, dict) for each in value.values()):
        return [value]
    if column := next((each for name, each in value.items() if str(name).lower() in _TEXT), None):
        return [{name: rows.get(row) for name, rows in value.items()} for row in column]
    if any(_has_text(each) for each in value.values()):
        return [{"id": name, **each} for name, each in value.items()]
    return [value]
