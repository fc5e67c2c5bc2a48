"""One question of the report: what went wrong with it, and its texts cut into pieces to highlight."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from eval.metrics.answers import key_fact_recall
from eval.results import Result, Span, overlapping, sources
from eval.scoring import Score, cited_sentences
from rag.text import split_sentences


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text with how it is marked: "", "gold", "cited", or "gold cited"."""

    text: str
    mark: str


@dataclass(frozen=True, slots=True)
class ShownAbstract:
    """An abstract to show: its pieces join to its text; ``markers`` are its numbers in the answer's sources."""

    id: str
    title: str
    pieces: tuple[Piece, ...]
    gold: bool
    markers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ShownFact:
    """A key fact as its alternatives, and whether it stands in the answer."""

    text: str
    there: bool


@dataclass(frozen=True, slots=True)
class Case:
    """A question with all the report shows of it; a failure when ``reasons`` says anything."""

    result: Result
    score: Score
    reasons: tuple[str, ...]
    facts: tuple[ShownFact, ...]
    abstracts: tuple[ShownAbstract, ...]


def cases(results: Sequence[Result], scores: Sequence[Score]) -> list[Case]:
    """A case for each result, worst first: by quality, and among equals the more confident ones first."""
    found = [_case(result, score) for result, score in zip(results, scores, strict=True)]
    return sorted(found, key=lambda case: (case.score.quality, not case.reasons, -case.score.confidence))


def _case(result: Result, score: Score) -> Case:
    said = " ".join(sentence.text for sentence in result.answer.sentences)
    facts = tuple(
        ShownFact(" / ".join(fact), not result.answer.abstained and key_fact_recall(said, [fact]) == 1)
        for fact in result.question.key_facts
    )
    return Case(result, score, tuple(_reasons(score)), facts, tuple(_abstracts(result)))


def _reasons(score: Score) -> Iterable[str]:
    if not score.answerable:
        if not score.abstained:
            yield "answered, though not answerable"
    elif score.abstained:
        yield "declined, though answerable"
    else:
        if not score.values["cited_first"]:
            yield "another abstract cited first"
        if score.values.get("key_facts", 1) < 1:
            yield "key facts missing"
        if not score.values["citation_recall_sentence"]:
            yield "no gold sentence cited"
    if score.values.get("citation_valid", 1) < 1:
        yield "citation that does not hold"
    if score.values.get("unsupported", 0) or score.values.get("contradicted", 0):
        yield "sentence without support"


def _abstracts(result: Result) -> Iterable[ShownAbstract]:
    """The gold abstracts, then the others that are cited."""
    cited = [] if result.answer.abstained else cited_sentences(result.answer)
    markers = {abstract.id: (number,) for number, abstract in enumerate(result.answer.sources, start=1)}
    shown = set()
    for gold in result.gold:
        shown.add(gold.abstract_id)
        yield ShownAbstract(
            gold.abstract_id,
            gold.title,
            _pieces(gold.text, gold.sentences, gold.gold, cited),
            True,
            markers.get(gold.abstract_id, ()),
        )
    for abstract in sources(result.answer).values():
        if abstract.id not in shown:
            sentences = [Span(abstract.id, each.start, each.end) for each in split_sentences(abstract.text)]
            yield ShownAbstract(
                abstract.id,
                abstract.title,
                _pieces(abstract.text, sentences, (), cited),
                False,
                markers.get(abstract.id, ()),
            )


def _pieces(text: str, sentences: Sequence[Span], gold: Sequence[Span], cited: Sequence[Span]) -> tuple[Piece, ...]:
    pieces, at = [], 0
    for span in sentences:
        marks = [name for name, spans in (("gold", gold), ("cited", cited)) if overlapping(span, spans)]
        pieces += [Piece(text[at : span.start], ""), Piece(text[span.start : span.end], " ".join(marks))]
        at = span.end
    return tuple(piece for piece in [*pieces, Piece(text[at:], "")] if piece.text)
