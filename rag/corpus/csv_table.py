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
_SAID = re.compile(r'^"?(?:sep=([,;|\t])"?\s*$|About the data: )', re.IGNORECASE)
"""What stands before the names: Excel's delimiter, or where Dimensions says what was exported."""


def is_table(suffix: str, head: str) -> bool:
    """Whether a text is a table: by its name, or by a first row that names the text's column and another."""
    first = head.lstrip("\ufeff \r\n").partition("\n")[0]
    if suffix in (".csv", ".tsv", ".tab", ".psv"):
        return True
    names = _split(first, _delimiter(first))
    return (
        len(names) > 1
        and all(0 < len(name) <= _LONGEST_NAME for name in names)
        and any(is_field_name(name, "text") for name in names)
        and sum(is_field_name(name) for name in names) > 1
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

    def first(self) -> str:
        """The first line with anything in it; it comes again."""
        for text in self:
            if text.strip():
                self._again = self.row[-1:]
                break
        self.row = []
        return self._again[0].text if self._again else ""

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
    delimiter = ""
    if said := _SAID.match(feed.first()):
        delimiter = said[1] or ""
        next(iter(feed), "")
    delimiter = delimiter or _delimiter(feed.first())
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
