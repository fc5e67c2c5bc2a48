"""The composition root: one corpus, opened with its settings, and everything that can be asked of it."""

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import orjson

from rag.errors import CorpusDamagedError, NotFoundError, UsageError
from rag.index.index import Index, Report, Verification
from rag.records import Abstract, Answer, Event, Filters, Finished, Hit, IngestReport, as_json
from rag.settings import Settings
from rag.text import normalise, without_surrogates

if TYPE_CHECKING:
    from llama_index.core.llms import LLM
    from numpy.typing import NDArray

    from rag.answer.answerer import Answerer
    from rag.index.backup import Manifest
    from rag.index.embed import Embedder
    from rag.index.handover import Door
    from rag.llamaindex import FootnoteQueryEngine, FootnoteRetriever
    from rag.reader import Reader
    from rag.retrieve.retriever import Retriever

PAGE = 500

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CorpusStats:
    """What a corpus holds. ``embedder`` is empty while nothing has been ingested; sizes are bytes."""

    corpus: str
    folder: str
    abstracts: int
    sentences: int
    chunks: int
    sources: dict[str, int]
    years: dict[int, int]
    venues: dict[str, int]
    embedder: str
    bytes_on_disk: int

    def to_dict(self) -> dict[str, Any]:
        """The JSON that every surface returns."""
        return dict(as_json(self))


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a user thought of an answer (as its JSON), and when."""

    given: str
    good: bool
    comment: str
    answer: dict[str, Any]


class Assistant:
    """Answers questions over one corpus. Open it with ``Assistant.open``; it is a context manager.

    Safe for several threads: questions run side by side, an ingest runs while others ask.
    """

    def __init__(self, settings: Settings, llm: "LLM | None" = None, embedder: "Embedder | None" = None) -> None:
        self.settings = settings
        self._given = llm
        self._llms: dict[str, LLM] = {}
        self._making = threading.RLock()
        self._index = Index(settings, embedder)

    @classmethod
    def open(
        cls, settings: Settings | None = None, *, llm: "LLM | None" = None, embedder: "Embedder | None" = None
    ) -> Self:
        """Open the corpus that ``settings`` name, made when new; None reads ``RAG_*`` and ``.env``.

        ``llm`` is any LlamaIndex LLM to compose with, ``embedder`` any Embedder to index and search with, instead of the
        ones the settings name. Models are loaded when first needed. Raises CorpusError when the corpus cannot be used as it is.
        """
        return cls(settings if settings is not None else Settings(), llm, embedder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the files. What another process handed over and is not finished, it then does itself."""
        if "_door" in self.__dict__:
            self._door.close()
        self._index.close()

    # --- filling the corpus ---------------------------------------------------------------------------------------

    def ingest(
        self,
        paths: Sequence[str | Path],
        *,
        fields: Mapping[str, str] | None = None,
        sync: bool = False,
        ray: str | None = None,
        progress: Report | None = None,
    ) -> IngestReport:
        """Bring in the abstracts of files, folders, globs or ``-`` (standard input); see the report for every record.

        ``fields`` says which of the files' own fields are meant where their names do not: ``{"text": "AB"}``. With
        ``sync``, abstracts that the files held before and no longer hold are removed, unless another file holds them
        too; a file that cannot be read, or gives nothing, removes nothing. A process that is ingesting already, or a
        server, takes the work over; the report is the same. Raises InputError for a path that does not exist or a field
        that abstracts do not have, and CorpusLockedError while another process writes and takes no work. It may be
        interrupted at any moment and repeated: what is there already is skipped.

        ``ray`` fans the embedding out over the workers of a Ray cluster: "local", HOST:PORT or ray://HOST:PORT; writing
        stays here. Raises ClusterError when the cluster cannot be used.
        """
        return self._door.ingest(paths, progress, fields=dict(fields) if fields else None, sync=sync, ray=ray)

    def take_ingests(self) -> None:
        """Do the ingests of other processes here until this assistant is closed, so that its readers see them first."""
        self._door.open()

    @cached_property
    def _door(self) -> "Door":
        from rag.index.handover import Door

        with self._making:
            return self.__dict__.get("_door") or Door(self._index)

    def remove(self, ids: Sequence[str] = (), *, filters: Filters | None = None) -> int:
        """Remove the abstracts of these ids, or those that ``filters`` let through; returns how many.

        A filter by sources takes these sources away: an abstract that another file holds too stays. Raises
        NotFoundError, removing nothing, when an id is unknown, and UsageError when neither or both are given.
        """
        from rag.index.removal import remove

        return remove(self._index, ids, filters)

    def rebuild(self, progress: Report | None = None) -> None:
        """Make the vector store and the text index again from the catalog."""
        self._index.rebuild(progress)

    def backup(self, file: str | Path) -> "Manifest":
        """Write the corpus to one compressed ``file``, whole or not at all, while questions and ingests go on.

        Returns what it holds. Raises CorpusError when it cannot be written.
        """
        from rag.index.backup import backup

        return backup(self._index.catalog, Path(file).expanduser())

    @classmethod
    def restore(
        cls,
        file: str | Path,
        settings: Settings | None = None,
        *,
        force: bool = False,
        progress: Report | None = None,
        embedder: "Embedder | None" = None,
    ) -> Self:
        """The assistant of the corpus that ``settings`` name, with what the backup ``file`` holds in it.

        Processes that have the corpus open see it too; nothing is embedded again. Raises InputError, touching nothing,
        when ``file`` is not a whole backup, UsageError without ``force`` when the corpus holds abstracts, and
        CorpusLockedError while another process writes. A damaged catalog is moved aside with ``force``.
        """
        from rag.index.backup import read_manifest, restore, set_aside

        settings, file = settings if settings is not None else Settings(), Path(file).expanduser()
        read_manifest(file)
        try:
            assistant = cls.open(settings, embedder=embedder)
            if force and assistant._index.catalog.check():
                assistant.close()
                set_aside(settings.folder)
                assistant = cls.open(settings, embedder=embedder)
        except CorpusDamagedError:
            if not force:
                raise
            set_aside(settings.folder)
            assistant = cls.open(settings, embedder=embedder)
        try:
            restore(assistant._index, file, force=force, report=progress)
        except BaseException:
            assistant.close()
            raise
        return assistant

    def verify(self) -> Verification:
        """Compare the catalog with the vector store and the text index."""
        return self._index.verify()

    # --- asking ---------------------------------------------------------------------------------------------------

    def ask(
        self,
        question: str,
        *,
        history: Sequence[tuple[str, str]] = (),
        filters: Filters | None = None,
        llm: str | None = None,
    ) -> Answer:
        """The checked answer, or an abstention.

        ``history`` are earlier (question, answer) pairs; ``llm`` names another composer for this question, in the
        grammar of ``Settings.llm``. Raises UsageError for an empty question and LLMError when a language model fails.
        """
        for event in self.stream(question, history=history, filters=filters, llm=llm):
            if isinstance(event, Finished):
                return event.answer
        raise AssertionError("a stream ends with Finished")

    def stream(
        self,
        question: str,
        *,
        history: Sequence[tuple[str, str]] = (),
        filters: Filters | None = None,
        llm: str | None = None,
    ) -> Iterator[Event]:
        """The events of an answer: Retrieved, Draft as a language model writes, Finished. Closing it cancels the model."""
        return self._answerer.stream(question, history, filters, llm)

    def search(self, query: str, *, limit: int = 10, filters: Filters | None = None) -> list[Hit]:
        """The abstracts that match best, with their sentences, nearest first; raises UsageError for a ``limit`` below 0."""
        if limit < 0:
            raise UsageError(f"A search cannot have limit {limit}; ask for 0 or more abstracts.")
        return self._retriever.search(query, limit, filters)

    @cached_property
    def _retriever(self) -> "Retriever":
        from rag.retrieve.retriever import Retriever, load_reranker

        with self._making:
            return Retriever(self._index, self.settings, load_reranker(self.settings.reranker))

    @cached_property
    def _answerer(self) -> "Answerer":
        from rag.answer.answerer import Answerer
        from rag.answer.check import Checker

        retriever = self._retriever  # whoever is making it waits for ``_making``, and is waited for
        with self._making:
            checker = Checker(self._index.embedder)
            return Answerer(retriever, checker, self.settings, self._connect, self._given, self.reader)

    @cached_property
    def reader(self) -> "Reader | None":
        """The evidence reader that the settings name; None for none, or where the bundled weights are missing.

        Raises ModelError when it cannot be loaded.
        """
        if self.settings.reader == "none":
            return None
        from rag.reader import WEIGHTS, Reader

        if self.settings.reader != "bundled":
            return Reader.load(Path(self.settings.reader).expanduser())
        if not WEIGHTS.is_dir():
            _log.warning(
                "The evidence reader's weights are missing, so likeness picks the sentences; reinstall Footnote."
            )
            return None
        return Reader.load()

    def _connect(self, name: str) -> "LLM":
        """The language model of that name, connected once and checked first."""
        from rag.answer.llm import connect, preflight

        with self._making:
            if name not in self._llms:
                settings = self.settings.model_copy(update={"llm": name})
                preflight(settings)
                self._llms[name] = connect(settings)
            return self._llms[name]

    # --- looking into the corpus ----------------------------------------------------------------------------------

    def get(self, abstract_id: str) -> Abstract:
        """The abstract of that id, or of that DOI, PMID or arXiv id; raises NotFoundError, also when several have it."""
        from rag.retrieve.named import named

        catalog = self._index.catalog
        key = catalog.key_of(without_surrogates(abstract_id))
        papers = named(catalog, normalise(abstract_id)).values() if key is None else [catalog.abstracts([key]).values()]
        found = [paper for some in papers for paper in some]
        if len(found) > 1:
            ids = ", ".join(paper.id for paper in found)
            raise NotFoundError(f"{abstract_id!r} is said of several abstracts; ask for one of them by its id: {ids}.")
        if not found:
            raise NotFoundError(f"There is no abstract {abstract_id!r} in this corpus; see: rag list.")
        return found[0]

    def versions(self, abstract_id: str) -> tuple[Abstract, ...]:
        """The other versions of the paper (a preprint, a reprint with small changes), oldest first; raises NotFoundError."""
        return tuple(self.get(each) for each in self.get(abstract_id).versions)

    def abstracts(
        self, *, filters: Filters | None = None, limit: int | None = None, offset: int = 0
    ) -> Iterator[Abstract]:
        """The abstracts in the order they came, read a page at a time."""
        keys = self._index.catalog.keys(filters)[offset:][:limit]
        for start in range(0, len(keys), PAGE):
            page = keys[start : start + PAGE]
            found = self._index.catalog.abstracts(page)
            yield from (found[key] for key in page if key in found)

    def count(self, filters: Filters | None = None) -> int:
        """How many abstracts there are, or how many ``filters`` leave."""
        catalog = self._index.catalog
        return len(catalog.keys(filters)) if filters else catalog.count()

    def stats(self) -> CorpusStats:
        """What the corpus holds."""
        catalog = self._index.catalog
        sentences, chunks = catalog.totals()
        embedder = catalog.embedder()
        return CorpusStats(
            corpus=self.settings.corpus,
            folder=str(self._index.folder),
            abstracts=catalog.count(),
            sentences=sentences,
            chunks=chunks,
            sources=catalog.counts_by("path"),
            years=catalog.counts_by("year"),
            venues=catalog.counts_by("venue"),
            embedder=embedder.name if embedder else "",
            bytes_on_disk=sum(map(_size, self._index.folder.rglob("*"))),
        )

    def vectors(self) -> "tuple[list[str], NDArray[np.float32]]":
        """Ids and one unit vector an abstract, float32 (n, dimensions): the mean of its chunks. For maps and plots."""
        catalog = self._index.catalog
        keys = catalog.keys()
        ids: list[str] = []
        rows = []
        for start in range(0, len(keys), PAGE):
            page = keys[start : start + PAGE]
            abstracts, vectors = catalog.abstracts(page), catalog.vectors(page)
            for key in page:
                if key in abstracts and key in vectors:
                    ids.append(abstracts[key].id)
                    rows.append(vectors[key].chunk_vectors.astype(np.float32).mean(axis=0))
        if not rows:
            return [], np.zeros((0, 0), np.float32)
        matrix = np.stack(rows)
        return ids, matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-12)

    def add_feedback(self, answer: Answer, good: bool, comment: str = "") -> None:
        """Keep what a user thought of an answer, in the catalog."""
        given = datetime.now(UTC).isoformat(timespec="seconds")
        self._index.catalog.add_feedback(
            given, good, without_surrogates(comment), orjson.dumps(answer.to_dict()).decode()
        )

    def feedback(self) -> list[Feedback]:
        """All feedback in the order it was given."""
        return [
            Feedback(given, good, comment, orjson.loads(answer))
            for given, good, comment, answer in self._index.catalog.feedback()
        ]

    # --- LlamaIndex -----------------------------------------------------------------------------------------------

    def as_query_engine(self) -> "FootnoteQueryEngine":
        """A LlamaIndex query engine that answers as ``ask`` does."""
        from rag.llamaindex import FootnoteQueryEngine

        return FootnoteQueryEngine(self)

    def as_retriever(self, limit: int = 10) -> "FootnoteRetriever":
        """A LlamaIndex retriever over ``search``; one node a hit."""
        from rag.llamaindex import FootnoteRetriever

        return FootnoteRetriever(self, limit)


def _size(path: Path) -> int:
    """Bytes of a file; 0 of a folder, and of what an index has deleted since it was listed."""
    with suppress(FileNotFoundError):
        return path.stat().st_size if path.is_file() else 0
    return 0
