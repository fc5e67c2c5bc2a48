"""Embedding fanned out over a Ray cluster. The only file that imports ray.

Every worker loads the embedder once and is sent abstracts, a few at a time; splitting, chunking and embedding happen
there, reading and writing in the process that ingests. A worker that dies is started again by Ray and its piece sent
again, which changes nothing, since a piece's vectors depend on nothing but its texts.
"""

import os
import re
import secrets
import socket
import sys
from collections.abc import Callable, Sequence
from typing import Any, Self

from rag.errors import ClusterError, FootnoteError, first_line
from rag.index.embed import Embedder, Identity, load
from rag.index.vectorise import vectorise
from rag.index.vectors import Vectors
from rag.records import Abstract
from rag.settings import Settings

LOCAL = "local"
"""The address of a cluster on this computer alone, started for the ingest and stopped after it."""
PIECE = 32
"""Abstracts sent to a worker at a time, at most: a few tenths of a second of work."""
ATTEMPTS = 3
"""How often a piece is sent again after a worker died over it."""
PATIENCE = 10.0
"""Seconds to wait for a cluster's port; Ray itself would wait for ever."""


class _Worker:
    """What runs in each worker process."""

    def __init__(self, source: Embedder | Settings) -> None:
        self._embedder = load(source) if isinstance(source, Settings) else source

    def identity(self) -> Identity:
        return self._embedder.identity

    def vectorise(self, abstracts: Sequence[Abstract]) -> list[Vectors]:
        return vectorise(self._embedder, abstracts)


class Cluster:
    """Workers on the Ray cluster at ``address``: LOCAL, HOST:PORT or ray://HOST:PORT. A context manager.

    ``source`` is the embedder that the workers use, or the settings that name it; ``identity`` is what it has to be.
    There is a worker for each GPU of the cluster, or else for each CPU. Raises ClusterError when the cluster cannot be used.
    """

    def __init__(self, address: str, source: Embedder | Settings, identity: Identity) -> None:
        self._address, self._identity = address, identity
        # The workers need not know the keys of anything.
        self._source = (
            Settings.model_construct(
                embed_model=source.embed_model, embed_backend=source.embed_backend, cache=source.cache
            )
            if isinstance(source, Settings)
            else source
        )

    def __enter__(self) -> Self:
        ray = _ray(self._address)
        self._started = not ray.is_initialized()
        if self._started:
            self._connect(ray)
        try:
            self._workers = self._start_workers(ray)
        except BaseException:
            self._leave(ray)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        ray = _ray()
        for worker in self._workers:
            ray.kill(worker)
        self._leave(ray)

    def _connect(self, ray: Any) -> None:
        options: dict[str, Any] = {"logging_level": "ERROR", "log_to_driver": False}
        if self._address == LOCAL:
            options["include_dashboard"] = False
        else:
            _knock(self._address)
        try:
            ray.init(address=self._address, **options)
        except Exception as error:
            if self._address == LOCAL:
                raise ClusterError(
                    f"Ray cannot be started here ({first_line(error)}); leave --ray out, or name a cluster that runs."
                ) from error
            raise ClusterError(
                f"The Ray cluster {self._address} cannot be used ({first_line(error)}); it has to run Ray "
                f"{ray.__version__} and the same Python version as here."
            ) from error

    def _leave(self, ray: Any) -> None:
        if self._started:
            ray.shutdown()

    def _start_workers(self, ray: Any) -> list[Any]:
        """The workers, each with its embedder loaded."""
        resources = ray.cluster_resources()
        gpus, cpus = int(resources.get("GPU", 0)), int(resources.get("CPU", 0))
        worker = ray.remote(
            num_cpus=1,
            num_gpus=1 if gpus else 0,
            max_restarts=-1,
            max_task_retries=ATTEMPTS,
            scheduling_strategy="SPREAD",
        )(_Worker)
        workers = [worker.remote(self._source) for _ in range(gpus or max(cpus, 1))]
        try:
            identities = ray.get([each.identity.remote() for each in workers])
        except ray.exceptions.RayError as error:
            raise ClusterError(
                f"The workers of the Ray cluster {self._address} cannot load the embedder ({first_line(error)}); install "
                "Footnote and the model on every node."
            ) from error
        if any(each.digest != self._identity.digest for each in identities):
            raise ClusterError(
                f"The workers of the Ray cluster {self._address} have another model than {self._identity.name} here; "
                "install the same on every node."
            )
        return workers

    def vectorise(self, abstracts: Sequence[Abstract], done: Callable[[float], None] | None = None) -> list[Vectors]:
        """As ``rag.index.vectorise.vectorise``, on all workers; whoever is free takes the next piece."""
        ray = _ray()
        size = max(1, min(PIECE, -(-len(abstracts) // (2 * len(self._workers)))))
        pieces = [abstracts[start : start + size] for start in range(0, len(abstracts), size)]
        waiting = list(enumerate(pieces))[::-1]
        working: dict[Any, tuple[int, Any]] = {}
        made: dict[int, list[Vectors]] = {}
        free = list(self._workers)
        while len(made) < len(pieces):
            while free and waiting:
                number, piece = waiting.pop()
                worker = free.pop()
                working[worker.vectorise.remote(piece)] = number, worker
            ready, _ = ray.wait(list(working), num_returns=1)
            for reference in ready:
                number, worker = working.pop(reference)
                made[number] = self._result(ray, reference)
                free.append(worker)
            if done is not None:
                done(sum(map(len, made.values())) / len(abstracts))
        return [vectors for number in range(len(pieces)) for vectors in made[number]]

    def _result(self, ray: Any, reference: Any) -> list[Vectors]:
        try:
            vectors: list[Vectors] = ray.get(reference)
        except ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, FootnoteError):
                raise error.cause from error
            raise
        except ray.exceptions.RayError as error:
            raise ClusterError(
                f"The workers of the Ray cluster {self._address} died over the same abstracts {ATTEMPTS + 1} times "
                f"({first_line(error)}); what was committed is kept: see the cluster's log, then run the same command again."
            ) from error
        return vectors


def _ray(address: str = "") -> Any:
    """Ray, imported without its usage statistics, which would be sent to its makers."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if address == LOCAL and "ray" not in sys.modules and "RAY_AUTH_MODE" not in os.environ:
        # Ray listens on every interface, also for one computer, and runs code for whoever reaches it: let it ask for a
        # token. It reads these once, when it is imported.
        os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    # A worker without a GPU keeps what its environment says of them.
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError as error:
        raise ClusterError("Ray is not installed; run: pip install 'footnote-rag[ray]'.") from error
    return ray


def _knock(address: str) -> None:
    """Raise ClusterError unless something listens at ``address``."""
    found = re.fullmatch(r"(?:ray://)?(.+):(\d{1,5})", address)
    if found is None:
        raise ClusterError(f"{address!r} is no address of a Ray cluster; use HOST:PORT, ray://HOST:PORT or {LOCAL}.")
    try:
        socket.create_connection((found[1], int(found[2])), timeout=PATIENCE).close()
    except (OSError, OverflowError) as error:
        raise ClusterError(
            f"No Ray cluster answers at {address} ({first_line(error)}); start one with: ray start --head --port "
            f"{found[2]}, or use: --ray {LOCAL}."
        ) from error
