"""The index of one corpus: the catalog, the two derived indexes and the embedder behind one door.

``Index`` keeps the three stores in step. Everything is written to the catalog first; ``finish`` carries what is
pending there to Chroma and Tantivy, and is what a crash is repaired by.
"""

import logging
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from rag.errors import CorpusDamagedError, CorpusError, CorpusLockedError, VectorStoreError
from rag.index.catalog import Catalog
from rag.index.damage import catalog_damage
from rag.index.embed import Embedder, load
from rag.index.lexical import Lexical
from rag.index.lock import PATIENCE, SHARED_PATIENCE, WriterLock
from rag.index.migrate import migrate
from rag.index.place import EMBEDDED, claim, collection_name
from rag.index.schema import PENDING, REMOVING
from rag.index.soundness import text_index_problems, vector_store_problems
from rag.index.store import ServerStore, Store
from rag.index.vectorise import vectorise
from rag.index.vectors import Vectors
from rag.records import Abstract, Progress
from rag.settings import Settings

if TYPE_CHECKING:
    from rag.index.cluster import Cluster

PAGE = 512
"""Abstracts written to the derived indexes at a time: one Tantivy commit (35 ms) for about 5 s of embedding."""
_PRECISION = 1e-2
"""Of a component of a unit vector in Chroma, which keeps it scaled to length one."""
RETRIES = (0.05, 0.2, 0.5, 1.0)
"""Seconds between attempts to read indexes that another process may be writing."""
REBUILDING = (1.0,) * 20
"""Seconds between further attempts while the catalog says that a writer is in the middle of something."""

if TYPE_CHECKING:
    from numpy.typing import NDArray

T = TypeVar("T")
Report = Callable[[Progress], None]
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Verification:
    """What ``verify`` found: one sentence for each kind of disagreement, none when all stores agree."""

    abstracts: int
    problems: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


class Index:
    """Opens, or makes, the corpus that the settings name. Safe to use from several threads."""

    def __init__(self, settings: Settings, embedder: Embedder | None = None) -> None:
        self.settings = settings
        self._embedder = embedder
        self._cluster: Cluster | None = None
        self.folder = settings.folder
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CorpusError(
                f"The corpus folder {self.folder} cannot be made ({error.strerror}); set RAG_HOME to a folder that "
                "you may write to."
            ) from error
        self.lock = WriterLock(self.folder, SHARED_PATIENCE if settings.chroma_url else PATIENCE)
        migrate(self.folder / "catalog.sqlite", self.lock)
        self.catalog = Catalog(self.folder / "catalog.sqlite")
        self._opening = threading.RLock()
        self._counted: tuple[int, int] | None = None
        try:
            self._seen = self.catalog.generation()
            if self.catalog.unfinished():
                # Whoever holds the lock is at work on it, or will find what a crash left when it comes to write.
                # With a vector store out of reach the corpus can still be listed, exported and moved by ``rebuild``.
                with suppress(CorpusLockedError, VectorStoreError), self.writing(PATIENCE):
                    pass
        except sqlite3.DatabaseError as error:
            self.close()
            raise self.catalog.said(error) from error

    @cached_property
    def embedder(self) -> Embedder:
        """The embedder, loaded when first needed and checked against the corpus."""
        with self._opening:
            embedder = self._embedder or load(self.settings)
            self.catalog.claim_embedder(embedder.identity, write=False)
            return embedder

    @cached_property
    def store(self) -> Store:
        """The vector store, opened when first needed."""
        with self._opening:
            opened: Store | None = self.__dict__.get("store")
            return opened or self._claimed_store()

    def _claimed_store(self) -> Store:
        if not self.settings.chroma_url:
            claim(self.catalog, EMBEDDED)  # before the folder is made
        store = self._open_store()
        try:
            claim(self.catalog, store.identity)
        except BaseException:
            store.close()
            raise
        return store

    def _open_store(self) -> Store:
        if self.settings.chroma_url:
            return ServerStore(self.settings, collection_name(self.catalog, self.settings.corpus))
        return Store(self.folder / "chroma")

    @cached_property
    def lexical(self) -> Lexical:
        """The BM25 index, opened when first needed."""
        with self._opening:
            return self.__dict__.get("lexical") or Lexical(self.folder / "lexical")

    def close(self) -> None:
        """Release every file."""
        for name in ("store", "lexical"):
            if name in self.__dict__:
                self.__dict__.pop(name).close()
        self.catalog.close()

    def refresh(self) -> None:
        """See what another process has written since: one catalog look-up when nothing was."""
        if self.catalog.generation() == self._seen:
            return
        with self._opening:
            generation = self.catalog.generation()
            if generation != self._seen:
                self._reopen()
                self._seen = generation

    def _reopen(self) -> None:
        if "store" in self.__dict__:
            self.store.reopen()
            claim(self.catalog, self.store.identity)
        if "lexical" in self.__dict__:
            self.lexical.reload()

    def reading(self, read: Callable[[], T]) -> T:
        """What ``read`` finds in up-to-date indexes.

        Tried again on indexes opened anew: another process may be in the middle of writing or rebuilding their files,
        and neither Chroma nor Tantivy can tell that from damage. Damage that stays raises CorpusDamagedError.
        """
        for attempt, wait in enumerate((*RETRIES, *REBUILDING)):
            try:
                self.refresh()
                return read()
            except sqlite3.DatabaseError as error:
                if type(error) is not sqlite3.DatabaseError:  # locked, say, which is no damage
                    raise
                raise catalog_damage(self.catalog.path, error) from error
            except CorpusDamagedError as error:
                if attempt >= len(RETRIES) and not self.catalog.unfinished():
                    raise
                _log.info("Reading the indexes again in %.1f s: %s", wait, error)
                time.sleep(wait)
                with self._opening, suppress(CorpusDamagedError):
                    self._reopen()
        self.refresh()
        return read()

    def size(self) -> int:
        """Abstracts that can be searched, counted again when something was written."""
        if self._counted is None or self._counted[0] != self._seen:
            self._counted = (self._seen, self.catalog.count())
        return self._counted[1]

    @contextmanager
    def writing(self, patience: float | None = None) -> Iterator[None]:
        """Hold the writer's lock, with nothing of an earlier crash left over."""
        with self.locked(patience):
            # A server that is away, or an address that was forgotten, is said before anything is embedded.
            if self.settings.chroma_url:
                _ = self.store
            else:
                claim(self.catalog, EMBEDDED)
            self.refresh()
            if self.catalog.unfinished():
                self.finish()
            yield
            self._settle()

    @contextmanager
    def locked(self, patience: float | None = None) -> Iterator[None]:
        """Hold the writer's lock, and Tantivy's own for no longer than that: another process may be next."""
        with self.lock.held(patience):
            try:
                yield
            finally:
                if "lexical" in self.__dict__:
                    self.lexical.close()

    def _settle(self) -> None:
        if "store" in self.__dict__:
            self.store.settle()

    def vectorise(self, abstracts: Sequence[Abstract], done: Callable[[float], None] | None = None) -> list[Vectors]:
        """Split, chunk and embed, here or on the cluster; ``done`` hears which part (0..1) is embedded."""
        if self._cluster is not None:
            return self._cluster.vectorise(abstracts, done)
        return vectorise(self.embedder, abstracts, done)

    @contextmanager
    def fanned_out(self, address: str) -> Iterator[None]:
        """Within the block, ``vectorise`` runs on the Ray cluster at ``address``; raises ClusterError when it cannot."""
        from rag.index.cluster import Cluster

        with Cluster(address, self._embedder or self.settings, self.embedder.identity) as self._cluster:
            try:
                yield
            finally:
                self._cluster = None

    def finish(self, report: Report | None = None) -> None:
        """Carry everything pending or being removed in the catalog to the derived indexes. Holds no state of its own.

        An index that a full disk or a power loss has spoilt is made again, since nothing can be written to it.
        """
        try:
            self._carry(report)
        except CorpusDamagedError as error:
            _log.warning("The indexes are made again from the catalog: %s", error)
            self._renew()
            self._carry(report)

    def _carry(self, report: Report | None) -> None:
        pending = self.catalog.keys(state=PENDING)
        removing = self.catalog.keys(state=REMOVING)
        for start in range(0, max(len(pending), len(removing)), PAGE):
            self._apply(pending[start : start + PAGE], removing[start : start + PAGE])
            if report is not None:
                report(Progress("indexing", min(start + PAGE, len(pending)), len(pending)))

    def _apply(self, keys: Sequence[int], gone: Sequence[int]) -> None:
        abstracts = self.catalog.abstracts(keys)
        vectors = self.catalog.vectors(keys)
        counts = self.catalog.indexed_chunks([*keys, *gone])
        stale = [(key, number) for key in keys for number in range(len(vectors[key].chunk_spans), counts[key])]
        stale += [(key, number) for key in gone for number in range(counts[key])]
        self.store.upsert(keys, [vectors[key].chunk_vectors for key in keys])
        if stale:
            self.store.delete(stale)
        titles = ["" if abstracts[key].title_derived else abstracts[key].title for key in keys]
        self.lexical.write(keys, titles, [abstracts[key].text for key in keys], gone)
        with self._opening:  # no thread that asks may take this for the work of another process
            with self.catalog.transaction():
                self.catalog.mark_done(keys)
                self.catalog.forget(gone)
            self._seen = self.catalog.generation()

    def rebuild(self, report: Report | None = None) -> None:
        """Make both derived indexes again from the catalog; nothing is embedded again."""
        with self.locked():
            self._renew()
            self.finish(report)
            self._settle()

    def _renew(self) -> None:
        """Empty both indexes and ask for everything again; files that no longer open are deleted unopened."""
        with self._opening:
            server = self._open_store() if self.settings.chroma_url else None  # before anything changes: it may be away
            with self.catalog.transaction():
                self.catalog.mark_all_pending()
            for name in ("store", "lexical"):
                opened = self.__dict__.pop(name, None)
                if opened is not None:
                    opened.close()
            for name in ("chroma", "lexical"):
                # Renamed first: an index that is half deleted when the power goes looks like a whole one to its library.
                discarded = self.folder / f"{name}.old"
                shutil.rmtree(discarded, ignore_errors=True)
                with suppress(FileNotFoundError):
                    (self.folder / name).rename(discarded)
                shutil.rmtree(discarded, ignore_errors=True)
            if server is not None:
                server.clear()
                server.close()
            # Made anew at once, although empty: who asks meanwhile should not find them missing. Not through their
            # properties, whose own locks are held by who waits here.
            self.__dict__["store"] = self._claimed_store()
            self.__dict__["lexical"] = Lexical(self.folder / "lexical")

    def replace_catalog(self, path: Path, report: Report | None = None) -> None:
        """Put the catalog in the file ``path``, where all is pending, in the place of this one, and make the indexes again.

        The indexes go first, so that no key of the new catalog ever meets what the old one had under it.
        """
        with self.locked():
            self._renew()
            try:
                self.catalog.replace_with(path)
                claim(self.catalog, self.store.identity)  # emptying it may have made it another one
            finally:
                self.finish(report)
                self.refresh()

    def verify(self) -> Verification:
        """Compare catalog, vector store and text index record by record; raises CorpusLockedError while one writes."""
        with self.lock.held(PATIENCE):
            self.refresh()
            return self._compare()

    def _compare(self) -> Verification:
        damaged = self.catalog.check()
        if damaged:
            raise catalog_damage(self.catalog.path, damaged[0].splitlines()[-1])
        spoilt = vector_store_problems(self.folder / "chroma") + text_index_problems(self.folder / "lexical")
        if spoilt:  # what is in them is no longer worth a look, and a look may end the process
            return Verification(self.catalog.count(), tuple(spoilt))
        keys = self.catalog.keys()
        counts = self.catalog.indexed_chunks(keys)
        expected = {(key, number) for key in keys for number in range(counts[key])}
        held = list(self.store.names())
        problems = _differences("The vector store", "chunks", expected, held)
        problems += _differences("The text index", "abstracts", set(keys), list(self.lexical.keys()))
        unfinished = len(self.catalog.keys(state=PENDING)) + len(self.catalog.keys(state=REMOVING))
        if unfinished:
            problems.append(f"{unfinished} abstracts are not finished; opening the corpus again finishes them.")
        changed = sum(self._changed(names, vectors) for names, vectors in self.store.vectors())
        if changed:
            problems.append(f"The vector store holds {changed} chunks with another vector; run: rag rebuild.")
        if self.catalog.lacks_vectors():
            problems.append("The catalog lacks vectors of some abstracts; ingest their files again.")
        return Verification(len(keys), tuple(problems))

    def _changed(self, names: Sequence[tuple[int, int]], vectors: "NDArray[np.float32]") -> int:
        """How many vectors of chunks are not, to the precision of the catalog, what the catalog has."""
        known = self.catalog.vectors(sorted({key for key, _ in names}))
        return sum(
            not np.allclose(vector, known[key].chunk_vectors[number], atol=_PRECISION)
            for (key, number), vector in zip(names, vectors, strict=True)
            if key in known and number < len(known[key].chunk_vectors)
        )


def _differences(store: str, what: str, expected: "set[T]", held: "list[T]") -> list[str]:
    found = set(held)
    counts = {
        "misses": len(expected - found),
        "has left-over": len(found - expected),
        "doubles": len(held) - len(found),
    }
    return [f"{store} {verb} {count} {what}; run: rag rebuild." for verb, count in counts.items() if count]
