"""Running the systems one after the other, each in a process of its own so that its memory can be told."""

import re
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
from pydantic import TypeAdapter

from eval.corpus import identify, throw_away
from eval.peers.cited import read_answer
from eval.peers.systems import Found, LangChainPeer, LlamaIndexPeer, Peer, TxtaiPeer
from eval.questions import Question
from eval.runner import Answering, claim, replace, run
from eval.statistics import Interval
from rag.errors import FootnoteError, NotFoundError
from rag.records import Abstract, Answer, Evidence, Hit, Progress, Signals, Verdict, as_json
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
SYSTEMS = (*FOOTNOTE, *PEERS)


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


_STANDING = TypeAdapter(Standing)


@dataclass(frozen=True, slots=True)
class Contest:
    """The systems that got through, and of the others why they did not."""

    standings: tuple[Standing, ...]
    failures: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Work:
    """What every system gets: the questions, the abstracts and the files they were read from, and the identity."""

    asked: Sequence[Question]
    abstracts: Sequence[Abstract]
    paths: Sequence[Path]
    settings: Settings
    identity: Mapping[str, str]


def contest(
    asked: Sequence[Question],
    questions: Sequence[Path],
    paths: Sequence[Path],
    settings: Settings,
    out: Path,
    *,
    progress: Callable[[Progress], None] | None = None,
) -> Contest:
    """The standing of each system over the same abstracts and questions; ``settings.llm`` writes for all of them.

    ``asked`` are of the files ``questions``. Every system has its run in a folder of ``out``, which is resumed.
    Raises LLMError when the language model cannot be used, InputError when ``out`` holds another contest.
    """
    from rag.answer.llm import preflight

    preflight(settings)
    with throw_away(settings, paths) as assistant:
        identity = identify(assistant, questions, ", ".join(path.name for path in paths))
        work = Work(
            list(asked), list(assistant.abstracts()), paths, settings, identity | {"questions": str(len(asked))}
        )
    claim(out, work.identity)
    standings: list[Standing] = []
    failures: dict[str, str] = {}
    for number, system in enumerate(SYSTEMS, start=1):
        found = _enter(system, work, out / re.sub(r"\W+", "-", system.lower()))
        if isinstance(found, Standing):
            standings.append(found)
        else:
            failures[system] = found
        if progress:
            progress(Progress("systems", number, len(SYSTEMS)))
    return Contest(tuple(standings), failures)


def _enter(system: str, work: Work, out: Path) -> Standing | str:
    """How the system did, this time or when it was asked before; or else in a sentence why it failed."""
    kept = out / "standing.json"
    if kept.exists():
        return _STANDING.validate_python(orjson.loads(kept.read_bytes()))
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        try:
            found = process.submit(_run, system, work, out).result()
        except BrokenProcessPool:
            return "its process was ended from outside, as for want of memory."
    if isinstance(found, Standing):
        replace(kept, orjson.dumps(as_json(found)))
    return found


def _run(system: str, work: Work, out: Path) -> Standing | str:
    """In a process of its own; many vendors' exceptions do not come through to another, so a sentence goes back."""
    try:
        return _footnote(system, work, out) if system in FOOTNOTE else _peer(system, work, out)
    except FootnoteError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 (whatever a stock system raises is its own failure)
        from rag.answer.failures import redacted

        return f"{type(error).__name__}: {' '.join(redacted(str(error)).split())[:200]}"


def _footnote(system: str, work: Work, out: Path) -> Standing:
    from rag.assistant import Assistant

    own = work.settings.model_copy(update={"llm": "quotes"}) if system == FOOTNOTE[0] else work.settings
    with tempfile.TemporaryDirectory(prefix="footnote-peers-") as home:
        warm = own.model_copy(update={"home": Path(home), "corpus": "warm"})
        with Assistant.open(warm) as assistant:  # loads what every ingest needs
            assistant.ingest(list(work.paths))
            assistant.ask(work.asked[0].question)
        with Assistant.open(warm.model_copy(update={"corpus": "peers"})) as assistant:
            started = time.perf_counter()
            assistant.ingest(list(work.paths))
            seconds = time.perf_counter() - started
            return _standing(system, work, assistant, seconds, out)


def _peer(system: str, work: Work, out: Path) -> Standing:
    from eval.claims import verdicts
    from rag.answer.llm import connect

    llm = connect(work.settings)
    with tempfile.TemporaryDirectory(prefix="footnote-peers-") as folder:
        peer = PEERS[system](work.settings, llm, Path(folder))
        warm = PEERS[system](work.settings, llm, Path(folder) / "warm")
        warm.ingest(work.abstracts[:1])
        started = time.perf_counter()
        peer.ingest(work.abstracts)
        seconds = time.perf_counter() - started
        answering = PeerAssistant(system, peer, work.abstracts, verdicts(work.settings))
        answering.ask(work.asked[0].question)  # loads the language model
        return _standing(system, work, answering, seconds, out)


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


def _standing(system: str, work: Work, assistant: Answering, seconds: float, out: Path) -> Standing:
    """``seconds`` is how long the ingest took."""
    overall = run(work.asked, assistant, out, identity={**work.identity, "system": system})[0]
    total = overall.latency["total"]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    mebibytes = peak / 1024 if sys.platform != "darwin" else peak / 1024**2
    return Standing(system, overall.metrics, len(work.abstracts) / seconds, total.p50, total.p95, mebibytes)
