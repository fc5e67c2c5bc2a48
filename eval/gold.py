"""Finding a question's gold evidence in the abstracts as they are shown."""

from collections.abc import Callable, Sequence

from eval.questions import GoldEvidence, Question
from eval.results import GoldAbstract, Span, overlapping
from rag.errors import InputError, NotFoundError
from rag.records import Abstract
from rag.text import normalise, split_sentences


def gold_abstracts(question: Question, get: Callable[[str], Abstract]) -> tuple[GoldAbstract, ...]:
    """The gold abstracts with their sentences and the gold ones among them.

    ``get`` looks an abstract up by id. InputError when the corpus has no such abstract, or the abstract does not hold
    the gold sentence.
    """
    return tuple(
        _gold_abstract(question, _look_up(question, abstract_id, get), question.gold_evidence)
        for abstract_id in dict.fromkeys(question.gold_abstract_ids)
    )


def _look_up(question: Question, abstract_id: str, get: Callable[[str], Abstract]) -> Abstract:
    try:
        return get(abstract_id)
    except NotFoundError as error:
        raise InputError(
            f"Question {question.id!r}: the corpus has no abstract {abstract_id!r}; ingest what it asks about, or name the "
            "questions of this corpus."
        ) from error


def _gold_abstract(question: Question, abstract: Abstract, evidence: Sequence[GoldEvidence]) -> GoldAbstract:
    sentences = tuple(Span(abstract.id, each.start, each.end) for each in split_sentences(abstract.text))
    gold: dict[Span, None] = {}
    for each in evidence:
        for sentence in each.sentences if each.abstract_id == abstract.id else ():
            gold.update(dict.fromkeys(overlapping(_locate(question, abstract, sentence), sentences)))
    return GoldAbstract(abstract.id, abstract.title, abstract.text, sentences, tuple(gold))


def _locate(question: Question, abstract: Abstract, sentence: str | tuple[int, int]) -> Span:
    if not isinstance(sentence, str):
        start, end = sentence
        if end > len(abstract.text):
            raise InputError(
                f"Question {question.id!r}: the span {[start, end]} reaches past the end of abstract {abstract.id!r} "
                f"({len(abstract.text)} characters); correct it."
            )
        return Span(abstract.id, start, end)
    for text in (sentence, normalise(sentence)):
        start = abstract.text.find(text)
        if start >= 0:
            return Span(abstract.id, start, start + len(text))
    raise InputError(
        f"Question {question.id!r}: abstract {abstract.id!r} does not hold the gold sentence {sentence[:80]!r}; "
        "copy it from the abstract as shown."
    )
