"""Running the systems one after the other, each in a process of its own so that its memory can be told."""

import resource
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from eval.corpus import throw_away
from eval.peers.cited import read_answer
from eval.peers.systems import Found, LangChainPeer, LlamaIndexPeer, Peer, TxtaiPeer
from eval.questions import Question
from eval.runner import Answering, ask
from eval.scoring import score, summarise
from eval.statistics import Interval
from rag.errors import NotFoundError
from rag.records import Abstract, Answer, Evidence, Hit, Progress, Signals, Verdict
from rag.settings import Settings
from rag.text import split_sentences

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

FOOTNOTE = ("Footnote, quotes", "Footnote, same model")
PEERS: Mapping[str, "Callable[[Settings, LLM, Path], Peer]"] = {
    "LlamaIndex CitationQueryEngine": LlamaIndexPeer,
    "LangChain chain on Chroma": LangChainPeer,
    "txtai": TxtaiPeer,
}


@dataclass(frozen=True, slots=True)
class Standing:
    """How a system did: its metrics, and what it took.

    ``ingest_rate`` is abstracts a second, models loaded before; ``memory`` the peak of the process in MiB; ``p50`` and
    ``p95`` are milliseconds from question to answer.
    """

    system: str
    metrics: Mapping[str, Interval]
    ingest_rate: float
    p50: float
    p95: float
    memory: float


def contest(
    asked: Sequence[Question],
    paths: Sequence[Path],
    settings: Settings,
    *,
    systems: Sequence[str] = (*FOOTNOTE, *PEERS),
    progress: Callable[[Progress], None] | None = None,
) -> list[Standing]:
    """The standing of each system over the same abstracts and questions; ``settings.llm`` writes for all of them."""
    with throw_away(settings, paths) as assistant:
        abstracts = list(assistant.abstracts())
    standings = []
    for number, system in enumerate(systems, start=1):
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            run = _footnote if system in FOOTNOTE else _peer
            standings.append(process.submit(run, system, list(asked), abstracts, list(paths), settings).result())
        if progress:
            progress(Progress("systems", number, len(systems)))
    return standings


def _footnote(
    system: str, asked: Sequence[Question], abstracts: Sequence[Abstract], paths: Sequence[Path], settings: Settings
) -> Standing:
    from rag.assistant import Assistant

    own = settings.model_copy(update={"llm": "quotes"}) if system == FOOTNOTE[0] else settings
    with tempfile.TemporaryDirectory(prefix="footnote-peers-") as home:
        warm = own.model_copy(update={"home": Path(home), "corpus": "warm"})
        with Assistant.open(warm) as assistant:  # loads what every ingest needs
            assistant.ingest(list(paths))
            assistant.ask(asked[0].question)
        with Assistant.open(warm.model_copy(update={"corpus": "peers"})) as assistant:
            started = time.perf_counter()
            assistant.ingest(list(paths))
            seconds = time.perf_counter() - started
            return _standing(system, asked, assistant, len(abstracts) / seconds)


def _peer(
    system: str, asked: Sequence[Question], abstracts: Sequence[Abstract], paths: Sequence[Path], settings: Settings
) -> Standing:
    del paths
    from eval.claims import verdicts
    from rag.answer.llm import connect, preflight

    preflight(settings)
    llm = connect(settings)
    with tempfile.TemporaryDirectory(prefix="footnote-peers-") as folder:
        peer = PEERS[system](settings, llm, Path(folder))
        warm = PEERS[system](settings, llm, Path(folder) / "warm")
        warm.ingest(abstracts[:1])
        started = time.perf_counter()
        peer.ingest(abstracts)
        seconds = time.perf_counter() - started
        answering = PeerAssistant(system, peer, abstracts, verdicts(settings))
        answering.ask(asked[0].question)  # loads the language model
        return _standing(system, asked, answering, len(abstracts) / seconds)


class PeerAssistant:
    """A peer behind the doors that a run uses."""

    def __init__(
        self,
        system: str,
        peer: Peer,
        abstracts: Sequence[Abstract],
        verdict: Callable[[str, Sequence[str]], Verdict],
    ) -> None:
        self._system = system
        self._peer = peer
        self._abstracts = {abstract.id: abstract for abstract in abstracts}
        self._verdict = verdict

    def get(self, abstract_id: str) -> Abstract:
        """The abstract of that id; NotFoundError when there is none."""
        if abstract_id not in self._abstracts:
            raise NotFoundError(f"There is no abstract {abstract_id!r} among those ingested; ingest it too.")
        return self._abstracts[abstract_id]

    def ask(self, question: str, *, history: Sequence[tuple[str, str]] = ()) -> Answer:
        """The system's answer; earlier questions are put before a follow-up, as the systems keep no history."""
        query = " ".join([*(asked for asked, _ in history), question])
        written = self._peer.answer(query)
        best = self._peer.search(query, 1)
        confidence = min(1.0, max(0.0, best[0].similarity)) if best else 0.0
        shown = [self._abstracts[id_] for id_ in written.shown]
        return read_answer(query, written.text, shown, confidence, self._system, self._verdict)

    def search(self, query: str, *, limit: int = 10) -> list[Hit]:
        """The system's hits; it ranks no sentences, so those of a better abstract come first, in their order."""
        return [self._hit(found) for found in self._peer.search(query, limit)]

    def _hit(self, found: Found) -> Hit:
        abstract = self.get(found.abstract_id)
        evidence = tuple(
            Evidence(abstract, sentence, found.similarity, found.similarity)
            for sentence in split_sentences(abstract.text)
        )
        return Hit(abstract, found.similarity, evidence, Signals(found.similarity, 0.0, 0.0, 0.0))


def _standing(system: str, asked: Sequence[Question], assistant: Answering, rate: float) -> Standing:
    results = [ask(question, assistant) for question in asked]
    overall = summarise(score(results))[0]
    total = overall.latency["total"]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    mebibytes = peak / 1024 if sys.platform != "darwin" else peak / 1024**2
    return Standing(system, overall.metrics, rate, total.p50, total.p95, mebibytes)
