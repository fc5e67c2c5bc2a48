"""The grammar of a draft: its sentences, and the evidence numbers that stand with them.

    marker = "[" list "]" | "【" list "】" | "(" list ")"
    list   = item { ( "," | ";" | "and" | "&" ) item }
    item   = [ "^" | "#" | a word such as "evidence" or "source" ] number [ "-" number ]

Numbers up to 99 in brackets are a marker; those that number no evidence are dropped. Brackets around anything else
("[2020]", "[0, 1]", "the range [1, 5]") are text. Round brackets count only at the end of a sentence, around existing
numbers, in a draft that uses no other kind. A marker belongs to the sentence that it stands in or follows; on a line
that begins with one and does not end with one, to the sentence that it precedes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rag.text import split_sentences

_DASH = "[-‐‑–—]"
_ITEM = (
    r"(?:\^|#|(?:evidence|sentences?|sources?|refs?\.?|references?|abstracts?|citations?)\s+#?)?"
    rf"\d{{1,4}}(?:\s*{_DASH}\s*\d{{1,4}})?"
)
_LIST = rf"\s*{_ITEM}(?:\s*(?:,\s*and\b|[,;&]|\band\b)\s*{_ITEM})*\s*"
_BRACKETS = re.compile(rf"\^?\[({_LIST})\]\^?(?:\([^()\s]*\))?|【({_LIST})(?:†[^】]*)?】", re.IGNORECASE)
_PARENTHESES = re.compile(rf"\(({_LIST})\)(?=\s*(?:[.!?;(]|$))", re.IGNORECASE)
_RANGE = re.compile(rf"(\d+)(?:\s*{_DASH}\s*(\d+))?")
_INTERVAL_BEFORE = re.compile(r"(?:\b(?:ranges?|intervals?|scales?)(?: of| from)?|∈)\s*$", re.IGNORECASE)
_HIGHEST = 99

_MARK = "\ue000"  # stands for a marker while a line is taken apart; private use, so no text needs it
_MARKS = rf"{_MARK}(?:\s*(?:(?:[,;&]|and\b)\s*)?{_MARK})*"
_LIST_SIGN = re.compile(r"^(?:[-*•>]\s+|#{1,6}\s+|\d{1,2}[.)]\s+|(?:final )?answer\s*:\s*)+", re.IGNORECASE)
# Words that only introduce a marker would be left hanging without it.
_AS_SAID = r"as (?:stated|shown|described|reported|noted|mentioned) (?:in|by)"
_KIND = r"(?:\s+(?:the )?(?:evidence|sentences?|sources?))?"
_IN_PARENTHESES = re.compile(rf"\(\s*(?:(?:see|cf\.?|from|in){_KIND}\s*)?({_MARKS})\s*\)", re.IGNORECASE)
_BEHIND = re.compile(rf",?\s*\b{_AS_SAID}{_KIND}\s*({_MARKS})", re.IGNORECASE)
_IN_FRONT = (
    re.compile(
        rf"(^|[.!?]\s+)(?:according to|based on|from|in|{_AS_SAID}){_KIND}\s*({_MARKS})\s*,\s*(\w+)", re.IGNORECASE
    ),
    re.compile(
        rf"(^|[.!?]\s+)(?:(?:the )?(?:evidence|sentences?|sources?)\s*)?({_MARKS})\s*"
        r"(?:shows?|states?|says?|reports?|indicates?|suggests?|mentions?|notes?) that (\w+)",
        re.IGNORECASE,
    ),
)


@dataclass(frozen=True, slots=True)
class CitedSentence:
    """A sentence of a draft, without markers, and the numbers it cites: 1-based, in order, each once."""

    text: str
    numbers: tuple[int, ...]


def parse_citations(draft: str, evidence: int) -> list[CitedSentence]:
    """The sentences of ``draft`` in order, with the numbers of those of the ``evidence`` sentences that they cite."""
    patterns = [_BRACKETS]
    if all(_numbers(found) is None for found in _BRACKETS.finditer(draft)):
        patterns.append(_PARENTHESES)
    cited: list[CitedSentence] = []
    for line in draft.replace(_MARK, "").replace("**", "").splitlines():
        for text, numbers in _parse_line(_LIST_SIGN.sub("", line.strip()), evidence, patterns):
            if any(character.isalnum() for character in text):
                cited.append(CitedSentence(text, _existing(numbers, evidence)))
            elif cited:  # markers on a line of their own
                cited[-1] = CitedSentence(cited[-1].text, _existing([*cited[-1].numbers, *numbers], evidence))
    return cited


def _existing(numbers: list[int], evidence: int) -> tuple[int, ...]:
    return tuple(dict.fromkeys(number for number in numbers if 1 <= number <= evidence))


def _numbers(found: re.Match[str]) -> list[int] | None:
    """The numbers of a match if it is a marker, None if it is text."""
    inside = next(group for group in found.groups() if group)
    ranges = [(int(first), int(last or first)) for first, last in _RANGE.findall(inside)]
    ends = [end for each in ranges for end in each]
    if max(ends) > _HIGHEST or (min(ends) == 0 and len(ends) > 2):
        return None
    if len(ranges) == 2 and _INTERVAL_BEFORE.search(found.string, 0, found.start()):
        return None
    return [number for first, last in ranges for number in range(min(first, last), max(first, last) + 1)]


def _parse_line(line: str, evidence: int, patterns: list[re.Pattern[str]]) -> Iterator[tuple[str, list[int]]]:
    """The sentences of a line with the numbers that belong to each; one empty text when there are only markers."""
    markers: list[list[int]] = []

    def mark(found: re.Match[str]) -> str:
        numbers = _numbers(found)
        if numbers is None or (found.re is _PARENTHESES and not set(numbers) <= set(range(1, evidence + 1))):
            return found[0]
        markers.append(numbers)
        return _MARK

    for pattern in patterns:
        line = pattern.sub(mark, line)
    line = _without_lead_ins(line)
    clean, places = _without_marks(line)
    sentences = split_sentences(clean)
    if not sentences:
        yield "", [number for numbers in markers for number in numbers]
        return
    precede = line.startswith(_MARK) and not line.endswith(_MARK)
    cited: list[list[int]] = [[] for _ in sentences]
    for place, numbers in zip(places, markers, strict=True):
        if precede:
            owner = next((n for n, sentence in enumerate(sentences) if sentence.end > place), len(sentences) - 1)
        else:
            owner = max((n for n, sentence in enumerate(sentences) if sentence.start < place), default=0)
        cited[owner] += numbers
    for sentence, numbers in zip(sentences, cited, strict=True):
        yield _stripped(sentence.text), numbers


def _without_lead_ins(line: str) -> str:
    line = _IN_PARENTHESES.sub(r"\1", line)
    # The marker goes behind the first word, where it cannot be taken for one of the sentence before.
    for pattern in _IN_FRONT:
        line = pattern.sub(lambda found: f"{found[1]}{found[3][0].upper()}{found[3][1:]}{found[2]}", line)
    line = _BEHIND.sub(r"\1", line)
    return re.sub(rf",\s*({_MARKS})\s*(?=[,.;])", r"\1", line)


def _without_marks(line: str) -> tuple[str, list[int]]:
    """The line without marks, and the offset in it at which each mark stood, behind the word before it."""
    clean, places = "", []
    for piece in re.split(rf"(\s*{_MARKS})", line):
        if _MARK in piece:
            places += [len(clean)] * piece.count(_MARK)
        elif clean and piece[:1].isalnum() and not clean[-1].isspace():
            clean += f" {piece}"
        else:
            clean += piece if clean else piece.lstrip()
    return clean, places


def _stripped(text: str) -> str:
    """``text`` without the markers that taking out others put together, as in "[[1]2]", with single spaces."""
    previous = None
    while text != previous:
        previous = text
        text = _BRACKETS.sub(lambda found: found[0] if _numbers(found) is None else "", text)
        text = " ".join(text.split())
    return text
