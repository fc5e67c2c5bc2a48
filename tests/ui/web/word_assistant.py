"""An assistant in memory that answers by shared words, with real records: quick, and without any model."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np

from rag.assistant import Assistant, CorpusStats
from rag.errors import InputError, LLMUnavailableError, NotFoundError
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
    Hit,
    IngestReport,
    Progress,
    Retrieved,
    Signals,
    Source,
)
from rag.settings import Settings
from rag.text import content_words, derived_id, split_sentences


def abstract_of(text: str, title: str = "", **known: Any) -> Abstract:
    """An abstract with the id and title it would get."""
    return Abstract(
        derived_id(text), text, title or text.split(",")[0][:60], not title, sources=(Source("a.txt", 1),), **known
    )


@dataclass
class WordAssistant:
    """The part of ``rag.Assistant`` that the page uses. Composer "slow" writes drafts until ``released``."""

    known: list[Abstract]
    settings: Settings
    given: list[tuple[Answer, bool]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    cancelled: threading.Event = field(default_factory=threading.Event)

    def count(self, filters: Filters | None = None) -> int:
        return len(list(self.abstracts(filters=filters)))

    def get(self, abstract_id: str) -> Abstract:
        for each in self.known:
            if each.id == abstract_id:
                return each
        raise NotFoundError(f"There is no abstract {abstract_id!r}.")

    def abstracts(
        self, *, filters: Filters | None = None, limit: int | None = None, offset: int = 0
    ) -> Iterator[Abstract]:
        yield from [each for each in self.known if _passes(each, filters or Filters())][offset:][:limit]

    def stats(self) -> CorpusStats:
        years = {each.year: 1 for each in self.known if each.year}
        venues = {each.venue: 1 for each in self.known if each.venue}
        sources = {source.path: 1 for each in self.known for source in each.sources}
        return CorpusStats("default", "", len(self.known), 0, 0, sources, years, venues, "words", 0)

    def search(self, query: str, *, limit: int = 10, filters: Filters | None = None) -> list[Hit]:
        wanted = set(content_words(query))
        hits = []
        for each in self.abstracts(filters=filters):
            found = [
                Evidence(each, sentence, score, score)
                for sentence in split_sentences(each.text)
                if (score := float(len(wanted & set(content_words(sentence.text)))))
            ]
            found.sort(key=lambda evidence: -evidence.score)
            if found:
                hits.append(Hit(each, found[0].score, tuple(found), Signals(0, 0, 0, 0)))
        return sorted(hits, key=lambda hit: -hit.score)[:limit]

    def ask(self, question: str, **how: Any) -> Answer:
        *_, last = self.stream(question, **how)
        assert isinstance(last, Finished)
        return last.answer

    def stream(
        self,
        question: str,
        *,
        history: Sequence[tuple[str, str]] = (),
        filters: Filters | None = None,
        llm: str | None = None,
    ) -> Iterator[Event]:
        if llm == "dead":
            raise LLMUnavailableError("The server at http://127.0.0.1:1 did not answer; start it and ask again.")
        started = time.perf_counter()
        query = f"{history[-1][0]} {question}" if history and len(content_words(question)) < 3 else question
        hits = self.search(query, limit=3, filters=filters)
        yield Retrieved(tuple(hits))
        if llm == "slow":
            try:
                while not self.released.wait(0.05):
                    yield Draft("word ")
            finally:
                self.cancelled.set()
        best = [hit.evidence[0] for hit in hits[:2]]
        sentences = tuple(
            AnswerSentence(
                found.sentence.text,
                "quoted",
                (
                    Citation(
                        marker, found.abstract.id, found.sentence.start, found.sentence.end, found.sentence.text, 1.0
                    ),
                ),
            )
            for marker, found in enumerate(best, start=1)
        )
        yield Finished(
            Answer(
                question,
                query,
                sentences,
                tuple(found.abstract for found in best),
                not best,
                0.9 if best else 0.1,
                llm or "quotes",
                "" if best else "The abstracts do not say.",
                nearest=tuple(self.known[:2]),
                timings={"total": 1000 * (time.perf_counter() - started)},
            )
        )

    def ingest(self, paths: Sequence[str | Path], *, progress: Callable[[Progress], None]) -> IngestReport:
        added = 0
        for path in map(Path, paths):
            try:
                lines = path.read_text("utf-8").splitlines()
            except UnicodeDecodeError:
                raise InputError(f"{path.name} is not text; give a text file.") from None
            for line in filter(None, lines):
                self.known.append(abstract_of(line))
                added += 1
                progress(Progress("embedding", added, len(lines)))
        return IngestReport(added=added, files=len(paths))

    def remove(self, ids: Sequence[str]) -> int:
        before = len(self.known)
        self.known = [each for each in self.known if each.id not in ids]
        return before - len(self.known)

    def vectors(self) -> tuple[list[str], Any]:
        drawn = np.random.default_rng(0).normal(size=(len(self.known), 16)).astype(np.float32)
        return [each.id for each in self.known], drawn / np.linalg.norm(drawn, axis=1, keepdims=True)

    def add_feedback(self, answer: Answer, good: bool, comment: str = "") -> None:
        self.given.append((answer, good))

    def as_assistant(self) -> Assistant:
        """This object under the type the page asks for."""
        return cast(Assistant, self)


def _passes(abstract: Abstract, filters: Filters) -> bool:
    year = abstract.year
    return (
        (filters.year_from is None or (year is not None and year >= filters.year_from))
        and (filters.year_to is None or (year is not None and year <= filters.year_to))
        and (not filters.venues or abstract.venue in filters.venues)
        and (not filters.sources or any(source.path in filters.sources for source in abstract.sources))
    )
