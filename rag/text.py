"""Text as it is shown and as it is compared: normalising, sentences with offsets, words, identity.

Shared by reading, chunking, search and checking, so that all of them see the same characters.
"""

import hashlib
import html
import re
import unicodedata

from rag.latex import latex_to_text, shows_latex
from rag.records import Sentence

LONGEST_SENTENCE = 1200
"""Characters; a longer stretch without a sentence end (a table, a list, a missing stop) is cut."""

INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]"
)
"""Characters that show nothing and may steer a terminal or turn the direction of writing."""
_SURROGATES = re.compile("[\ud800-\udfff]")
_TWICE_DECODED = re.compile("[\u00c2-\u00f4][\u0080-\u00bf]{1,3}")
_C1 = re.compile("[\u0080-\u009f]")
_ENTITY = re.compile(r"&(?:amp;)*(?:[a-zA-Z][a-zA-Z0-9]{1,31}|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});")
_LIGATURES = str.maketrans(
    {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st", "\u2010": "-", "\u2011": "-"}
)
_PASSES = 30


def normalise(raw: str) -> str:
    """``raw`` as it is shown: one line of NFC text, LaTeX and entities turned into the characters they stand for.

    White space of any kind becomes single spaces; control and zero-width characters and soft hyphens go, lone
    surrogates become U+FFFD, typographic ligatures their letters, UTF-8 that was decoded as Latin-1 is put right.
    Nothing that is text is lost, prices, paths and sets in braces stay as they are. Normalising again changes nothing.
    """
    text = raw
    for _ in range(_PASSES):  # what one pass uncovers (an escaped entity, nested braces) the next one reads
        before, text = text, _normalise_once(text)
        if text == before:
            break
    return text


def _normalise_once(text: str) -> str:
    if not text.isascii():
        text = without_surrogates(text)
        if _C1.search(text):
            text = _TWICE_DECODED.sub(_decode_again, text)
        text = text.translate(_LIGATURES)
    text = INVISIBLE.sub("", text)
    if "&" in text:
        text = _ENTITY.sub(_entity, text)
    if shows_latex(text):
        text = latex_to_text(text)
    return unicodedata.normalize("NFC", " ".join(text.split()))


def without_surrogates(text: str) -> str:
    """``text`` with U+FFFD for lone surrogates, which neither JSON nor SQLite takes; pairs become their character."""
    if not _SURROGATES.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _entity(found: re.Match[str]) -> str:
    return html.unescape("&" + found[0].rsplit("&", 1)[-1].removeprefix("amp;").rsplit("amp;", 1)[-1])


def _decode_again(found: re.Match[str]) -> str:
    if not _C1.search(found[0]):
        return found[0]
    try:
        return found[0].encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return found[0]


_CUT = (re.compile(r"[.?!;]\s+"), re.compile(r"[,:]\s+"), re.compile(r"\s+"))

_STOP = re.compile(r"""(?<![.!?…])[.!?…]++["'”’)\]]*+(?:\s["”](?=\s|$))?(?:\s+|(?=[A-Z][a-z]*[\s,]))""")
_LAST_WORD = re.compile(r"""[^\s"'“‘”’()\[\]]*$""")
_NEXT_WORD = re.compile(r"""["'“‘(\[]*([^\s,;:.)\]]*)""")
_MARKER = re.compile(r"(?:^|[:;,])\s*[(\[]?(?:\d{1,2}|[ivxIVX]{1,4}|[a-hA-H])[.)\]]+\s*$")
_DOTTED = re.compile(r"(?:[A-Za-z]\.)+[A-Za-z]|[A-Za-z]")
_NAMED_LIKE_A_GENE = re.compile(r"[a-zα-ω]+-?[a-z]*[A-Z0-9]")
_NEVER_LAST = frozenset("e.g i.e cf vs viz approx resp dr prof mr mrs fig figs eq eqs ref refs eur".split())
_SELDOM_LAST = frozenset("al etc inc ltd co sp spp subsp var no nos vol ed eds max min avg st ca sec".split())
_LOWER_STARTERS = frozenset("we the this these in our it they to however".split())


def split_sentences(text: str) -> list[Sentence]:
    """The sentences of ``text`` in order: exact substrings that cover all of it but the white space between them.

    A stop ends a sentence unless an abbreviation, an initial, a list number or the word after it says otherwise; a stop
    with the space forgotten ("by 6.6%.Scale") counts. A stretch of over 1,200 characters is cut at its last clause end.
    Against the split that SciFact's abstracts come with (1,500 of them): boundary F1 0.994 at 7,800 abstracts/s; NLTK's
    Punkt with these abbreviations has 0.995 at 2,300 and takes 1.7 s to import, sentencex 0.989 at 28,000.
    """
    starts = [0]
    for stop in _STOP.finditer(text):
        if stop.end() < len(text) and _ends_sentence(text, starts[-1], stop):
            starts.append(stop.end())
    sentences: list[Sentence] = []
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        for left, right in _cut(text, start, end):
            sentences.append(Sentence(len(sentences), left, right, text[left:right]))
    return sentences


def _ends_sentence(text: str, start: int, stop: re.Match[str]) -> bool:
    """Whether the stop ends the sentence that began at ``start``, by the words on either side of it."""
    after = _NEXT_WORD.match(text, stop.end())
    following = after[1] if after else ""
    last = _LAST_WORD.search(text, max(start, stop.start() - 40), stop.start())
    word = last[0] if last else ""
    period = stop[0].startswith(".") and not stop[0].startswith("..")
    if not stop[0][-1].isspace():  # the space was forgotten, or this is a name with a stop in it
        return text[stop.start() - 1] in "%)]" or (word[-2:].islower() and not set(word) & set("/@."))
    if following[:1].islower() and not _NAMED_LIKE_A_GENE.match(following):
        return period and len(word) > 3 and following in _LOWER_STARTERS and word.lower() not in _NEVER_LAST
    if not period:
        return True
    if not word and text[stop.start() - 1 : stop.start()].isspace():
        return following[:1].isalpha()
    if word.lower() in _NEVER_LAST or _MARKER.search(text[max(start, stop.start() - 12) : stop.end()]):
        return False
    if word.lower() in _SELDOM_LAST or _DOTTED.fullmatch(word):
        return following[:1].isupper() and (following.lower() in _STARTERS or word == "etc")
    return True


def _cut(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """``text[start:end]`` without surrounding white space, in pieces of at most LONGEST_SENTENCE characters."""
    pieces: list[tuple[int, int]] = []
    while True:
        while start < end and text[start].isspace():
            start += 1
        while start < end and text[end - 1].isspace():
            end -= 1
        if start >= end:
            return pieces
        if end - start <= LONGEST_SENTENCE:
            return [*pieces, (start, end)]
        limit = start + LONGEST_SENTENCE
        places = (list(cut.finditer(text, start + LONGEST_SENTENCE // 3, limit)) for cut in _CUT)
        middle = next((found[-1].end() for found in places if found), limit)
        pieces.append((start, start + len(text[start:middle].rstrip())))
        start = middle


_WORDS = re.compile(
    r"(?<![^\W_])[cf]#|c\+\+|\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![^\W_])|\d+(?:\.\d+)+[^\W_]*|[^\W_]+(?:['’][^\W_]+)*"
)
_POSSESSIVE = re.compile(r"['’]s$")


def words(text: str) -> list[str]:
    """The words and numbers of ``text`` in order, lower-cased; hyphens part words, "6.6" and "1,000" stay whole.

    A possessive loses its 's. Stop words are kept; nothing is stemmed.
    """
    return [_POSSESSIVE.sub("", word) for word in _WORDS.findall(text.lower())]


def content_words(text: str) -> list[str]:
    """``words(text)`` without the function words of English."""
    return [word for word in words(text) if word not in STOP_WORDS]


STOP_WORDS = frozenset(
    """
    a about above after again against all also although am among an and any are aren't as at be because been
    before being below between both but by can can't cannot could couldn't did didn't do does doesn't doing
    don't done down during each either else etc ever every few for from further had hadn't has hasn't have
    haven't having he her here hers herself him himself his how however i if in into is isn't it its itself
    just let me might more most much must my myself neither no nor not of off on once only onto or other
    others our ours ourselves out over own per quite rather same shall she should shouldn't since so some
    such than that the their theirs them themselves then there therefore these they this those though
    through thus to too toward towards under until up upon us very via was wasn't we were weren't what when
    where whereas whether which while who whom whose why will with within without won't would wouldn't yet
    you your yours yourself yourselves
    """.split()
)
_STARTERS = STOP_WORDS | frozenset(
    """
    background objective objectives aim aims purpose method methods design setting participants patients
    results findings conclusion conclusions discussion additionally besides consequently conversely
    experiments extensive finally first furthermore hence importantly interestingly lastly moreover
    nevertheless next notably overall previous recent recently second specifically subsequently surprisingly
    third together unlike existing
    """.split()
)

_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")


def text_key(text: str) -> str:
    """The identity of a text: NFKD, case folded, letters and digits only; spacing, accents and dashes don't count."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return _NOT_ALPHANUMERIC.sub("", folded)


def derived_id(text: str) -> str:
    """The id of an abstract whose record has none: the first 12 hex digits of the SHA-256 of its ``text_key``."""
    return hashlib.sha256(text_key(text).encode("utf-8", "surrogatepass")).hexdigest()[:12]
