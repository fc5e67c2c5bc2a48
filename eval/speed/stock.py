"""How fast: ingest against bare embedding and against LlamaIndex's stock pipeline, and the time to an answer."""

import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import orjson

from eval.metrics.latency import Latency, percentiles
from eval.peers.systems import LlamaIndexPeer
from eval.speed.texts import embedded_texts
from rag.assistant import Assistant
from rag.errors import InputError
from rag.index.index import Index
from rag.records import Abstract, Progress
from rag.settings import Settings

WARM = 16
"""Abstracts that each side ingests before the clock runs: models are loaded and compiled by then."""


@dataclass(frozen=True, slots=True)
class Pace:
    """So many tokens were embedded in so many seconds."""

    seconds: float
    tokens: int

    @property
    def tokens_per_second(self) -> float:
        """Tokens a second."""
        return self.tokens / self.seconds


@dataclass(frozen=True, slots=True)
class Speed:
    """What was measured, all in one run on one machine.

    ``ingest`` and ``bare`` are of the same chunks and sentences with the same embedder: the whole ingest, and nothing
    but their embedding. ``llamaindex`` is VectorStoreIndex with HuggingFaceEmbedding on Chroma over the first
    ``llamaindex_abstracts`` abstracts. ``ask`` and ``search`` are of a warm assistant with ``quotes``.
    """

    abstracts: int
    ingest: Pace
    bare: Pace
    llamaindex: Pace
    llamaindex_abstracts: int
    ask: Latency
    search: Latency
    embedder: str

    @property
    def over_bare(self) -> float:
        """Ingest time over the time of the embedding alone; 1 would be free of any overhead."""
        return self.ingest.seconds / self.bare.seconds

    @property
    def over_llamaindex(self) -> float:
        """How many times as many tokens a second as LlamaIndex embeds."""
        return self.ingest.tokens_per_second / self.llamaindex.tokens_per_second


def measure(
    path: Path,
    settings: Settings,
    *,
    limit: int = 2000,
    stock: int = 300,
    questions: int = 100,
    progress: Callable[[Progress], None] | None = None,
) -> Speed:
    """Measure over the first ``limit`` abstracts of a file; ``stock`` of them for the slower LlamaIndex.

    Questions are the abstracts' titles, or their first sentences. InputError when there are too few abstracts.
    """
    tell = progress or (lambda _: None)
    with tempfile.TemporaryDirectory(prefix="footnote-speed-") as folder:
        home = Path(folder)
        own = settings.model_copy(update={"home": home, "corpus": "source", "llm": "quotes"})
        abstracts = _abstracts(path, own, limit)
        if len(abstracts) < 2 * WARM:
            raise InputError(f"{path} holds {len(abstracts)} abstracts; at least {2 * WARM} are needed to measure.")
        tell(Progress("speed", 1, 4))
        part = _write(home / "part.jsonl", abstracts)
        with _warm(own, home, abstracts) as assistant:
            started = time.perf_counter()
            assistant.ingest([part])
            ingest = time.perf_counter() - started
            tell(Progress("speed", 2, 4))
            bare = _bare(own)
            tell(Progress("speed", 3, 4))
            asked = [abstract.title or abstract.text for abstract in abstracts[:: max(1, len(abstracts) // questions)]]
            assistant.ask(asked[0])
            ask = percentiles([_milliseconds(assistant.ask, each) for each in asked])
            search = percentiles([_milliseconds(assistant.search, each) for each in asked])
            embedder = assistant.stats().embedder
        llamaindex = _llamaindex(own, home, abstracts[:stock])
        tell(Progress("speed", 4, 4))
    return Speed(
        len(abstracts), Pace(ingest, bare.tokens), bare, llamaindex, min(stock, len(abstracts)), ask, search, embedder
    )


def markdown(speed: Speed) -> str:
    """The measurements as a Markdown table."""
    rows = [
        ("Ingest, whole", f"{speed.abstracts / speed.ingest.seconds:,.0f} abstracts/s", _pace(speed.ingest)),
        (
            "Bare embedding of the same text",
            f"{speed.abstracts / speed.bare.seconds:,.0f} abstracts/s",
            _pace(speed.bare),
        ),
        ("Ingest over bare embedding", f"{speed.over_bare:.2f} times", ""),
        (
            f"LlamaIndex, stock, {speed.llamaindex_abstracts} abstracts",
            f"{speed.llamaindex_abstracts / speed.llamaindex.seconds:,.0f} abstracts/s",
            _pace(speed.llamaindex),
        ),
        ("Ingest over LlamaIndex, per embedded token", f"{speed.over_llamaindex:.1f} times", ""),
        ("`ask` with quotes, warm", f"p50 {speed.ask.p50:.0f} ms", f"p95 {speed.ask.p95:.0f} ms"),
        ("`search`, warm", f"p50 {speed.search.p50:.0f} ms", f"p95 {speed.search.p95:.0f} ms"),
    ]
    head = f"| {speed.abstracts:,} abstracts, {speed.embedder} | | |\n|---|---|---|"
    return "\n".join([head, *(f"| {label} | {value} | {more} |" for label, value, more in rows)])


def _abstracts(path: Path, settings: Settings, limit: int) -> list[Abstract]:
    """The first abstracts of the file, read and cleaned as an ingest does, without embedding them."""
    from rag.corpus import clean, read
    from rag.records import Rejection

    found: dict[str, Abstract] = {}
    for record in read([str(path)]):
        abstract = record if isinstance(record, Rejection) else clean(record)
        if not isinstance(abstract, Rejection):
            found.setdefault(abstract.text, abstract)
        if len(found) == limit:
            break
    return list(found.values())


def _write(path: Path, abstracts: Sequence[Abstract]) -> Path:
    """The abstracts as a JSON Lines file of title and text."""
    lines = [orjson.dumps({"title": "" if each.title_derived else each.title, "text": each.text}) for each in abstracts]
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


def _warm(settings: Settings, home: Path, abstracts: Sequence[Abstract]) -> AbstractContextManager[Assistant]:
    """An assistant with an empty corpus in a process that has ingested and asked before."""
    with Assistant.open(settings.model_copy(update={"corpus": "warm"})) as assistant:
        assistant.ingest([_write(home / "warm.jsonl", abstracts[:WARM])])
        assistant.ask(abstracts[0].text[:100])
    return Assistant.open(settings.model_copy(update={"corpus": "measured"}))


def _bare(settings: Settings) -> Pace:
    """Only the embedding of all chunks and sentences that the measured corpus holds, in one call."""
    index = Index(settings.model_copy(update={"corpus": "measured"}))
    try:
        texts = embedded_texts(index, index.catalog.keys())
        index.embedder.encode(texts[:WARM])
        started = time.perf_counter()
        index.embedder.encode(texts)
        seconds = time.perf_counter() - started
        return Pace(seconds, sum(index.embedder.count_tokens(texts)))
    finally:
        index.close()


def _llamaindex(settings: Settings, home: Path, abstracts: Sequence[Abstract]) -> Pace:
    """Stock ingestion; the tokens are those of the chunks it made, cut at the embedder's window as it cuts them."""
    from llama_index.core.llms import MockLLM

    warm = LlamaIndexPeer(settings, MockLLM(), home / "llamaindex-warm")
    warm.ingest(abstracts[:WARM])
    peer = LlamaIndexPeer(settings, MockLLM(), home / "llamaindex")
    started = time.perf_counter()
    peer.ingest(abstracts)
    seconds = time.perf_counter() - started
    index = Index(settings.model_copy(update={"corpus": "tokens"}))
    try:
        return Pace(seconds, sum(index.embedder.count_tokens([abstract.text for abstract in abstracts])))
    finally:
        index.close()


def _milliseconds(call: Callable[[str], object], text: str) -> float:
    started = time.perf_counter()
    call(text)
    return (time.perf_counter() - started) * 1000


def _pace(pace: Pace) -> str:
    return f"{pace.seconds:.1f} s, {pace.tokens_per_second:,.0f} tokens/s"
