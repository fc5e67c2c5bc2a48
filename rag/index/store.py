"""Chunk vectors in Chroma, cosine, under the name ``<catalog key>-<chunk number>``. The only file that imports it.

``Store`` is Chroma embedded in a folder, ``ServerStore`` a collection of a Chroma server (``chroma run``, a distributed
deployment, Chroma Cloud). Both send every id again and again without harm, so a call may be repeated.
"""

import shutil
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import numpy as np
from filelock import FileLock

from rag.errors import CorpusDamagedError
from rag.index.damage import said
from rag.index.place import EMBEDDED
from rag.index.server import answered
from rag.index.soundness import check_vector_graph
from rag.settings import Settings

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.collection_configuration import CreateHNSWConfiguration
    from chromadb.api.models.Collection import Collection
    from numpy.typing import NDArray

T = TypeVar("T")
COLLECTION = "chunks"
PAGE = 2000
"""Names read at a time; many more in one call are too many variables for Chroma's database."""
HNSW: "CreateHNSWConfiguration" = {"space": "cosine", "ef_construction": 100, "max_neighbors": 16, "ef_search": 100}
SAVED_EVERY = 1000
"""Vectors between two savings of the graph, Chroma's default: as many may have to be inserted again at opening."""
BULK_SHARE = 50
"""While more than this part of the graph is written, it is saved only when it grew by about this part.

A saving writes half a kilobyte for every vector held, so that saving each thousand would write 370 GB up to a million
abstracts, and this 30 GB.
"""
PAYLOAD = 16 * 2**20
"""Bytes of vectors in one request; ``chroma run`` takes 40 MiB, and they travel a third longer, in base64."""
TIMEOUT = 120.0
"""Seconds for one request to a server; Chroma's own client would wait for ever."""


class Store:
    """The vector store of one corpus, embedded in ``folder``."""

    identity: str = EMBEDDED
    """Where the vectors are: the same only for the same collection in the same store."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._client: ClientAPI | None = None
        self._lock = threading.RLock()  # no thread may close the client while another one uses it
        self._graph = FileLock(folder.parent / "graph.lock", thread_local=False)
        self._written = self._held = 0  # vectors written since ``settle``, and held when that began
        self._open()

    def _alone(self) -> AbstractContextManager[object]:
        """Within the block no other process opens or writes the graph.

        Opening writes, too: Chroma then inserts what the graph lacks of its log, and saves the graph, in place, when that
        is much. Two that do it at once would leave a graph of which neither knows.
        """
        return self._graph

    def _call(self, ask: Callable[[], T]) -> T:
        """What Chroma answers; raises in Footnote's own words."""
        with self._lock, said("vector store", self._folder):
            return ask()

    def _collected(self, method: str, **options: Any) -> Any:
        """What that method of the collection returns; the collection is the one of the last opening."""
        return self._call(lambda: getattr(self._collection, method)(**options))

    def _open(self) -> None:
        import chromadb
        from chromadb.api.collection_configuration import CreateCollectionConfiguration
        from chromadb.api.shared_system_client import SharedSystemClient
        from chromadb.config import Settings

        with self._lock, self._alone(), said("vector store", self._folder):
            check_vector_graph(self._folder)
            # Chroma keeps one system a path, and would hand out another assistant's, whose files a rebuild has deleted.
            path = str(self._folder)
            while path in SharedSystemClient._identifier_to_system:
                path += "/."
            try:
                self._client = chromadb.PersistentClient(path, settings=Settings(anonymized_telemetry=False))
            except BaseException:
                SharedSystemClient._identifier_to_system.pop(path, None)  # one that failed to start, too
                raise
            self._batch = self._client.get_max_batch_size()
            self._collection: Collection = self._client.get_or_create_collection(
                COLLECTION, configuration=CreateCollectionConfiguration(hnsw=HNSW), embedding_function=None
            )
            hnsw = self._collection.configuration_json.get("hnsw") or {}
            self._saved_every = int(hnsw.get("sync_threshold") or SAVED_EVERY)
            self._collection.count()  # the first call of a client is what inserts and saves

    def reopen(self) -> None:
        """See what another process has written: an open client never does."""
        with self._lock:
            self.close()
            self._open()

    def close(self) -> None:
        """Release the files."""
        with self._lock:
            if self._client is not None:
                self._client.close()  # type: ignore[attr-defined] # on the Client class, not on its interface
                self._client = None

    def upsert(self, keys: Sequence[int], vectors: "Sequence[NDArray[np.float16]]") -> None:
        """Write the chunk vectors of abstracts: ``vectors[i]`` is (chunks, d) of ``keys[i]``."""
        ids = [_name(key, number) for key, some in zip(keys, vectors, strict=True) for number in range(len(some))]
        rows = np.concatenate([np.zeros((0, 0 if not vectors else vectors[0].shape[1]), np.float16), *vectors])
        step = min(self._batch, max(1, PAYLOAD // (4 * max(1, rows.shape[1]))))
        with self._lock, self._alone():
            for start in range(0, len(ids), step):
                some, vectors32 = ids[start : start + step], rows[start : start + step].astype(np.float32)
                self._collected("upsert", ids=some, embeddings=vectors32)
            self._prepare_for_more(len(ids))

    def _prepare_for_more(self, written: int) -> None:
        """Save the graph less often once a good part of it is being written."""
        with said("vector store", self._folder):
            if self._written == 0:
                self._held = self._collection.count() - written
            self._written += written
            part = (self._held + self._written) // BULK_SHARE
            if part >= 2 * self._saved_every and self._written >= part:
                self._save_every(part)

    def settle(self) -> None:
        """End a bulk of writing: have the graph saved, so that the next opening finds it whole."""
        with self._lock, self._alone(), said("vector store", self._folder):
            self._written = 0
            if self._saved_every <= SAVED_EVERY:
                return
            self._save_every(SAVED_EVERY)
            # The next write inserts what is not saved yet and, being over the threshold, saves.
            some = self._collection.get(limit=1, include=["embeddings"])
            if some["ids"] and some["embeddings"] is not None:
                self._collection.upsert(ids=some["ids"], embeddings=some["embeddings"])

    def _save_every(self, count: int) -> None:
        with warnings.catch_warnings():
            # That no embedding function is kept with the collection is meant so.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._collection.modify(configuration={"hnsw": {"sync_threshold": count}})
        self.reopen()  # an open graph keeps its old threshold

    def delete(self, chunks: Iterable[tuple[int, int]]) -> None:
        """Remove chunks, given as (key, number); those that are not there are passed over."""
        ids = [_name(key, number) for key, number in chunks]
        with self._lock, self._alone():
            for start in range(0, len(ids), self._batch):
                self._collected("delete", ids=ids[start : start + self._batch])

    def query(self, vector: "NDArray[np.float32]", limit: int) -> list[tuple[int, float]]:
        """(key, cosine) of the nearest chunks, best first; an abstract of several chunks may come several times."""
        found = self._collected("query", query_embeddings=[vector.tolist()], n_results=limit, include=["distances"])
        distances = found["distances"] or [[]]
        return [(_parse(name)[0], 1.0 - distance) for name, distance in zip(found["ids"][0], distances[0], strict=True)]

    def names(self) -> Iterator[tuple[int, int]]:
        """(key, number) of every chunk that the store holds, in no order."""
        offset, page = 0, min(PAGE, self._batch)
        while True:
            ids = self._collected("get", limit=page, offset=offset, include=[])["ids"]
            yield from map(_parse, ids)
            if len(ids) < page:
                return
            offset += page

    def vectors(self) -> "Iterator[tuple[list[tuple[int, int]], NDArray[np.float32]]]":
        """The (key, number) of every chunk with their vectors, float32 (chunks, d), a page at a time."""
        offset, page = 0, min(PAGE, self._batch)
        while True:
            found = self._collected("get", limit=page, offset=offset, include=["embeddings"])
            if found["ids"]:
                yield list(map(_parse, found["ids"])), np.asarray(found["embeddings"], np.float32)
            if len(found["ids"]) < page:
                return
            offset += page

    def clear(self) -> None:
        """Empty the store, also when it can no longer be read."""
        with self._lock:
            self.close()
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder.mkdir(parents=True, exist_ok=True)
            self._open()


class ServerStore(Store):
    """The vector store of one corpus on a Chroma server, in a collection of its own that is made when missing.

    A server that is restarting is waited for, some seconds long. Raises VectorStoreError on what it cannot do, and
    CorpusDamagedError when the collection was deleted under an open store.
    """

    def __init__(self, settings: Settings, collection: str) -> None:
        self._settings, self._name = settings, collection
        super().__init__(settings.folder)

    def _alone(self) -> AbstractContextManager[object]:
        """Nothing: the graph is the server's."""
        return nullcontext()

    def _call(self, ask: Callable[[], T]) -> T:
        with self._lock:
            return answered(ask, self._settings)

    def _open(self) -> None:
        self._client = self._server = self._call(lambda: _connect(self._settings))
        self._batch = self._call(self._server.get_max_batch_size)
        self.reopen()

    def reopen(self) -> None:
        """Find the collection again, which another process may have made anew; what others write is seen without."""
        from chromadb.api.collection_configuration import CreateCollectionConfiguration

        self._collection = self._call(
            lambda: self._server.get_or_create_collection(
                self._name, configuration=CreateCollectionConfiguration(hnsw=HNSW), embedding_function=None
            )
        )
        self.identity = f"{self._name}, {self._collection.id}"

    def _prepare_for_more(self, written: int) -> None:
        """When its graph is saved is the server's own business."""

    def settle(self) -> None:
        """Nothing: the server saves by itself."""

    def close(self) -> None:
        """Close the connections, which Chroma's own ``close`` leaves open."""
        with self._lock:
            if self._client is not None:
                _disconnect(self._server)
                self._client = None

    def clear(self) -> None:
        """Delete the collection and make it anew."""
        with suppress(CorpusDamagedError):  # it is gone already
            self._call(lambda: self._server.delete_collection(self._name))
        self.reopen()


def server_version(settings: Settings) -> str:
    """What the Chroma server of the settings calls its version; raises VectorStoreError when it cannot be used."""
    client = answered(lambda: _connect(settings), settings)
    try:
        return answered(client.get_version, settings)
    finally:
        _disconnect(client)


def _connect(settings: Settings) -> "ClientAPI":
    import chromadb
    import httpx
    from chromadb.config import Settings as ChromaSettings

    token = settings.chroma_token.get_secret_value()
    headers = {"X-Chroma-Token": token} if token else {}
    # Chroma's client asks for these too, but when it fails it loses the status and leaves its connection open.
    database = f"/api/v2/tenants/{quote(settings.chroma_tenant)}/databases/{quote(settings.chroma_database)}"
    httpx.get(settings.chroma_url + database, headers=headers, timeout=TIMEOUT).raise_for_status().json()
    client = chromadb.HttpClient(
        host=settings.chroma_url,
        headers=headers,
        tenant=settings.chroma_tenant,
        database=settings.chroma_database,
        settings=ChromaSettings(anonymized_telemetry=False),
    )
    # There is no setting for it; without it a server that hangs would hang whoever asks.
    client._server._session.timeout = httpx.Timeout(TIMEOUT, connect=10)  # type: ignore[attr-defined]
    return client


def _disconnect(client: "ClientAPI") -> None:
    client.close()  # type: ignore[attr-defined]
    halves: tuple[Any, ...] = (client, client._admin_client)  # type: ignore[attr-defined] # each with its own connections
    for half in halves:
        half._server._session.close()


def _name(key: int, number: int) -> str:
    return f"{key}-{number}"


def _parse(name: str) -> tuple[int, int]:
    key, number = name.split("-")
    return int(key), int(number)
