"""The numbers of a text by their value: 5 = five, 1,000 = 1000 = 1k, 6.6% = 6.6 percent, 3rd = third, twice = 2."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag.text import STOP_WORDS, words

_UNITS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINALS = (
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
)  # "first" and "second" are seldom counts
_SMALL = {word: value for value, word in enumerate(_UNITS)}
_SMALL |= {word: 10 * value for value, word in enumerate(_TENS, start=2)}
_SMALL |= {word: value for value, word in enumerate(_ORDINALS, start=3)}
_SMALL |= dict.fromkeys(("twice", "double", "doubles", "doubled", "doubling"), 2)
_SMALL |= dict.fromkeys(("thrice", "triple", "triples", "tripled", "tripling"), 3)
_SCALES = {"dozen": 12, "hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_SUFFIXES = {"k": 10**3, "m": 10**6, "b": 10**9, "bn": 10**9, "t": 10**12}

_NAME = "|".join(sorted((*_SMALL, *_SCALES), key=len, reverse=True))
_SCALE = "|".join(_SCALES)
_JOINED = (  # twenty-one, five hundred, a hundred and two; but "two and four", "two three-layer networks" are two numbers
    rf"(?<=ty)[\s-]+(?:{_NAME})|[\s-]+(?:{_SCALE})"
    rf"|(?:{'|'.join(f'(?<={scale})' for scale in _SCALES)})(?:\s+and)?[\s-]+(?:{_NAME})"
)
_NUMBER = re.compile(
    # A digit after a letter, or after a letter and a hyphen, belongs to a name: ResNet50, GPT-4.
    r"(?<![\w.])(?<![^\W\d_]-)"
    r"(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)(?P<suffix>(?-i:[kKMBT]|bn))?(?:st|nd|rd|th|x|×|-?fold|(?-i:[a-zµ]{1,3})\b)?"
    r"(?:[\s-]?(?P<scale>hundred|thousand|million|billion|trillion)s?\b)?(?P<percent>\s?%|[\s-]per\s?cent\b)?"
    r"(?![^\W_])"
    rf"|\b(?P<named>(?:{_NAME})(?:{_JOINED})*)(?:-?fold)?\b(?P<named_percent>[\s-]per\s?cent\b)?",
    re.IGNORECASE,
)
_CLAUSE_END = re.compile(r"[,;:()\[\].!?](?:\s|$)|$")
_HEDGE = re.compile(r"(?:\b(?:about|around|nearly|almost|roughly|approximately|over|than|some|circa)|[~≈])\s*$", re.I)
_BOUND = re.compile(r"([<>≤≥])\s*$")
_BOUNDS = {"<": "<", "≤": "<", ">": ">", "≥": ">"}
_THE = re.compile(r"\bthe\s+$", re.IGNORECASE)
_NOT_ONE = re.compile(r"\b(?:the|this|that|which|each|every|any|no|another|such)\s+$", re.IGNORECASE)
_VAGUE = re.compile(r"\b(?:several|few|many|an?|one|two)\s+$", re.IGNORECASE)
_PRONOUN_BEFORE = re.compile(
    r"\s+(?:of|another|can|may|could|must|should|needs?|that|which|to|is|has)\b", re.IGNORECASE
)
_HEDGED_TOLERANCE = 0.1
_UNIT_WORDS = 3


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number as it was written, its value, and the words that follow it, which say what is counted.

    ``bound``: "<" or ">" where it is said to be one ("p < 0.05"), else empty. ``hedged``: it is said to be rounded
    ("nearly 7%"). ``loose``: it need not be counted in the evidence to be true of it ("one model", "zero labels", "the
    two tasks"), so only another count of the same thing speaks against it.
    """

    written: str
    value: float
    percent: bool
    bound: str
    hedged: bool
    loose: bool
    units: frozenset[str]

    def equals(self, other: "Quantity") -> bool:
        """Whether ``other`` says the same: 5 = five, 91% = 0.91; a hedged number ("nearly 7%" for 6.6%) may be rounded."""
        if self.bound and other.bound and self.bound != other.bound:
            return False
        mine, theirs = self.value, other.value
        if self.percent != other.percent and max(mine, theirs) > 1 >= min(mine, theirs):
            mine, theirs = (mine / 100, theirs) if self.percent else (mine, theirs / 100)
        rounded = self.hedged and _significant_digits(mine) < _significant_digits(theirs)
        return math.isclose(mine, theirs, rel_tol=_HEDGED_TOLERANCE if rounded else 1e-9)


@lru_cache(maxsize=4096)
def quantities(text: str) -> tuple[Quantity, ...]:
    """The numbers of ``text`` in order; digits inside names (GPT-4, F1) and the pronoun "one" are left out."""
    found = []
    for match in _NUMBER.finditer(text):
        named = (match["named"] or "").lower()
        if _is_no_number(named, text, match):
            continue
        end = _CLAUSE_END.search(text, match.end())
        found.append(
            Quantity(
                written=match[0].strip(),
                value=_spelled(named) if named else _digits(match),
                percent=bool(match["percent"] or match["named_percent"]),
                bound=_BOUNDS[bound[1]] if (bound := _BOUND.search(text, 0, match.start())) else "",
                hedged=bool(_HEDGE.search(text, 0, match.start())),
                loose=named in ("one", "zero") or (named == "two" and bool(_THE.search(text, 0, match.start()))),
                units=_counted(text[match.end() : end.start() if end else len(text)]),
            )
        )
    return tuple(found)


def _is_no_number(named: str, text: str, match: re.Match[str]) -> bool:
    """Whether a spelled number is a pronoun ("the one", "of the two."), vague ("several hundred") or a fraction."""
    if named in _UNITS and _THE.search(text, 0, match.start()) and _CLAUSE_END.match(text, match.end()):
        return True
    if named == "one":
        return bool(_NOT_ONE.search(text, 0, match.start()) or _PRONOUN_BEFORE.match(text, match.end()))
    return (named in _SCALES or named in _ORDINALS) and bool(_VAGUE.search(text, 0, match.start()))


def wrong_numbers(claim: Sequence[Quantity], evidence: Sequence[Quantity]) -> list[Quantity]:
    """The numbers of a claim that the evidence does not give, or gives only for something else while it counts otherwise.

    "12 benchmarks" is wrong beside "five benchmarks on 12 devices", though a 12 is there.
    """
    wrong = []
    for number in claim:
        same_thing = [other for other in evidence if number.units & other.units]
        if any(number.equals(other) for other in same_thing):
            continue
        elsewhere = number.loose or any(number.equals(other) for other in evidence)
        if same_thing or not elsewhere:
            wrong.append(number)
    return wrong


def _significant_digits(value: float) -> int:
    return len(f"{value:.12g}".replace(".", "").strip("0"))


def _digits(match: re.Match[str]) -> float:
    value = float(match["digits"].replace(",", ""))
    return value * _SUFFIXES.get((match["suffix"] or "").lower(), 1) * _SCALES.get((match["scale"] or "").lower(), 1)


def _spelled(text: str) -> float:
    total = current = 0
    for word in re.split(r"[\s-]+", text):
        if word in _SMALL:
            current += _SMALL[word]
        elif word in ("hundred", "dozen"):
            current = max(current, 1) * _SCALES[word]
        elif word in _SCALES:
            total, current = total + max(current, 1) * _SCALES[word], 0
    return total + current


def _counted(rest: str) -> frozenset[str]:
    """The words right after a number, up to a function word or another number; a plural loses its s."""
    counted: list[str] = []
    for word in words(rest)[:_UNIT_WORDS]:
        if word in STOP_WORDS or word[0].isdigit() or word in _SMALL:
            break
        counted.append(word.removesuffix("s"))
    return frozenset(counted)
