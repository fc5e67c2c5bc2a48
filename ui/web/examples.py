"""Questions to start with, made from abstracts by rule; whoever offers them checks that they are answered."""

import re
from collections.abc import Iterable, Iterator

from rag.records import Abstract

_PROPOSED = re.compile(
    r"\b(?:propose|introduce|present|develop|release|describe|call|named|called|dubbed)\w*,?\s+"
    r"(?:a |an |the |our |it |this \w+ |new |novel |simple )*"
    r"(?P<name>[A-Z][\w+-]*[A-Z0-9][\w+-]*)(?=[\s,.;:(])"
)
_DEFINED = re.compile(
    r"(?P<long>(?:[A-Z][\w-]*[\s-]){1,7}(?:[A-Z][\w-]*|\w+))\s\((?P<short>[A-Z][\w-]*[A-Z][\w-]*?)s?\)"
)
_NEW = re.compile(r"\b(?:we|this paper|this work)\b[^.]*\b(?:propose|introduce|present|develop)", re.IGNORECASE)


def example_questions(abstracts: Iterable[Abstract]) -> Iterator[str]:
    """At most one question an abstract, each once: first what abstracts ask or name themselves, then their topics."""
    asked = set[str]()
    plain = []
    for abstract in abstracts:
        question = _question(abstract)
        if not question:
            plain.append(abstract)
        elif question not in asked:
            asked.add(question)
            yield question
    for abstract in plain:
        if (topic := _topic(abstract)) and topic.lower() not in asked:
            asked.add(topic.lower())
            yield f"What is known about {topic}?"


def _question(abstract: Abstract) -> str:
    if abstract.title.endswith("?") and not abstract.title_derived:
        return abstract.title
    for found in _DEFINED.finditer(abstract.text):
        before = abstract.text[max(0, found.start() - 80) : found.start()]
        if _NEW.search(before) and _abbreviates(found["short"], found["long"]):
            return f"What does {found['short']} do?"
    for found in _PROPOSED.finditer(abstract.text):
        if not found["name"].endswith(("-based", "-style", "-like", "-level")):
            return f"What is {found['name']}?"
    name, colon, _ = abstract.title.partition(": ")
    if colon and not abstract.title_derived and re.fullmatch(r"\w[\w+-]*[A-Z0-9][\w+-]*", name):
        return f"What is {name}?"
    return ""


def _topic(abstract: Abstract) -> str:
    """The first keyword, or the first term the text spells out before its abbreviation."""
    if abstract.keywords:
        return abstract.keywords[0]
    for found in _DEFINED.finditer(abstract.text):
        if _abbreviates(found["short"], found["long"]):
            return found["long"]
    return ""


def _abbreviates(short: str, long: str) -> bool:
    """Whether the letters of ``short`` stand in ``long`` in their order."""
    letters = iter(long.lower())
    return all(letter in letters for letter in short.lower() if letter.isalnum())
