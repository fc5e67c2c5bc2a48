"""Answers against key facts and a reference answer."""

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any

_DASHES = re.compile(r"[-\u2010-\u2015\u2212/]")
_QUOTES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "`": "'"})
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")
_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def key_fact_recall(answer: str, facts: Sequence[Sequence[str]]) -> float:
    """The share of ``facts`` that stand in ``answer``; 1 when there are none.

    A fact is a list of alternatives and is there when any of them is: without regard to case, kinds of dashes and
    quotes, and thousands separators; from the start of a word ("align" is in "aligned", "rank" is not in "crank"),
    and a number only as a whole.
    """
    said = _plain(answer)
    return sum(any(_stands(_plain(each), said) for each in fact) for fact in facts) / len(facts) if facts else 1.0


def token_f1(answer: str, reference: str) -> float:
    """Word overlap: 2PR / (P + R) over the two bags of words.

    Lower-cased, without punctuation and articles; 1 when both are empty, 0 when one is. The F1 of SQuAD's official
    script (Rajpurkar et al., "SQuAD: 100,000+ Questions for Machine Comprehension of Text", EMNLP 2016; version 2.0).
    """
    said, right = _squad_words(answer), _squad_words(reference)
    if not said or not right:
        return float(said == right)
    common = sum((Counter(said) & Counter(right)).values())
    return 2 * common / (len(said) + len(right))


def rouge_l(answer: str, reference: str) -> float:
    """F1 of the longest common subsequence of stemmed words: 2PR / (P + R), P and R over the two lengths.

    Lin, "ROUGE: A Package for Automatic Evaluation of Summaries", 2004; computed by Google's rouge_score.
    """
    return float(_rouge_scorer().score(reference, answer)["rougeL"].fmeasure)


@cache
def _rouge_scorer() -> Any:
    from rouge_score.rouge_scorer import RougeScorer  # imports nltk

    return RougeScorer(["rougeL"], use_stemmer=True)


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).casefold().translate(_QUOTES)
    return " ".join(_DASHES.sub(" ", _THOUSANDS.sub("", text)).split())


def _stands(fact: str, said: str) -> bool:
    """Whether ``fact`` begins at the start of a word of ``said``; a digit at its end ends the number too."""
    start = r"(?<!\w)(?<!\d\.)" if fact[:1].isalnum() else ""
    end = r"(?!\d)(?!\.\d)" if fact[-1:].isdigit() else ""
    return re.search(start + re.escape(fact) + end, said) is not None


def _squad_words(text: str) -> list[str]:
    return _ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split()
