"""The gate with the real engine: planted regressions fail it, the unchanged system passes."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from eval.claims import checker
from eval.corpus import SEEDS, throw_away
from eval.gate import GATES, Failure, Gates, check_gates, load_gates, measure
from eval.questions import Question, bundled, load
from eval.scored import Scored
from rag.assistant import Assistant
from rag.records import Abstract, Answer, Citation, Hit
from rag.settings import Settings
from rag.text import split_sentences

pytestmark = [pytest.mark.model, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def asked() -> list[Question]:
    """Every second question of the seeds set: enough for the planted regressions to be significant."""
    return load([bundled("seeds")])[::2]


@pytest.fixture(scope="module")
def assistant() -> Iterator[Assistant]:
    """The real engine over seeds/."""
    with throw_away(Settings(llm="quotes"), [SEEDS]) as opened:
        yield opened


@pytest.fixture(scope="module")
def baseline(asked: list[Question], assistant: Assistant) -> Scored:
    """The system as it is."""
    return measure(asked, assistant, checker(assistant.settings))


@pytest.fixture
def rules() -> Gates:
    """The committed rules against the baseline, without the fixed bounds, which are for the whole set."""
    return replace(load_gates(GATES), minimum={}, maximum={})


def _metrics(failures: Sequence[Failure]) -> set[str]:
    return {failure.metric for failure in failures}


def test_the_unchanged_system_passes_ten_times(asked: list[Question], assistant: Assistant, rules: Gates) -> None:
    """Ten of ten; a few questions do, since each of them has to come out the same."""
    supports = checker(assistant.settings)
    first, *others = [measure(asked[::3], assistant, supports) for _ in range(11)]
    assert len(others) == 10
    assert all(check_gates(now, first, rules) == [] for now in others)


def test_a_worse_fusion_weight_fails(asked: list[Question], baseline: Scored, rules: Gates) -> None:
    """Nearly all weight on BM25."""
    settings = Settings(llm="quotes", weight_chunk=0.05, weight_sentence=0.05, weight_bm25=0.9)
    with throw_away(settings, [SEEDS]) as worse:
        now = measure(asked, worse, checker(settings))
    assert _metrics(check_gates(now, baseline, rules)) & {"recall@1", "mrr@10", "ndcg@10"}


def test_a_checker_that_always_says_yes_fails(
    asked: list[Question], assistant: Assistant, baseline: Scored, rules: Gates
) -> None:
    """It lets through what it must refuse."""
    now = measure(asked, assistant, lambda _claim, _evidence: True)
    assert _metrics(check_gates(now, baseline, rules)) == {"check_refused"}


def test_citations_off_by_one_sentence_fail(
    asked: list[Question], assistant: Assistant, baseline: Scored, rules: Gates
) -> None:
    """Each points at the sentence after the one that was quoted."""
    now = measure(asked, OffByOne(assistant, sentences=1), checker(assistant.settings))
    assert "citation_precision_sentence" in _metrics(check_gates(now, baseline, rules))


def test_citations_off_by_one_character_fail(
    asked: list[Question], assistant: Assistant, baseline: Scored, rules: Gates
) -> None:
    """The quote no longer stands at its offsets."""
    now = measure(asked, OffByOne(assistant, characters=1), checker(assistant.settings))
    assert "citation_valid" in _metrics(check_gates(now, baseline, rules))


class OffByOne:
    """The real assistant, with its citations moved by characters or by whole sentences."""

    def __init__(self, inner: Assistant, *, characters: int = 0, sentences: int = 0) -> None:
        self._inner = inner
        self._characters = characters
        self._sentences = sentences

    def get(self, abstract_id: str) -> Abstract:
        """As it is."""
        return self._inner.get(abstract_id)

    def search(self, query: str, *, limit: int = 10) -> list[Hit]:
        """As it is."""
        return self._inner.search(query, limit=limit)

    def ask(self, question: str, *, history: Sequence[tuple[str, str]] = ()) -> Answer:
        """The answer with moved citations."""
        answer = self._inner.ask(question, history=history)
        moved = tuple(
            replace(each, citations=tuple(self._moved(citation) for citation in each.citations))
            for each in answer.sentences
        )
        return replace(answer, sentences=moved)

    def _moved(self, citation: Citation) -> Citation:
        if self._characters:
            return replace(citation, start=citation.start + self._characters, end=citation.end + self._characters)
        text = self.get(citation.abstract_id).text
        sentences = split_sentences(text)
        at = next(number for number, each in enumerate(sentences) if each.start == citation.start)
        wrong = sentences[(at + self._sentences) % len(sentences)]
        return replace(citation, start=wrong.start, end=wrong.end, quote=wrong.text)
