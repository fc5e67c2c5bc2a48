"""Tables in text: values parted by commas, tabs, semicolons or bars, under a first row that names the columns."""

import ast
import contextlib
import csv
import json
import re
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

from rag.corpus.clean import is_field_name
from rag.corpus.lines import Line
from rag.corpus.record import Record, digest
from rag.records import Rejection

_DELIMITERS = {",": "a comma", "\t": "a tab", ";": "a semicolon", "|": "a bar"}
_LONGEST_NAME = 60
_LONGEST_ROW = 1_000_000
"""Characters; a row that is longer has lost the end of a quote."""
_STRING = r"""\s*(?:'(?:[^'\\\n]|\\['"\\])*+'|"(?:[^"\\\n]|\\['"\\])*+")\s*"""
_LIST = re.compile(rf"\[{_STRING}(?:,{_STRING})*+\]")
_LONGEST_OBJECT = 20_000
_SAID = re.compile(r'"?sep=([,;|\t])"?\s*$', re.IGNORECASE)
"""Excel's delimiter, before the names."""
_LEADING = 10
"""Lines among which the names are looked for: a title, groups of columns or what was exported may stand before them."""


def is_table(suffix: str, head: str) -> bool:
    """Whether a text is a table: by its name, or by a first row that names the text's column and another."""
    if suffix in (".csv", ".tsv", ".tab", ".psv"):
        return True
    lines = head.lstrip(" \r\n").split("\n", _LEADING)[:_LEADING]
    return any(_names_columns(_split(line, _delimiter(line))) for line in lines)


def _names_columns(cells: list[str]) -> bool:
    return (
        len(cells) > 1
        and all(0 < len(cell) <= _LONGEST_NAME for cell in cells)
        and any(is_field_name(cell, "text") for cell in cells)
        and sum(map(is_field_name, cells)) > 1
    )


def _delimiter(first: str) -> str:
    """What parts the columns: it cuts the first row into the most names that are known, or else into the most."""
    return max(_DELIMITERS, key=lambda each: (sum(map(is_field_name, _split(first, each))), len(_split(first, each))))


def _split(row: str, delimiter: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([row.rstrip("\r")], delimiter=delimiter), [])]
    except csv.Error:
        return []


class _Feed:
    """The lines as the csv module wants them; remembers those of the row at hand."""

    def __init__(self, lines: Iterable[Line | Rejection]) -> None:
        self._lines = iter(lines)
        self._again: list[Line] = []
        self.failed: list[Rejection] = []
        self.row: list[Line] = []

    def __iter__(self) -> Iterator[str]:
        size = 0
        while line := self._next():
            size = size + len(line.text) if self.row else len(line.text)
            self.row.append(line)
            if size > _LONGEST_ROW:
                raise csv.Error(f"it is longer than {_LONGEST_ROW:,} characters")
            yield line.text.replace("\0", "") + "\n"

    def _next(self) -> Line | None:
        if self._again:
            return self._again.pop()
        for line in self._lines:
            if isinstance(line, Line):
                return line
            self.failed.append(line)
        return None

    @property
    def start(self) -> int:
        """The line on which the row begins."""
        return self.row[0].number if self.row else 0

    @property
    def text(self) -> str:
        """The row as it stands in the file."""
        return "\n".join(line.text for line in self.row)

    def ahead(self) -> list[str]:
        """The next lines, from the first with anything in it; they come again."""
        while (line := self._next()) and not line.text.strip():
            pass
        self._again = [each for each in [line, *(self._next() for _ in range(_LEADING - 1))] if each][::-1]
        return [each.text for each in reversed(self._again)]

    def skip(self, count: int) -> None:
        """Pass over lines that were looked at."""
        del self._again[len(self._again) - count :]

    def retry(self) -> None:
        """Go back to the second line of the row: its first one is no beginning of a row."""
        self._again += self.row[:0:-1]
        self.row = []


def read_table(path: str, lines: Iterable[Line | Rejection]) -> Iterator[Record | Rejection]:
    """A record of every row, numbered by its first line, with the first row's names; one column needs no names.

    Cells may be quoted and go on over lines. A row with more cells than there are names is rejected, since a part of
    its text would be lost; so is a line with a quote that nothing closes, and reading goes on behind it.
    """
    # The module's limit is one for the whole process and far below a full-text column; rows are limited by the feed.
    csv.field_size_limit(max(csv.field_size_limit(), 2 * _LONGEST_ROW))
    feed = _Feed(lines)
    ahead = feed.ahead()
    said = next(filter(None, map(_SAID.match, ahead[:1])), None)
    start = _start(ahead, 1 if said else 0)
    feed.skip(start)
    delimiter = said[1] if said else _delimiter("".join(ahead[start : start + 1]))
    names: list[str] = []
    ended = False
    while not ended:
        ended = True
        try:
            for row in csv.reader(feed, delimiter=delimiter, skipinitialspace=delimiter != "\t"):
                yield from _failed(feed)
                if len(feed.row) > 1 and feed.text.count('"') % 2:
                    raise csv.Error("a quote is never closed")  # noqa: TRY301 (as the module says it of other mistakes)
                cells = [cell.strip() for cell in row]
                if not names and any(cells):
                    names, is_header = _header(cells)
                    if not names:
                        yield _without_header(path, feed.start, delimiter, cells)
                        return
                    cells = [] if is_header else cells
                if any(cells):
                    yield _record(path, feed, names, cells, delimiter)
                feed.row = []
        except csv.Error as error:
            yield from _failed(feed)
            yield Rejection(path, feed.start, f"The row that begins here cannot be read ({error}); check its quotes.")
            feed.retry()
            ended = False
    yield from _failed(feed)


def _start(lines: list[str], otherwise: int) -> int:
    """Which line names the columns: the first with two names that are known, unless it begins inside of a quoted cell."""
    known = (number for number, line in enumerate(lines) if sum(map(is_field_name, _split(line, _delimiter(line)))) > 1)
    return next((number for number in known if "".join(lines[:number]).count('"') % 2 == 0), otherwise)


def _failed(feed: _Feed) -> Iterator[Rejection]:
    failed, feed.failed = feed.failed, []
    yield from failed


def _header(cells: list[str]) -> tuple[list[str], bool]:
    """The names of the columns, and whether the first row gave them; none where it does not and needs to."""
    known = any(is_field_name(cell) for cell in cells)
    filled = [cell for cell in cells if cell]
    short = all(len(cell) <= _LONGEST_NAME and re.search(r"[^\W\d_]", cell) for cell in filled)
    if known or (len(cells) > 1 and filled and short and len(set(filled)) == len(filled)):
        return [cell or f"column {number}" for number, cell in enumerate(cells, 1)], True
    return (["abstract"], False) if len(cells) == 1 else ([], False)


def _without_header(path: str, line: int, delimiter: str, cells: list[str]) -> Rejection:
    reason = (
        f"The first row does not name its {len(cells)} columns (parted by {_DELIMITERS[delimiter]}); put a row such as "
        f"title{delimiter if delimiter != chr(9) else ','}abstract before it."
    )
    return Rejection(path, line, reason)


def _listed(cell: str) -> str | list[Any] | dict[str, Any]:
    """A list of strings, objects, or an object, where a cell is one as Python or JSON writes it (pandas leaves them so)."""
    if cell.startswith(("[{", "{")) and len(cell) <= _LONGEST_OBJECT:
        return _object(cell)
    return list(ast.literal_eval(cell)) if cell.startswith("[") and _LIST.fullmatch(cell) else cell


def _object(cell: str) -> str | list[Any] | dict[str, Any]:
    for read in (json.loads, ast.literal_eval):
        # A set with a list in it is a TypeError; of odd escapes in what is no literal after all, Python would warn.
        with contextlib.suppress(ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            with warnings.catch_warnings(action="ignore"):
                found = read(cell)
            if isinstance(found, (list, dict)):
                return found
    return cell


def _record(path: str, feed: _Feed, names: list[str], cells: list[str], delimiter: str) -> Record | Rejection:
    if len(names) == 1 < len(cells) and '"' not in feed.text:
        cells = [feed.text]  # one column, whose commas nobody thought to quote
    if len(cells) > len(names) and any(cells[len(names) :]):
        reason = (
            f"The row has {len(cells)} cells, but there are {len(names)} columns; put quotes around cells that have "
            f"{_DELIMITERS[delimiter]} in them."
        )
        return Rejection(path, feed.start, reason)
    # Of two columns with one name, the first that is filled counts.
    fields: dict[str, Any] = {}
    for name, cell in zip(names, cells, strict=False):
        fields[name] = fields.get(name) or _listed(cell)
    return Record(path, feed.start, fields, digest(feed.text))
