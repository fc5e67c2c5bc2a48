"""The records of a JSON document as pieces of its text, found without holding the document.

A parser that streams (ijson) stops at the first mistake and holds one string or one nested list however long it is.
Here brackets and strings are counted only: each record is parsed by itself afterwards, so that a broken one costs only
itself, and one that is too long is passed over.
"""

import re
from collections.abc import Iterator

from rag.corpus.lines import LONGEST_RECORD

LISTS = frozenset(
    """
    data results result items papers articles records works documents docs entries entry publications abstracts hits
    notes collection
    """.split()
)
"""Names under which an object holds a list of records, at most ``_DEEPEST`` objects deep."""
_DEEPEST = 3
_MOST_NESTING = 1000
_LONGEST_KEY = 100
_OWN = frozenset(["abstract", "abstract_inverted_index", "text"])
"""A document that has these itself is a record, whatever lists it has."""
_OUTSIDE = re.compile(r'["{}\[\],:]')
_INSIDE = re.compile(r'["{}\[\]]')
_BETWEEN = ",\ufeff \t\r\n"
"""What may stand between two objects at the top."""
_STRING = re.compile(r'(?:[^"\\]++|\\.)*+', re.DOTALL)
_PLAIN = rf'[^"{{}}\[\]]++|"{_STRING.pattern}"'
_SMALL = re.compile(rf"(?:{_PLAIN}|\{{(?:{_PLAIN})*+\}}|\[(?:{_PLAIN})*+\])*+", re.DOTALL)
"""What can be passed over inside a record: strings, numbers, and brackets with none inside them."""


class TooDeepError(ValueError):
    """Brackets opened that nobody closes."""


class Items:
    """Cuts a JSON document, fed piece by piece, into its records' texts.

    Records are the items of a top-level list, those of the lists that a top-level object has under one of ``LISTS``,
    and top-level objects without one. A record over the limit comes as None.
    """

    def __init__(self) -> None:
        self._depth = 0
        self._list: int | None = None  # the depth inside the list of records
        self._kinds: list[str] = []  # the brackets open around it
        self._opening = False  # a list under a name of LISTS, of which the first item is not seen yet
        self._envelope = False  # a list of records was found in the top-level object
        self._is_record = False  # the top-level object is one itself
        self._key = ""
        self._in_string = self._escaped = False
        self._parts: list[str] = []
        self._size = 0

    @property
    def complete(self) -> bool:
        """Whether everything that was opened is closed."""
        return self._depth == 0 and not self._in_string

    @property
    def at_item_end(self) -> bool:
        """Whether what is left over may be a whole record, of a list that breaks off behind it."""
        return self._list is not None and self._depth == self._list and not self._in_string

    def rest(self) -> str | None:
        """What is left over at the end of the document."""
        text = self._take()
        return text if text is None or self._depth else text.lstrip(_BETWEEN)

    def feed(self, text: str) -> Iterator[str | None]:
        """The texts of the records that end in ``text``."""
        position = kept = 0
        if self._escaped:
            position, self._escaped = 1, False
        while position < len(text):
            if self._in_string:
                end = _STRING.match(text, position).end()  # type: ignore[union-attr] # it matches nothing, too
                if self._list is None:
                    self._key = (self._key + text[position:end])[:_LONGEST_KEY]
                self._escaped = end == len(text) - 1 and text[end] == "\\"
                if end == len(text) or self._escaped:
                    break
                self._in_string = False
                position = end + 1
                continue
            between = self._depth == self._list or (self._list is None and self._depth <= _DEEPEST)
            if between:
                found = _OUTSIDE.search(text, position)
            else:
                small = _SMALL.match(text, position)
                found = _INSIDE.search(text, small.end() if small else position)
            if found is None:
                break
            position = found.end()
            match found[0]:
                case '"':
                    self._in_string, self._opening, self._key = True, False, ""
                case ":" if self._depth == 1 and self._key in _OWN:
                    self._is_record = True
                case "," if self._depth == self._list:
                    self._keep(text[kept : found.start()])
                    kept = position
                    yield from self._item()
                case "{" | "[" as bracket:
                    if self._open(bracket):
                        kept = found.start() if bracket == "{" else position
                        self._parts, self._size = [], 0
                case "}" | "]" as bracket:
                    self._opening = False
                    if self._depth == self._list and bracket == "]":
                        self._keep(text[kept : found.start()])
                        kept = position
                        yield from self._item()
                        self._list = None
                    self._close()
                    if self._depth == 0:
                        self._keep(text[kept:position])
                        kept = position
                        yield from self._whole()
                case _:
                    pass
        self._keep(text[kept:])

    def _open(self, bracket: str) -> bool:
        """Go one deeper; True when the list of records begins with it: at its bracket, or at its first object."""
        begins = False
        if self._list is None:
            if bracket == "[" and self._depth == 0:
                self._list, begins = 1, True
            elif bracket == "{" and self._opening:
                self._list, self._envelope, begins = self._depth, True, True
            self._opening = (
                bracket == "["
                and not self._is_record
                and 0 < self._depth <= _DEEPEST
                and set(self._kinds) == {"{"}
                and self._key in LISTS
            )
            if self._depth <= _DEEPEST:
                self._kinds.append(bracket)
        self._depth += 1
        if self._depth > _MOST_NESTING:
            raise TooDeepError(f"brackets are nested over {_MOST_NESTING:,} deep")
        return begins

    def _close(self) -> None:
        self._depth = max(0, self._depth - 1)
        del self._kinds[self._depth :]

    def _keep(self, text: str) -> None:
        self._size += len(text)
        if self._size <= LONGEST_RECORD:
            self._parts.append(text)
        else:
            self._parts = []

    def _take(self) -> str | None:
        text = "".join(self._parts).strip() if self._size <= LONGEST_RECORD else None
        self._parts, self._size = [], 0
        return text

    def _item(self) -> Iterator[str | None]:
        text = self._take()
        if text != "":
            yield text

    def _whole(self) -> Iterator[str | None]:
        """What ended at the top level: a record, unless its records were given already."""
        text = self._take()
        if not self._envelope and text is None:
            yield None
        elif not self._envelope and text and (text := text.lstrip(_BETWEEN)) not in ("", "]"):
            yield text
        self._envelope = self._is_record = False
