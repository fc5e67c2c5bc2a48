"""A question to a checked answer: resolve, retrieve, compose, check, or abstain.

Whatever composes, one contract holds: every sentence of an answer carries citations whose quotes stand in the abstract
at the offsets given, and a verdict; what fails the check is dropped or marked, and what the abstracts do not say is
declined.
"""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from rag.answer.chat import asks_nothing, standalone
from rag.answer.check import Check, Checker
from rag.answer.citations import CitedSentence, parse_citations
from rag.answer.compare import Words, invented_numbers, unknown_names
from rag.answer.confidence import confidence, features
from rag.answer.evidence import LIKENESS_MARGIN, score_sentences
from rag.answer.kind import paper_asked_about
from rag.answer.llm import QUOTES, draft
from rag.answer.prompts import NO_ANSWER, answer_prompt
from rag.answer.quotes import choose
from rag.errors import UsageError
from rag.index.lexical import stems
from rag.records import (
    Abstract,
    Answer,
    AnswerSentence,
    Citation,
    Draft,
    Event,
    Evidence,
    Filters,
    Finished,
    Retrieved,
)
from rag.retrieve.retriever import Retriever
from rag.settings import Settings
from rag.text import normalise, text_key, without_surrogates

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

    from rag.reader import Reader

READ = 5
"""Hits whose sentences may be cited; beyond the fifth the right abstract is seldom found."""
NEAREST = 3
_NEARLY = 0.9
"""A draft is taken for cut beyond this share of its longest length: a piece of the stream may be more than one token."""
_NEW = 0.3
"""Share of new words from which on a sentence says something else than an earlier one."""
_END = re.compile(r"[.?!][\"'”’)\]]*$")


class Answerer:
    """Answers questions from one retriever.

    ``connect`` gives the language model of a composer's name; ``given`` is one that composes unless a question names
    another; ``reader`` is the evidence reader, where there is one.
    """

    def __init__(
        self,
        retriever: Retriever,
        checker: Checker,
        settings: Settings,
        connect: "Callable[[str], LLM]",
        given: "LLM | None" = None,
        reader: "Reader | None" = None,
    ) -> None:
        self._retriever = retriever
        self._checker = checker
        self._settings = settings
        self._connect = connect
        self._given = given
        self._reader = reader

    def stream(
        self,
        question: str,
        history: Sequence[tuple[str, str]] = (),
        filters: Filters | None = None,
        composer: str | None = None,
    ) -> Iterator[Event]:
        """One Retrieved, the Drafts of a language model, one Finished. Closing the generator cancels the model.

        Raises UsageError for an empty question and LLMError when the language model fails.
        """
        if not question.strip():
            raise UsageError("The question is empty; write what you want to know.")
        clock = _Clock()
        llm = self._given if composer is None else None
        name = composer or self._settings.llm
        if llm is not None:
            name = llm.metadata.model_name
        elif name != QUOTES:
            with clock("connect"):
                llm = self._connect(name)
        with clock("resolve"):
            history = [(self._retriever.asked(before).question, told) for before, told in history]
            asked = self._retriever.asked(standalone(normalise(question), history, llm), filters)
            query = asked.question
        with clock("retrieve"):
            of_paper = paper_asked_about(query)  # what no abstract says, but the nearest papers' bylines may
            hits = self._retriever.search(of_paper or query, READ, asked.filters, one_version=True)
        yield Retrieved(tuple(hits))
        with clock("read"):
            scored = score_sentences(query, hits, self._reader)
        ranked = scored.ranked
        hopeless = bool(of_paper) or asks_nothing(query)
        sure = 0.0 if hopeless else confidence(features(hits, self._retriever.abstracts(), scored.answerable))
        base = Answer(
            question=without_surrogates(question), query=query, sentences=(), sources=(), abstained=True,
            confidence=sure, model=name, nearest=tuple(hit.abstract for hit in hits[:NEAREST]),
        )  # fmt: skip
        if sure < self._settings.min_confidence or not ranked or hopeless:
            yield Finished(_abstain(base, clock))
            return
        quoted = choose(query, ranked, self._settings.max_sentences, scored.margin)
        if llm is None:
            with clock("compose"):
                answer = _cite(base, [_quote(each) for each in quoted])
            yield Finished(replace(answer, timings=clock.timings()))
            return
        evidence = _shown(query, ranked, quoted, self._settings.evidence_sentences)
        written = []
        with clock("compose"):
            prompt = answer_prompt(query, evidence)
            for piece in draft(llm, prompt, self._settings.llm_max_tokens):
                written.append(piece)
                yield Draft(piece)
        with clock("check"):
            drafted = parse_citations("".join(written), len(evidence))
            said = [each for each in drafted if NO_ANSWER.casefold().rstrip(".") not in each.text.casefold()]
            cut = len(written) > _NEARLY * self._settings.llm_max_tokens
            checked = self._check(_without_repeats(_whole(said) if cut else said), evidence)
        if drafted and not said:
            yield Finished(_abstain(base, clock))  # the model was asked, and declined
            return
        yield Finished(self._settle(base, checked, quoted, clock))

    def _check(
        self, drafted: Sequence[CitedSentence], evidence: Sequence[Evidence]
    ) -> list[tuple[AnswerSentence, tuple[Evidence, ...]]]:
        """The draft's sentences with their verdicts, each with the evidence to cite for it."""
        alone = [list(some) for _, some in groupby(evidence, key=lambda each: each.abstract.id)]
        checked: list[tuple[AnswerSentence, tuple[Evidence, ...]]] = []
        for cited in drafted:
            passed = [sentence.text for sentence, _ in checked if sentence.verdict == "supported"]
            if any(_says_again(cited.text, earlier) for earlier in passed):
                continue
            named = [evidence[number - 1] for number in cited.numbers]
            check, carriers = self._held(cited.text, named)
            if check.verdict == "unsupported":
                # What it cites does not carry it; another abstract may, by itself: nobody said what takes two of them.
                elsewhere = max((self._held(cited.text, some) for some in alone), key=_support)
                if not named or elsewhere[0].verdict != "unsupported":
                    check, carriers = elsewhere
            checked.append((AnswerSentence(cited.text, check.verdict, ()), carriers or tuple(named)))
        return checked

    def _held(self, claim: str, evidence: Sequence[Evidence]) -> tuple[Check, tuple[Evidence, ...]]:
        """The check of a claim against evidence, and the sentences that carry it."""
        # A name may be spelt out elsewhere in the abstract; what it says there supports nothing by itself.
        abstracts = {each.abstract.id: each.abstract for each in evidence}.values()
        context = [part for abstract in abstracts for part in (abstract.title, abstract.text)]
        check = self._checker.check(claim, [each.sentence.text for each in evidence], context)
        return check, tuple(evidence[place] for place in check.best)

    def _settle(
        self,
        base: Answer,
        checked: Sequence[tuple[AnswerSentence, tuple[Evidence, ...]]],
        quoted: Sequence[Evidence],
        clock: "_Clock",
    ) -> Answer:
        """Drop or mark what failed; fall back to quotes when nothing is left."""
        passed = [pair for pair in checked if pair[0].verdict in ("supported", "quoted")]
        kept = list(checked) if self._settings.unsupported == "mark" and passed else passed
        dropped = tuple(sentence for sentence, _ in checked if sentence.verdict not in ("supported", "quoted"))
        if not passed:
            answer = _cite(replace(base, model=f"{base.model}, {QUOTES}"), [_quote(each) for each in quoted])
            return replace(answer, dropped=dropped, timings=clock.timings())
        answer = _cite(base, kept)
        return replace(answer, dropped=() if kept is not passed else dropped, timings=clock.timings())


def _without_repeats(drafted: Sequence[CitedSentence]) -> list[CitedSentence]:
    """Each sentence once: small models repeat themselves."""
    kept: dict[str, CitedSentence] = {}
    for each in drafted:
        kept.setdefault(text_key(each.text), each)
    return list(kept.values())


def _whole(drafted: list[CitedSentence]) -> list[CitedSentence]:
    """The sentences of a draft that was cut, without the last one where that is half."""
    return drafted if drafted and _END.search(drafted[-1].text) else drafted[:-1]


def _says_again(later: str, earlier: str) -> bool:
    """Whether hardly a word of it is new after an earlier sentence, and no number or name."""
    said, told = Words.of(later), Words.of(earlier)
    new = len(said.stems - told.stems)
    return new < _NEW * len(said.stems) and not invented_numbers(said, [told]) and not unknown_names(said, [told])


def _support(held: tuple[Check, tuple[Evidence, ...]]) -> tuple[bool, float]:
    return held[0].verdict == "supported", held[0].score


def _quote(each: Evidence) -> tuple[AnswerSentence, tuple[Evidence, ...]]:
    return AnswerSentence(each.sentence.text, "quoted", ()), (each,)


def _shown(question: str, ranked: Sequence[Evidence], quoted: Sequence[Evidence], limit: int) -> list[Evidence]:
    """The evidence a language model sees, abstract by abstract: what would be quoted, then the best of the rest.

    Of an abstract that would not be quoted only what comes near, or has a word of the question that those quoted lack:
    small models take any sentence they see for an answer.
    """
    abstracts = {each.abstract.id: each.abstract for each in quoted}
    lacking = set(stems(question)).difference(*(stems(f"{each.title} {each.text}") for each in abstracts.values()))
    near = ranked[0].score - LIKENESS_MARGIN
    rest = [
        each
        for each in ranked
        if each not in quoted
        and (each.abstract.id in abstracts or each.score >= near or lacking.intersection(stems(each.sentence.text)))
    ]
    best = [*quoted, *rest][:limit]
    order = {each.abstract.id: place for place, each in reversed(list(enumerate(best)))}
    return sorted(best, key=lambda each: (order[each.abstract.id], each.sentence.start))


def _cite(base: Answer, pairs: Sequence[tuple[AnswerSentence, Sequence[Evidence]]]) -> Answer:
    """An answer of these sentences; markers number the abstracts in the order they are first cited."""
    sources: dict[str, Abstract] = {}
    sentences = []
    for sentence, carriers in pairs:
        citations = []
        for each in carriers:
            sources.setdefault(each.abstract.id, each.abstract)
            citations.append(
                Citation(
                    marker=list(sources).index(each.abstract.id) + 1,
                    abstract_id=each.abstract.id,
                    start=each.sentence.start,
                    end=each.sentence.end,
                    quote=each.abstract.text[each.sentence.start : each.sentence.end],
                    score=each.score,
                )
            )
        sentences.append(replace(sentence, citations=tuple(citations)))
    return replace(base, sentences=tuple(sentences), sources=tuple(sources.values()), abstained=False)


def _abstain(base: Answer, clock: "_Clock") -> Answer:
    looked = f"{NO_ANSWER} I looked for: {_shortened(base.query)}."
    if not base.nearest:
        looked += " No abstract matches; is the corpus empty, or a filter too narrow?"
    else:
        looked += " Nearest: " + "; ".join(abstract.reference for abstract in base.nearest) + "."
    return replace(base, message=looked, timings=clock.timings())


def _shortened(text: str, limit: int = 200) -> str:
    text = " ".join(text.split()).rstrip("?.! ")
    return text if len(text) <= limit else text[:limit].rsplit(" ", 1)[0] + " …"


class _Clock:
    """Milliseconds by stage, and in all."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._stages: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self._stages[stage] = (time.perf_counter() - start) * 1000

    def timings(self) -> dict[str, float]:
        return {**self._stages, "total": (time.perf_counter() - self._start) * 1000}
