"""What kind of answer a question asks for, told by its words."""

import re
from enum import Enum


class Kind(Enum):
    """The kinds that change which sentences answer, or how many abstracts should."""

    NUMBER = "number"
    REASON = "reason"
    PURPOSE = "purpose"
    METHOD = "method"
    NAME = "name"
    RESULT = "result"
    OTHER = "other"


_KINDS = (
    (Kind.NUMBER, r"\bhow (many|much|often|large|big|long|fast|accurate|high|far|well)\b|\bwhat (number|percentage|share|fraction|proportion|accuracy|rate|score)\b|\bby what (factor|margin)\b"),
    (Kind.REASON, r"\bwhy\b|\bwhat (causes?|reasons?|motivat\w+|problems?|drawbacks?|limits?|limitations?|shortcomings?|challenges?)\b|\bhow come\b|\breasons? for\b"),
    (Kind.PURPOSE, r"\bwhat (is|are|does|do) .* (for|measure|used for|aim)\b|\bpurpose\b|\bgoal\b"),
    (Kind.RESULT, r"\b(outperform|improve|better|results?|gain|effective|achieve|perform|findings?|found|conclu\w+|show)\w*\b"),
    (Kind.METHOD, r"\bhow (does|do|did|is|are|can|was|were)\b|\bin what way\b|\bby what means\b|\busing what\b"),
    (Kind.NAME, r"\b(which|who|name of|called|what (method|model|metric|dataset|data set|benchmark|framework|algorithm|tool|tasks?|datasets|benchmarks))\b"),
)  # fmt: skip
_COMPILED = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _KINDS)

_SEVERAL = re.compile(
    r"\b(compare|comparison of|differences? between|differs?|versus|vs|in common|similarities|respectively)\b"
    r"|\b(which|what|list|name|all|any|other|are there)\b.{0,25}\b(papers|abstracts|studies|works|articles|surveys)\b"
    r"|\bwhich\b.*\band which\b|\band\b.*\beach\b|^list\b",
    re.IGNORECASE,
)

# What stands for a paper: a word for one that its noun ends with, a name in the place of that, or "it".
_PAPER = (
    r"(?:(?:the|this|that|a|an) (?:(?!(?:of|for|in|on|from|by|with|used)\b)\S+ ){0,4}?"
    r"(?:paper|abstract|article|study|trial|publication|preprint|work|survey)\b(?!['’]| (?!(?:on|about|of|for|in|from|that|which"
    r"|called|titled|entitled|by|with|where|and|published|(?:first|originally) published)\b))|\W*(?-i:[A-Z])|(?:it|this)\b)"
)
_RECORD = re.compile(
    rf"\bwho (?:wrote|authored|published) {_PAPER}"
    rf"|\b(?:who (?:is|are|was|were)|name|list|names? of) the (?:(?:first|last|senior|corresponding) )?authors? of {_PAPER}"
    r"|\b(?:which|what) (?:journal|venue|conference|proceedings) (?:published|(?:is|was|did) .*\b(?:published|appear|presented)\b)"
    rf"|\b(?:where|when|(?:which|what) year) (?:is|was) {_PAPER}.*\bpublished\b",
    re.IGNORECASE,
)
_ASKING = re.compile(
    r"\b(?:who|wh(?:at|ich|en|ere)|wrote|authored|published|appear(?:ed)?|presented|accepted|(?:first|last|senior|corresponding)"
    r"|authors?|journal|venue|conference|proceedings|year|papers?|was|is|are|did|in|at|by|of|the)\b",
    re.IGNORECASE,
)

CUES = {
    Kind.NUMBER: re.compile(r"\d|\b(one|two|three|four|five|six|seven|eight|nine|ten|dozens?|hundreds?|half|twice)\b", re.IGNORECASE),
    Kind.REASON: re.compile(r"\b(because|due to|since|as a result|therefore|however|problem|lack|suffer|limit\w*|challeng\w*|fail\w*|difficult\w*)\b", re.IGNORECASE),
    Kind.PURPOSE: re.compile(r"\b(aims?|in order to|to (measure|quantify|learn|improve|address)|measures?|quantif\w+|goal)\b", re.IGNORECASE),
    Kind.METHOD: re.compile(r"\b(by|using|uses?|based on|via|through|consists?|we (propose|introduce|present|design|employ|use))\b", re.IGNORECASE),
    Kind.NAME: re.compile(r"\b[A-Z][A-Za-z]*[A-Z0-9][\w-]*\b"),
    Kind.RESULT: re.compile(r"\b(outperform\w*|improv\w*|achiev\w*|show\w*|demonstrat\w*|results?|reveal\w*|better|superior|state-of-the-art|\d+(\.\d+)?%)", re.IGNORECASE),
}  # fmt: skip
"""What a sentence has that gives the kind of answer asked for."""


def kind(question: str) -> Kind:
    """The first kind whose words stand in the question."""
    return next((each for each, pattern in _COMPILED if pattern.search(question)), Kind.OTHER)


def wants_several(question: str) -> bool:
    """Whether the question compares abstracts or asks for a list of them, so that one abstract cannot answer it."""
    return _SEVERAL.search(question) is not None


def paper_asked_about(question: str) -> str:
    """What a question that asks who wrote a paper, where or when it was published says of the paper; else empty.

    Abstracts do not say that of themselves; what they say of other papers is no answer.
    """
    return (" ".join(_ASKING.sub(" ", question).split()) or question) if _RECORD.search(question) else ""
