"""A contest over a real server that fails in the middle."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path

import pytest
from typer.testing import CliRunner

from eval.commands import app

pytestmark = [pytest.mark.model, pytest.mark.server, pytest.mark.timeout(900)]


class Server(ThreadingHTTPServer):
    """A language model behind an OpenAI-compatible API that gives ``left`` replies, and is out of order then."""

    left = 0


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.send_error(404)  # it lists no models

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if not self.server.left:
            self.send_error(500, "out of order")
            return
        self.server.left -= 1
        message = {"role": "assistant", "content": "It measures convergence time [1]."}
        body = json.dumps({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    """The server on a free port."""
    made = Server(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def test_a_system_that_fails_costs_only_itself(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Shown is how the others did and why it failed; the same command asks only what is missing."""
    monkeypatch.setattr(import_module("eval.peers.contest"), "SYSTEMS", ("Footnote, quotes", "txtai"))
    monkeypatch.setenv("RAG_LLM_BASE_URL", f"http://127.0.0.1:{server.server_port}/v1")
    command = ["peers", "--llm", "openai-like/some", "--limit", "4", "--out", str(tmp_path / "peers")]
    server.left = 3  # one to warm up, and two answers
    failed = CliRunner().invoke(app, command)
    assert failed.exit_code == 1, failed.exception
    assert "txtai failed: InternalServerError" in failed.stdout
    assert "Footnote, quotes" in failed.stdout
    answered = tmp_path / "peers" / "footnote-quotes" / "results.jsonl"
    first = answered.stat().st_mtime_ns
    assert len((tmp_path / "peers" / "txtai" / "results.jsonl").read_bytes().splitlines()) == 2
    server.left = 3
    resumed = CliRunner().invoke(app, command)
    assert resumed.exit_code == 0, resumed.output
    assert "txtai" in resumed.stdout
    assert (server.left, answered.stat().st_mtime_ns) == (0, first)
    other = CliRunner().invoke(app, [*command, "--limit", "5"])
    assert "another questions ('4', now '5')" in str(other.exception)
