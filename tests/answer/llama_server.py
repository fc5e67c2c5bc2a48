"""llama.cpp's own OpenAI-compatible server on loopback, in a process of its own: something real to talk to."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KEY = "sk-test-3f9c1d7a52"
NAMES = ("smol", "gpt-4o-mini", "claude-sonnet-4-5")


@dataclass(frozen=True, slots=True)
class LlamaServer:
    """A running server: its address without ``/v1``, and its process."""

    address: str
    process: subprocess.Popen[str]

    def stop(self) -> None:
        """Kill the server and close its pipes."""
        self.process.kill()
        self.process.communicate()


def start_server(model: Path) -> LlamaServer:
    """Serve a GGUF file under NAMES on a free port of 127.0.0.1; the caller stops it."""
    process = subprocess.Popen(
        [sys.executable, __file__, str(model)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return LlamaServer(process.stdout.readline().strip(), process)


def _serve(model: str) -> None:
    import xllamacpp

    params: Any = xllamacpp.CommonParams()
    params.model.path = model
    params.model_alias = set(NAMES)
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [KEY]
    params.n_ctx = 2048
    params.n_parallel = 1
    params.n_batch = 128
    params.cache_ram_mib = 0
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.verbosity = -1
    params.warmup = False
    params.ui = False
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)
    sys.stdin.read()  # until the parent closes the pipe, or is gone


if __name__ == "__main__":
    _serve(sys.argv[1])
