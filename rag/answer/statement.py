"""A sentence taken apart for comparing: its words with stems, clauses, negation and direction, and its names."""

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from rag.index import lexical
from rag.text import STOP_WORDS, text_key, words

_CLAUSE = re.compile(r"[;:()\[\]]|,(?!\d)|\s[-–]\s|—|[.!?]\s")
_LIST_MARKER = re.compile(r"^\s*(?:\d{1,2}[.)]|[-*•])\s+")

_NON = re.compile(r"\bnon[-‐–](?=[a-z])", re.IGNORECASE)
_NEGATORS = frozenset(
    (
        "no", "not", "never", "none", "nor", "neither", "without", "cannot", "fail", "fails", "failed", "failing", "lack",
        "lacks", "lacked", "lacking", "unable", "hardly", "rarely", "barely", "seldom",
    )
)  # fmt: skip
_AIM = re.compile(
    r"^\W*(?:(?:objectives?|aims?|purpose|background|introduction|context)\b\W*)*"
    r"(?:to|(?:we|this (?:study|paper)) (?:aim\w*|sought) to) (?:determine|examine|investigate|evaluate|assess|explore|test)\b",
    re.IGNORECASE,
)
_DOUBTS = frozenset(
    ("whether", "if", "hypothesize", "hypothesise", "hypothesized", "hypothesised", "unclear", "unknown", "unless")
)
_HINTS = """absent absence missing unavailable limited limit limitation only little few instead rather despite inexact
    insufficient inadequate inability incapable impossible free suffer under sub suboptimal ignore neglect challenge
    difficult avoid prevent remain unless except"""
"""Words that may deny something without being negators: beside them a negation on the other side proves nothing."""
_DENYING_PREFIXES = ("un", "non")
_SCOPE = 4
"""Words after a negator that it reaches, within its clause."""

_SCALES = (
    (
        """increase rise grow gain enhance boost raise improve improvement strengthen accelerate amplify upregulate
        promote exceed outperform surpass superior higher highest larger largest greater greatest more most longer
        longest faster fastest better best stronger strongest upward expand benefit""",
        """decrease reduce reduction decline drop fall degrade worsen weaken slower slowest diminish downregulate suppress
        inhibit prevent avoid eliminate mitigate alleviate underperform inferior lower lowest smaller smallest less least
        fewer fewest shorter shortest worse worst weaker weakest downward shrink harm hurt hinder impair""",
    ),
    ("high large great many long fast strong", "low small few short slow weak"),
    ("positive", "negative"),
    ("support confirm", "contradict refute"),
    ("simple easy", "complex difficult hard"),
    ("cheap inexpensive", "expensive costly"),
    ("early earlier", "late later"),
    ("same similar", "different dissimilar"),
    ("presence present", "absence absent"),
    ("include", "exclude"),
    ("all", "none"),
    ("majority", "minority"),
    ("maximum maximize maximise", "minimum minimize minimise"),
    ("succeed success successful", "failure unsuccessful"),
    ("activate", "deactivate inactivate"),
    ("sparse", "dense"),
    ("static", "dynamic"),
    ("online", "offline"),
    ("discrete", "continuous"),
    ("homogeneous", "heterogeneous"),
    ("internal", "external"),
    ("before", "after"),
    ("dependent", "independent"),
    ("sufficient", "insufficient"),
    ("efficient", "inefficient"),
    ("effective", "ineffective"),
    ("accurate", "inaccurate"),
    ("possible", "impossible"),
    ("consistent", "inconsistent"),
    ("complete", "incomplete"),
    ("correct", "incorrect"),
    ("significant", "insignificant"),
    ("advantage", "disadvantage"),
    ("agree", "disagree"),
    ("appear", "disappear"),
    ("always", "never"),
)
"""Words that point up, or one way, and those that point the other."""

_FRAME = """paper study work article author authors propose present introduce show demonstrate find report describe
    according evidence abstract researcher discuss investigate explore examine study"""
"""Words of reporting: a claim may say them where the evidence does not, and the other way round."""


@cache
def _poles() -> dict[str, tuple[int, int]]:
    """Stem of a direction word to (scale, +1 or -1)."""
    return {
        stem(word): (scale, sign)
        for scale, sides in enumerate(_SCALES)
        for sign, side in zip((1, -1), sides, strict=True)
        for word in side.split()
    }


@cache
def _hints() -> frozenset[str]:
    return frozenset(map(stem, _HINTS.split()))


@cache
def frame_stems() -> frozenset[str]:
    """Stems of the words of reporting (paper, authors, propose, show, ...), which carry little of a claim."""
    return frozenset(map(stem, _FRAME.split()))


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """The stem of one word as the text index has it; the word itself where the index would leave it out."""
    found = lexical.stems(word)
    return found[0] if len(found) == 1 else word


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a statement. ``content`` is False for function words; ``clause`` numbers the clauses from 0.

    ``negated``: a negator reaches it. ``pole``: (scale, sign) of a direction word, the sign turned when negated.
    ``denies``: it negates what follows; ``blocks``: it does, or leaves it open (whether). ``hints``: it may deny something
    near it in its own way.
    """

    word: str
    stem: str
    clause: int
    content: bool
    negated: bool
    pole: tuple[int, int] | None
    denies: bool
    blocks: bool
    hints: bool


@lru_cache(maxsize=4096)
def parse(text: str) -> tuple[Token, ...]:
    """The words of ``text``; a leading list marker ("2.") is not part of it."""
    tokens: list[Token] = []
    plain = _NON.sub("non", _LIST_MARKER.sub("", text))  # non-linear is nonlinear
    for clause, part in enumerate(_CLAUSE.split(plain)):
        tokens += _parse_clause(words(part), clause)
    return tuple(tokens)


def asks(text: str) -> bool:
    """Whether a sentence poses a question ("To determine whether ...") rather than saying what is so."""
    return bool(_AIM.search(text)) or "whether" in text.lower().split()


def _parse_clause(found: list[str], clause: int) -> list[Token]:
    stems = [stem(word) for word in found]
    poles = [_poles().get(each) for each in stems]
    denials = [_denies(found, place) for place in range(len(found))]
    negated: set[int] = set()
    for place, denies in enumerate(denials):
        if denies:
            reach = range(place + 1, min(place + 1 + _SCOPE, len(found)))
            # "Not higher" turns the direction; what lies beyond it ("higher accuracy") is not itself denied.
            direction = next((each for each in reach if poles[each]), None)
            negated.update(reach if direction is None else [direction])
    return [
        Token(
            word=word,
            stem=stems[place],
            clause=clause,
            content=word not in STOP_WORDS and not denials[place],
            negated=place in negated,
            pole=_turned(poles[place], place in negated),
            denies=denials[place],
            blocks=denials[place] or word in _DOUBTS,
            hints=denials[place] or stems[place] in _hints() or word.startswith(_DENYING_PREFIXES),
        )
        for place, word in enumerate(found)
    ]


def _denies(found: list[str], place: int) -> bool:
    """Whether a word denies what follows; "not only" does not."""
    word = found[place]
    return (word in _NEGATORS or word.endswith(("n't", "n’t"))) and found[place + 1 : place + 2] != ["only"]


def _turned(pole: tuple[int, int] | None, negated: bool) -> tuple[int, int] | None:
    return (pole[0], -pole[1]) if pole and negated else pole


_NAME = re.compile(r"[^\W_](?:[^\s,;:()\[\]{}\"“”/!?=<>|]*[^\W_])?(?:\+\+|#)?")
_SENTENCE_START = re.compile(r"(?:^|[.!?:]\s+|[\"“(]\s*)$")
_COUNT = re.compile(r"[\d.,]+(?:[kKMBT]|×|[a-zµ]{1,3}|-?fold|(?:-[a-z]+)+)?")


@dataclass(frozen=True, slots=True)
class Name:
    """A name as written and as compared. ``certain``: its letters show it (ACTS, ImageNet, GPT-4), not just a capital."""

    written: str
    key: str
    certain: bool


@lru_cache(maxsize=4096)
def names(text: str) -> tuple[Name, ...]:
    """Acronyms, mixed-case words, words with digits, and words with a capital that no sentence start explains."""
    text = _LIST_MARKER.sub("", text)
    found: dict[str, Name] = {}
    for match in _NAME.finditer(text):
        whole = re.sub(r"['’]s?$", "", match[0])
        if _COUNT.fullmatch(whole):
            continue
        parts = [whole] if any(part.isdigit() for part in whole.split("-")) else re.split(r"[-–.]", whole)
        for number, part in enumerate(parts):
            certain = _certain(part)
            initial = number == 0 and _SENTENCE_START.search(text, 0, match.start())
            key = text_key(part)
            if certain or (part[:1].isupper() and len(part) > 2 and not initial and part.lower() not in STOP_WORDS):
                found.setdefault(key, Name(part, key, certain))
    return tuple(found.values())


def _certain(word: str) -> bool:
    capitals = sum(letter.isupper() for letter in word)
    letters = sum(letter.isalpha() for letter in word)
    if letters and any(letter.isdigit() for letter in word):
        return True
    return capitals > 1 or (capitals == 1 and letters > 1 and not word[0].isupper())


def known_keys(tokens: tuple[Token, ...]) -> set[str]:
    """Every spelling under which a name may stand in a text: its words, and runs of two or three written together."""
    plain = [text_key(token.word) for token in tokens]
    runs = {"".join(plain[start : start + length]) for length in (1, 2, 3) for start in range(len(plain))}
    return runs | {run.removesuffix("s") for run in runs}


def is_known(name: Name, keys: set[str], stems: set[str]) -> bool:
    """Whether a name, in the singular or plural, is among the ``known_keys`` of a text; a mere capital goes by stem."""
    return name.key in keys or name.key.removesuffix("s") in keys or (not name.certain and stem(name.key) in stems)


def spelled_out(acronym: str, tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """The run of words whose initials make up ``acronym`` ("Adversarial Converging Time Score" for ACTS); () if none."""
    letters = acronym.removesuffix("s").lower()
    if len(letters) < 2 or not letters.isalpha():
        return ()
    for run in ([token for token in tokens if token.content], list(tokens)):
        place = "".join(token.word[0] for token in run).find(letters)
        if place >= 0:
            return tuple(run[place : place + len(letters)])
    return ()
