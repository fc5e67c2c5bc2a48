"""Language models in this process: llama.cpp behind a Unix socket in a private folder, with no TCP port opened.

One model file is loaded once per process, when the first request comes. It has one slot; further requests queue in
it. Whatever still runs is cut off before the interpreter exits, because llama.cpp's threads crash a process that
ends under them.
"""

import atexit
import contextlib
import os
import secrets
import shutil
import socket
import tempfile
import threading
import time
import weakref
from pathlib import Path
from typing import Any

import httpx

from rag.errors import LLMSetupError, LLMUnavailableError

ADDRESS = "http://embedded/v1"
"""What a client is told for an address; the transport goes to the socket whatever the host is called."""

CONTEXT_WINDOW = 8192
"""Tokens of prompt and draft together; llama.cpp lowers it by itself for a model trained on less."""

LEAVE_SECONDS = 1.0
"""For all threads that have read from a model together, when the interpreter exits."""

_loading = threading.Lock()
_running: dict[Path, "_Server"] = {}
_exiting = threading.Event()


def require_gguf(path: Path) -> Path:
    """``path`` made absolute, when it is a model file; LLMSetupError when it is not."""
    file = path.expanduser().resolve()
    try:
        with file.open("rb") as stream:
            magic = stream.read(4)
    except OSError as error:
        raise LLMSetupError(
            f"The model file {file} cannot be read: {error.strerror}; set RAG_LLM to gguf:PATH of a GGUF file."
        ) from error
    if magic != b"GGUF":
        raise LLMSetupError(f"{file} is not a GGUF model file; set RAG_LLM to gguf:PATH of one.")
    return file


def unload() -> None:
    """Cut off what is being written, wait for it to stop, and free the models; the next request loads again."""
    with _loading:
        while _running:
            _running.popitem()[1].close()


@atexit.register
def _unload_for_good() -> None:
    """Unload, and let the threads that were reading come to their end: stopped inside a library they abort the process."""
    _exiting.set()
    with _loading:
        readers = {thread for server in _running.values() for thread in server.readers}
    unload()
    deadline = time.monotonic() + LEAVE_SECONDS
    for thread in readers - {threading.current_thread()}:
        thread.join(max(0.0, deadline - time.monotonic()))


class EmbeddedTransport(httpx.BaseTransport):
    """Carries requests to the model of one GGUF file, loading it when the first one comes."""

    def __init__(self, path: Path) -> None:
        """A transport to the model in ``path``; nothing is loaded or checked yet."""
        self._path = path

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send ``request`` to the model; LLMSetupError when the model cannot be loaded."""
        return _serving(self._path).handle_request(request)


def _serving(path: Path) -> "_Server":
    with _loading:
        if _exiting.is_set():
            raise LLMUnavailableError("The language model was closed because the program is ending; start it again.")
        if path not in _running:
            _running[path] = _Server(require_gguf(path))
        _running[path].readers.add(threading.current_thread())
        return _running[path]


class _Server:
    """A loaded model, its socket, and the connections to it."""

    def __init__(self, path: Path) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="footnote-"))  # mode 0700: nobody else reaches the socket
        address = self._folder / "llm.sock"
        self._key = secrets.token_hex(16)
        self.readers: weakref.WeakSet[threading.Thread] = weakref.WeakSet()
        self._connections: list[socket.socket] = []
        self._noting = threading.Lock()
        try:
            self._engine = _load(path, address, self._key)
        except Exception as error:
            shutil.rmtree(self._folder)
            raise LLMSetupError(
                f"llama.cpp cannot load {path}; the file may be damaged, too large for the memory, "
                "or of a kind that this version does not know."
            ) from error
        self._transport = httpx.HTTPTransport(uds=str(address))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.headers["Authorization"] = f"Bearer {self._key}"
        request.extensions = {**request.extensions, "trace": self._trace}
        return self._transport.handle_request(request)

    def _trace(self, event: str, info: dict[str, Any]) -> None:
        """Note each connection made: closing a client does not wake a thread that waits for its next token."""
        if event == "connection.connect_unix_socket.complete":
            with self._noting:
                alive = [connection for connection in self._connections if connection.fileno() >= 0]
                self._connections = [*alive, info["return_value"].get_extra_info("socket")]

    def close(self) -> None:
        for connection in self._connections:
            with contextlib.suppress(OSError):  # closed by its owner already
                connection.shutdown(socket.SHUT_RDWR)
        del self._engine  # its destructor stops the slot and joins the threads
        shutil.rmtree(self._folder, ignore_errors=True)


def _load(path: Path, socket_path: Path, key: str) -> Any:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.hostnames = [str(socket_path)]  # a path is a Unix socket; the default is a TCP port
    params.api_keys = [key]
    params.cors_origins = ""
    params.n_ctx = CONTEXT_WINDOW
    params.n_parallel = 1
    params.n_batch = 256  # a prompt can be cancelled between batches only
    params.cache_ram_mib = 0  # the default keeps up to 8 GiB of old prompts
    params.sse_ping_interval = -1  # a ping would keep the client's timeout from ever firing
    # Threads wait for each other after every layer: with one for each core, any other load holds them all up (on two
    # busy cores SmolLM2 took 25 s for 40 tokens with two threads, and 1.8 s with one).
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    params.cpuparams.n_threads = max(1, cores // 2)
    params.cpuparams_batch.n_threads = max(1, cores - 1)
    params.cpuparams.poll = params.cpuparams_batch.poll = 0  # and sleep while they wait for work
    params.verbosity = -1
    params.warmup = False
    params.ui = False
    params.endpoint_slots = False
    return xllamacpp.Server(params)
