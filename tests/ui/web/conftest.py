"""A real server on loopback, a real browser, and a small language model server that writes slowly."""

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).parents[3]
CHROMIUM = "/usr/bin/chromium"
QUIET = "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync --no-first-run"
_SERVE = (
    "import sys; from rag import Settings; from ui.web import serve\n"
    "serve(Settings(), port=int(sys.argv[1]), open_browser=False)"
)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Debian's Chromium, without the requests it makes by itself."""
    return {"executable_path": CHROMIUM, "args": QUIET.split()}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@dataclass
class Server:
    """The page as ``rag ui`` serves it, in a process of its own, over the corpus in ``home``."""

    home: Path
    environment: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        known = {name: value for name, value in os.environ.items() if not name.startswith("RAG_")}
        self.process = subprocess.Popen(
            [sys.executable, "-c", _SERVE, str(self.port)],
            env={**known, "PYTHONPATH": str(ROOT), "RAG_HOME": str(self.home), **self.environment},
            cwd=self.home,
        )
        for _ in range(240):
            if self.process.poll() is not None:
                raise AssertionError(f"The server ended with {self.process.returncode}.")
            try:
                with urlopen(self.url, timeout=5):
                    return
            except OSError:
                time.sleep(0.25)
        raise AssertionError("The server did not come up within a minute.")

    def stop(self) -> None:
        """End it and wait until it is gone. Not by SIGINT: what a shell starts in the background ignores that."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)
            self.process = None


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """Make servers over fresh corpora that hold the seeds; they are stopped at the end."""
    servers = []

    def start(*, seeds: bool = True, **environment: str) -> Server:
        home = tmp_path_factory.mktemp("home")
        if seeds:
            _ingest(home, ROOT / "seeds")
        server = Server(home, environment)
        servers.append(server)
        server.start()
        return server

    yield start
    for server in servers:
        server.stop()


def _ingest(home: Path, *paths: Path) -> None:
    code = (
        "import sys; from rag import Assistant, Settings\nwith Assistant.open(Settings()) as a: a.ingest(sys.argv[1:])"
    )
    known = {name: value for name, value in os.environ.items() if not name.startswith("RAG_")}
    subprocess.run(
        [sys.executable, "-c", code, *map(str, paths)],
        env={**known, "PYTHONPATH": str(ROOT), "RAG_HOME": str(home)},
        cwd=home,
        check=True,
    )


class SlowModel(ThreadingHTTPServer):
    """An OpenAI-compatible server that quotes its first evidence sentence a word at a time, until it is told to end.

    ``hold`` keeps it writing words; ``left`` is set when a client goes away before the end.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Speak)
        self.hold = threading.Event()
        self.left = threading.Event()


class _Speak(BaseHTTPRequestHandler):
    server: SlowModel

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self._head("application/json")
        self.wfile.write(json.dumps({"object": "list", "data": [{"id": "slow", "object": "model"}]}).encode())

    def do_POST(self) -> None:
        told = json.loads(self.rfile.read(int(self.headers["content-length"])))
        asked = told["messages"][-1]["content"]
        found = re.search(r"^\[1\] (.*)$", asked, re.MULTILINE)
        self._head("text/event-stream")
        try:
            for word in (f"{found[1]} [1]" if found else "Nothing.").split():
                self._say(f"{word} ")
                time.sleep(0.02)
            while self.server.hold.is_set():
                self._say("and ")
                time.sleep(0.05)
            self._say("", "stop")
            self.wfile.write(b"data: [DONE]\n\n")
        except OSError:
            self.server.left.set()

    def _head(self, kind: str) -> None:
        self.send_response(200)
        self.send_header("content-type", kind)
        self.end_headers()

    def _say(self, text: str, finish: str | None = None) -> None:
        choice = {"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": finish}
        told = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "slow", "choices": [choice]}
        self.wfile.write(f"data: {json.dumps(told)}\n\n".encode())
        self.wfile.flush()


@pytest.fixture(scope="module")
def slow_model() -> Iterator[SlowModel]:
    """The slow model, serving."""
    with _served(SlowModel()) as model:
        yield model


@contextmanager
def _served(model: SlowModel) -> Iterator[SlowModel]:
    thread = threading.Thread(target=model.serve_forever)
    thread.start()
    try:
        yield model
    finally:
        model.hold.clear()
        model.shutdown()
        thread.join()
        model.server_close()


@pytest.fixture(scope="module")
def slow(serving: Callable[..., Server], slow_model: SlowModel) -> Server:
    """The page over the seeds, composing with the slow model."""
    base = f"http://127.0.0.1:{slow_model.server_port}/v1"
    return serving(RAG_LLM="openai-like/slow", RAG_LLM_BASE_URL=base, RAG_LLM_API_KEY="none")
