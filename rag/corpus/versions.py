"""Versions of one paper: a preprint, its published form, a reprint; texts that differ a little under ids that differ.

MinHash over the text's word triples (Broder 1997) in bands (Leskovec, Rajaraman and Ullman, *Mining of Massive
Datasets*, ch. 3) names the few abstracts worth comparing; whether they are versions is then decided on the texts.
"""

import hashlib
import re

from rag.corpus.identity import share_an_author
from rag.records import Abstract
from rag.text import text_key, words

BANDS, ROWS = 8, 3
"""A pair whose triples have a Jaccard index of 0.5 shares a band with probability 0.66, of 0.7 with 0.97, of 0.9 with
0.9999. Of 91,651 ML abstracts one in 240 gets a candidate at all, so a million of them stay cheap."""
_SEED = 20260101
_SAME_TITLE, _ALIKE, _LONG_TITLE = 0.5, 0.3, 15
_ALIKE_UNDER_ANOTHER_TITLE = 0.6
"""Chosen by reading pairs of ML abstracts: authors who write a follow-up keep up to half of their triples."""
_WORD = re.compile(r"[^\W_]+")


def bands(abstract: Abstract) -> list[int]:
    """Numbers (64 bits, signed) of which two versions most likely share one: eight of the text, one of a long title."""
    from rensa import RMinHash

    sketch = RMinHash(BANDS * ROWS, _SEED)
    sketch.update(list(_triples(abstract.text)))
    digest = sketch.digest()
    named = [f"{band}:{digest[band * ROWS : (band + 1) * ROWS]}" for band in range(BANDS)]
    title = "" if abstract.title_derived else text_key(abstract.title)
    if len(title) >= _LONG_TITLE:
        named.append(f"title:{title}")
    return [
        int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big", signed=True) for name in named
    ]


def are_versions(one: Abstract, other: Abstract) -> bool:
    """Whether the texts are alike enough to be one paper's: mostly the same, or less so under the same title.

    Papers whose authors are known and all differ are never versions, nor are texts under different titles without
    a common author: organisers write the same lines year after year.
    """
    shared = share_an_author(one, other)
    if one.authors and other.authors and not shared:
        return False
    likeness = jaccard(one.text, other.text)
    if one.title_derived or other.title_derived:
        return likeness >= _ALIKE_UNDER_ANOTHER_TITLE
    if _titles_alike(one.title, other.title):
        return likeness >= _ALIKE
    return shared and likeness >= _ALIKE_UNDER_ANOTHER_TITLE


def _titles_alike(one: str, other: str) -> bool:
    left, right = set(words(one)), set(words(other))
    return len(left & right) >= _SAME_TITLE * max(1, len(left | right))


def jaccard(one: str, other: str) -> float:
    """The Jaccard index (0..1) of the word triples of two texts."""
    left, right = _triples(one), _triples(other)
    return len(left & right) / max(1, len(left | right))


def _triples(text: str) -> set[str]:
    found = _WORD.findall(text.casefold())
    return {" ".join(triple) for triple in zip(found, found[1:], found[2:], strict=False)} or set(found)
