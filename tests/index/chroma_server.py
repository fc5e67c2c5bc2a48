"""A real Chroma server on loopback, that can be killed and started again on its files."""

import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx


class ChromaServer:
    """``chroma run`` on a free port of 127.0.0.1, keeping its data in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = Path(sys.executable).with_name("chroma")
        arguments = ["--path", self._folder, "--host", "127.0.0.1", "--port", self._port]
        self._process = subprocess.Popen(
            [command, "run", *map(str, arguments)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self._folder.parent,
        )
        for _ in range(1200):
            assert self._process.poll() is None, "chroma run stopped"
            try:
                httpx.get(f"{self.url}/api/v2/heartbeat").raise_for_status()
            except httpx.TransportError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError("chroma run does not answer")

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()
        self._process.wait()
