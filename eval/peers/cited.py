"""Reading others' answers as Footnote's own records, so that the same metrics measure them."""

import re
from collections.abc import Callable, Sequence

from rag.records import Abstract, Answer, AnswerSentence, Citation, Verdict
from rag.text import split_sentences

_MARKER = re.compile(r"\[(?:Source\s*)?(\d+(?:\s*,\s*\d+)*)\]", re.IGNORECASE)
_AFTER_STOP = re.compile(rf"([.!?])\s*((?:{_MARKER.pattern}\s*)+)", re.IGNORECASE)
_DECLINES = re.compile(
    r"\b(i (do not|don't|cannot|can't) (know|find|answer)|none of the (provided )?sources"
    r"|(is|are|was|were) not (mentioned|provided|stated|specified|given|discussed|described)"
    r"|(does|do) not (mention|provide|contain|state|specify|say|describe)|no (information|mention|answer)\b"
    r"|cannot be (answered|determined)|empty response)",
    re.IGNORECASE,
)


def declines(text: str) -> bool:
    """Whether a system without a way of its own to decline says in words that it cannot answer."""
    return not text.strip() or _DECLINES.search(text) is not None


def read_answer(
    question: str,
    text: str,
    shown: Sequence[Abstract],
    confidence: float,
    model: str,
    verdict: Callable[[str, Sequence[str]], Verdict],
) -> Answer:
    """The text with its [n] markers as an Answer; ``shown[n - 1]`` is what the system numbered n.

    A marker stands for the whole abstract that it names, as these systems know no smaller unit. One that names nothing
    stays, as a citation of no abstract, so that it counts as not valid. ``verdict`` is Footnote's check against the
    sentences of the cited abstracts; a sentence that cites nothing is unsupported.
    """
    if declines(text):
        return Answer(question, question, (), (), True, confidence, model, text.strip() or "(empty)", tuple(shown))
    # One number a bracket, and markers after a full stop to the sentence before it.
    single = _MARKER.sub(lambda found: "".join(f"[{each.strip()}]" for each in found.group(1).split(",")), text)
    before_stop = _AFTER_STOP.sub(lambda found: f" {found.group(2).strip()}{found.group(1)} ", " ".join(single.split()))
    sentences = [
        AnswerSentence(_plain(each.text), "unsupported", _cited(each.text, shown))
        for each in split_sentences(before_stop)
        if re.search(r"\w", _MARKER.sub(" ", each.text))
    ]
    checked = tuple(AnswerSentence(each.text, _checked(each, shown, verdict), each.citations) for each in sentences)
    return Answer(question, question, checked, tuple(shown), False, confidence, model)


def _plain(text: str) -> str:
    """The text without its markers."""
    return re.sub(r"\s+([.,;:!?])", r"\1", " ".join(_MARKER.sub(" ", text).split()))


def _cited(text: str, shown: Sequence[Abstract]) -> tuple[Citation, ...]:
    numbers = [int(number) for found in _MARKER.finditer(text) for number in found.group(1).split(",")]
    citations = []
    for number in dict.fromkeys(numbers):
        abstract = shown[number - 1] if 1 <= number <= len(shown) else None
        citations.append(
            Citation(number, abstract.id, 0, len(abstract.text), abstract.text, 0.0)
            if abstract
            else Citation(number, "", 0, 0, "", 0.0)
        )
    return tuple(citations)


def _checked(
    sentence: AnswerSentence, shown: Sequence[Abstract], verdict: Callable[[str, Sequence[str]], Verdict]
) -> Verdict:
    texts = {abstract.id: abstract.text for abstract in shown}
    evidence = [
        each.text
        for cited in sentence.citations
        if cited.abstract_id
        for each in split_sentences(texts[cited.abstract_id])
    ]
    return verdict(sentence.text, evidence) if evidence else "unsupported"
