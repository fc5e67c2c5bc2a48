"""JSON Lines: one object a line."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from rag.corpus.lines import Line
from rag.corpus.record import Record, digest
from rag.records import Rejection


def read_json_lines(path: str, lines: Iterable[Line | Rejection]) -> Iterator[Record | Rejection]:
    """A record of every object; a line that holds none is rejected, and the next one read."""
    for line in lines:
        if isinstance(line, Rejection):
            yield line
            continue
        if not line.text.strip():
            continue
        try:
            value = loads(line.text.strip().removesuffix(","))
        except ValueError as error:
            yield Rejection(path, line.number, f"The line is not valid JSON ({error}); mend or remove it.")
            continue
        if isinstance(value, dict):
            yield Record(path, line.number, value, digest(line.text))
        else:
            found = type(value).__name__
            yield Rejection(path, line.number, f"The line holds a JSON {found}, not an object with an abstract.")


def loads(text: str) -> Any:
    """The value of a JSON text, mild mistakes allowed; raises ValueError, with a reason, for what is none."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass
    try:  # lone surrogates, control characters and NaN are common in exports, and refused by orjson
        return json.loads(text, strict=False)
    except json.JSONDecodeError as error:
        raise ValueError(f"{error.msg} at column {error.colno}") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None
