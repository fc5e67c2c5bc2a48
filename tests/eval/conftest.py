"""An assistant small enough to reason about, over six made-up abstracts, and questions about them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from eval.questions import Question, parse
from rag.errors import NotFoundError
from rag.records import (
    Abstract,
    Answer,
    AnswerSentence,
    Citation,
    Evidence,
    Hit,
    Signals,
)
from rag.text import content_words, split_sentences

TEXTS = {
    "fern": "Fern is a method for pruning networks. It removes 40 percent of all weights. Accuracy stays the same.",
    "moss": "Moss is a corpus of 12 river recordings. Each recording lasts one hour. Experts labelled every bird.",
    "pine": "We study sleep in bees. Bees sleep longer after long flights. The effect vanishes in winter.",
    "reed": "Reed compiles proofs to circuits. Circuits shrink by half. Verification takes two seconds.",
    "sage": "Sage ranks answers by doubt. Doubt comes from five small judges. Judges disagree on puns.",
    "yew": "A survey of tea ceremonies <script>alert(1)</script> is given. Nine schools are compared. None uses sugar.",
}


@dataclass
class WordOverlapAssistant:
    """Quotes the sentence that shares most words with the question; declines when fewer than two are shared.

    ``shift`` moves every citation by that many sentences; ``asked`` records what was asked.
    """

    shift: int = 0
    fail_after: int | None = None
    asked: list[str] = field(default_factory=list)

    def get(self, abstract_id: str) -> Abstract:
        """The abstract of that id."""
        if abstract_id not in TEXTS:
            raise NotFoundError(f"There is no abstract {abstract_id!r}.")
        return Abstract(abstract_id, TEXTS[abstract_id], f"Title of {abstract_id}")

    def search(self, query: str, *, limit: int = 10) -> list[Hit]:
        """All abstracts by the words they share with the query."""
        return sorted((self._hit(query, id_) for id_ in TEXTS), key=lambda hit: -hit.score)[:limit]

    def ask(self, question: str, *, history: Sequence[tuple[str, str]] = ()) -> Answer:
        """One quoted sentence of the best abstract, or an abstention."""
        if self.fail_after is not None and len(self.asked) >= self.fail_after:
            raise KeyboardInterrupt
        self.asked.append(question)
        query = " ".join([*(asked for asked, _ in history), question])
        best = self.search(query)[0]
        confidence = min(1.0, best.score / 4)
        if best.score < 2:
            return Answer(question, query, (), (), True, confidence, "quotes", "Nothing was found.", (best.abstract,))
        sentences = split_sentences(best.abstract.text)
        chosen = sentences[(best.evidence[0].sentence.number + self.shift) % len(sentences)]
        citation = Citation(1, best.abstract.id, chosen.start, chosen.end, chosen.text, best.score)
        said = AnswerSentence(chosen.text, "quoted", (citation,))
        timings = {"search": 1.0, "compose": 2.0}
        return Answer(question, query, (said,), (best.abstract,), False, confidence, "quotes", timings=timings)

    def _hit(self, query: str, abstract_id: str) -> Hit:
        abstract = self.get(abstract_id)
        words = set(content_words(query))
        evidence = tuple(
            sorted(
                (
                    Evidence(abstract, each, float(len(words & set(content_words(each.text)))), 0.0)
                    for each in split_sentences(abstract.text)
                ),
                key=lambda found: -found.score,
            )
        )
        score = float(len(words & set(content_words(abstract.text))))
        return Hit(abstract, score, evidence, Signals(0.0, 0.0, score, 0.0))


@pytest.fixture
def make_assistant() -> Callable[..., WordOverlapAssistant]:
    """The class of the double."""
    return WordOverlapAssistant


@pytest.fixture
def questions() -> list[Question]:
    """Eight questions: five answered rightly, the follow-up with a wrong sentence, one answered that has no answer."""

    def ask(
        id_: str, text: str, gold: str, sentence: str, fact: str, type_: str = "factoid", **more: object
    ) -> Question:
        return parse(
            {
                "id": id_,
                "question": text,
                "type": type_,
                "answerable": True,
                "gold_abstract_ids": [gold],
                "gold_evidence": [{"abstract_id": gold, "sentences": [sentence]}],
                "key_facts": [[fact]],
                "reference_answer": sentence,
                **more,
            }
        )

    def decline(id_: str, text: str, type_: str) -> Question:
        return parse({"id": id_, "question": text, "type": type_, "answerable": False})

    return [
        ask(
            "fern-1",
            "How many percent of all weights are removed?",
            "fern",
            "It removes 40 percent of all weights.",
            "40",
        ),
        ask(
            "moss-1", "How many river recordings are in Moss?", "moss", "Moss is a corpus of 12 river recordings.", "12"
        ),
        ask("pine-1", "Do bees sleep longer after flights?", "pine", "Bees sleep longer after long flights.", "longer"),
        ask("sage-1", "How many small judges express doubt?", "sage", "Doubt comes from five small judges.", "five"),
        ask("yew-1", "Which nine schools are compared?", "yew", "Nine schools are compared.", "nine"),
        ask(
            "moss-2",
            "How long is each?",
            "moss",
            "Each recording lasts one hour.",
            "one hour",
            "followup",
            history=[["What are river recordings in Moss?", "A corpus."]],
        ),
        decline("near-1", "Do bees dream in winter flights?", "nearmiss"),
        decline("off-1", "Who won the chess olympiad?", "offtopic"),
    ]
