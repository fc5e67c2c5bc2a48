"""A claim held against evidence sentences word by word: copies, recall, numbers, names, polarity. No model here."""

import difflib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from rag.answer.numbers import Quantity, quantities, wrong_numbers
from rag.answer.statement import Name, Token, frame_stems, is_known, known_keys, names, parse, spelled_out, stem
from rag.text import text_key, words

_FRAME_WEIGHT = 0.3
_NEAR_STEM = 0.5
"""Credit for a word whose stem only begins like one of the evidence (evaluate, evaluable)."""
_MIN_RUN = 3
_MINUS = re.compile(r"(?<![\w)\]%])[-−](?=\.?\d)")
_NEIGHBOURS = 3
_PREFIXES = ("un", "non")
_NEAR_COPY = 0.75
_SMALL_EDIT = 3
"""Words; a longer difference between near copies is a clause left out, not a word changed."""


@dataclass(frozen=True, slots=True)
class Words:
    """A text ready for comparing: its tokens, the stems of its content words, and the spellings of its names."""

    text: str
    tokens: tuple[Token, ...]
    stems: frozenset[str]

    @classmethod
    def of(cls, text: str) -> "Words":
        """The words of ``text``."""
        tokens = parse(text)
        return cls(text, tokens, frozenset(token.stem for token in tokens if token.content))


def weights(claim: Words) -> dict[str, float]:
    """How much each content stem of a claim counts: long words and numbers more, words of reporting little."""
    found: dict[str, float] = {}
    for token in claim.tokens:
        if token.content:
            length = 8 if token.word[0].isdigit() else min(max(len(token.word), 3), 10)
            found[token.stem] = length * (_FRAME_WEIGHT if token.stem in frame_stems() else 1.0)
    return found


def credits(claim: Words, evidence: Words) -> dict[str, float]:
    """For each content stem of the claim whether the evidence says it: 1, a half for a near form, or 0.

    An acronym and its expansion ("LLMs", "large language models") say each other, and so do equal numbers.
    """
    have = set(evidence.stems)
    for here, there in ((claim, evidence), (evidence, claim)):
        for name in names(here.text):
            if name.certain and (run := spelled_out(name.key, there.tokens)):
                have |= {token.stem for token in run} if there is claim else set(map(stem, _spellings(name)))
    given = quantities(evidence.text)
    for number in quantities(claim.text):
        if any(number.equals(other) for other in given):  # "88.7 times" says "88.7x"
            have |= {stem(word) for word in words(number.written)}
    return {each: 1.0 if each in have else _near(each, have) for each in claim.stems}


def _spellings(name: Name) -> set[str]:
    return {name.key, name.key.removesuffix("s")}


def _near(wanted: str, have: set[str]) -> float:
    if len(wanted) < 5:
        return 0.0
    for other in have:
        shared = max(5, math.ceil(0.7 * max(len(wanted), len(other))))
        if other[:shared] == wanted[:shared] and len(other) >= shared:
            return _NEAR_STEM
    return 0.0


def pair_recall(claim: Words, evidence: Sequence[Words]) -> float:
    """The share of the claim's neighbouring content words that stand near each other in one evidence sentence too."""
    stems = [token.stem for token in claim.tokens if token.content]
    pairs = {frozenset(pair) for pair in pairwise(stems) if pair[0] != pair[1]}
    there = set()
    for sentence in evidence:
        run = [token.stem for token in sentence.tokens if token.content]
        for step in (1, 2, 3):
            there |= {frozenset(pair) for pair in zip(run, run[step:], strict=False)}
    return len(pairs & there) / len(pairs) if pairs else 0.0


def is_copy(claim: Words, sentence: Words) -> bool:
    """Whether the claim is the sentence, or clauses of it: runs of three or more words, in order.

    What they leave out in their own clauses must not deny or doubt them ("fails to", "whether").
    """
    if not claim.tokens:
        return False
    if text_key(claim.text) == text_key(sentence.text):
        return _figures(claim.text) == _figures(sentence.text)  # which the key leaves out in part: 1.5, -5, p < 0.05
    given = quantities(sentence.text)
    if any(each.bound and not any(map(each.equals, given)) for each in quantities(claim.text)):
        return False
    mine, theirs = [token.word for token in claim.tokens], [token.word for token in sentence.tokens]
    kept: set[int] = set()
    place = start = 0
    while place < len(mine):
        length, found = _longest_run(mine[place:], theirs, start)
        if length < min(_MIN_RUN, len(mine)):
            return False
        kept.update(range(found, found + length))
        place, start = place + length, found + length
    clauses = {sentence.tokens[each].clause for each in kept}
    last = max(kept)
    return not any(
        token.blocks and token.clause in clauses and each not in kept and each < last
        for each, token in enumerate(sentence.tokens)
    )


def _figures(text: str) -> tuple[list[tuple[float, str]], int]:
    """The numbers of a text with their bounds, and how many of them are negative."""
    return [(each.value, each.bound) for each in quantities(text)], len(_MINUS.findall(text))


def _longest_run(wanted: list[str], words: list[str], start: int) -> tuple[int, int]:
    """(length, place) of the longest beginning of ``wanted`` that stands in ``words`` from ``start`` on."""
    best = (0, start)
    for place in range(start, len(words)):
        length = 0
        while length < len(wanted) and place + length < len(words) and words[place + length] == wanted[length]:
            length += 1
        best = max(best, (length, place), key=lambda found: found[0])
    return best


def unknown_names(claim: Words, evidence: Sequence[Words]) -> list[Name]:
    """The names of the claim that stand nowhere in the evidence, in no spelling, and are no acronym of words in it."""
    keys = set().union(*(known_keys(sentence.tokens) for sentence in evidence))
    stems = set().union(*(sentence.stems for sentence in evidence))
    missing = [name for name in names(claim.text) if not is_known(name, keys, stems)]
    acronyms = [name for sentence in evidence for name in names(sentence.text) if name.certain] if missing else []
    explained = {token.word for name in acronyms for token in spelled_out(name.key, claim.tokens)}
    return [
        name
        for name in missing
        if not explained & {name.key, *re.split(r"\W+", name.written.lower())}
        and not (name.certain and any(spelled_out(name.key, sentence.tokens) for sentence in evidence))
    ]


def invented_numbers(claim: Words, evidence: Sequence[Words]) -> list[Quantity]:
    """The numbers of the claim that the evidence, best sentence first, does not give.

    A near copy of the best sentence may not put another number in the place of one of its own.
    """
    mine = quantities(claim.text)
    if not mine:
        return []
    wrong = wrong_numbers(mine, [each for sentence in evidence for each in quantities(sentence.text)])
    for ours, theirs in _small_edits(claim, evidence[0]):
        said, given = (quantities(" ".join(token.word for token in side)) for side in (ours, theirs))
        if given:
            wrong += [each for each in said if not any(each.equals(other) for other in given)]
    return wrong


def flipped(claim: Words, sentence: Words) -> str:
    """The word on which claim and sentence say opposite things, "" when there is none.

    Only what both speak of counts: a shared word denied on one side alone, or opposite directions (higher, lower) beside
    a shared word.
    """
    return (
        _negated_on_one_side(claim, sentence)
        or _opposite_direction(claim, sentence)
        or _prefixed(claim, sentence)
        or _edited(claim, sentence)
    )


def denies_alone(claim: Words, carriers: Sequence[Words]) -> str:
    """The negator of a claim whose carrying sentences deny nothing in any way; "" when there is none."""
    if any(token.hints for sentence in carriers for token in sentence.tokens):
        return ""
    return next((token.word for token in claim.tokens if token.denies), "")


def says_too(claim: Words, word: str, sentence: Words) -> bool:
    """Whether the sentence has a word of the claim, denied or turned in the same way as there."""
    said = {(token.stem, token.negated, token.pole) for token in claim.tokens if token.word == word}
    return any((token.stem, token.negated, token.pole) in said for token in sentence.tokens)


def _negated_on_one_side(claim: Words, sentence: Words) -> str:
    shared = claim.stems & sentence.stems
    for here, there in ((claim, sentence), (sentence, claim)):
        if any(token.hints for token in there.tokens):
            continue
        plain_here = {token.stem for token in here.tokens if not token.negated}
        for token in here.tokens:
            # "Teaching and non-teaching hospitals" denies nothing of teaching.
            if token.negated and not token.pole and token.stem in shared - plain_here:
                return token.word
    return ""


def _opposite_direction(claim: Words, sentence: Words) -> str:
    hinted = [any(token.hints for token in side.tokens) for side in (claim, sentence)]
    for place, token in enumerate(claim.tokens):
        if token.pole is None:
            continue
        near = _beside(claim, place)
        rivals = []
        for other, rival in enumerate(sentence.tokens):
            if rival.pole is None or rival.pole[0] != token.pole[0]:
                continue
            same = rival.pole[1] == token.pole[1]
            if rival.negated != token.negated and hinted[rival.negated < token.negated]:
                same = True  # one side turned it by a negator; the other may have done so in its own way
            there = _beside(sentence, other)
            closeness = max((near[each] * there[each] for each in near.keys() & there.keys()), default=0.0)
            # "Short high-quality" says "short" of the same thing as "short high-quality": the word itself weighs more.
            rivals.append((closeness * (2 if same and rival.stem == token.stem else 1), same))
        if rivals:
            closeness, same = max(rivals)
            if closeness and not same:
                return token.word
    return ""


def _beside(side: Words, place: int) -> dict[str, float]:
    """The content words around a word in its clause, by stem, with how close they are: what follows counts more."""
    tokens = side.tokens
    found: dict[str, float] = {}
    for other in range(max(0, place - _NEIGHBOURS), min(len(tokens), place + _NEIGHBOURS + 1)):
        each = tokens[other]
        if each.content and each.pole is None and each.clause == tokens[place].clause:
            closeness = 1 / (other - place) if other > place else 1 / (place - other + 1)
            found[each.stem] = max(closeness, found.get(each.stem, 0.0))
    return found


def _edited(claim: Words, sentence: Words) -> str:
    """For near copies: the negator, or the direction word, that a small change put in, took out or turned."""
    for ours, theirs in _small_edits(claim, sentence):
        denials = [token.word for token in (*ours, *theirs) if token.blocks]
        if len(denials) % 2:
            return denials[0]
        for token in ours:
            if token.pole and any(_opposite(token.pole, other.pole) for other in theirs):
                return token.word
    return ""


def _opposite(pole: tuple[int, int], other: tuple[int, int] | None) -> bool:
    return other is not None and pole[0] == other[0] and pole[1] != other[1]


@lru_cache(maxsize=256)
def _small_edits(claim: Words, sentence: Words) -> list[tuple[tuple[Token, ...], tuple[Token, ...]]]:
    """What a near copy of a sentence changed, a few words at a time: (words of the claim, words of the sentence)."""
    mine, theirs = [token.word for token in claim.tokens], [token.word for token in sentence.tokens]
    if len(claim.stems & sentence.stems) < _NEAR_COPY * len(claim.stems):
        return []
    matcher = difflib.SequenceMatcher(None, mine, theirs, autojunk=False)
    if sum(block.size for block in matcher.get_matching_blocks()) < _NEAR_COPY * len(mine):
        return []
    return [
        (claim.tokens[start:end], sentence.tokens[begin:stop])
        for kind, start, end, begin, stop in matcher.get_opcodes()
        if kind != "equal" and max(end - start, stop - begin) <= _SMALL_EDIT
    ]


def _prefixed(claim: Words, sentence: Words) -> str:
    """A word that one side has only with un- or non- before it, and the other only without."""
    mine, theirs = ({token.word for token in side.tokens if token.content} for side in (claim, sentence))
    for here, there in ((mine, theirs), (theirs, mine)):
        for word in here:
            if len(word) > 4 and word not in there and any(prefix + word in there - here for prefix in _PREFIXES):
                return word
    return ""
