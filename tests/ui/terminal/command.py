"""The ``rag`` command in a process of its own, with the toy embedder in the place of the model."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
TOY = """
import sys
import time
from pathlib import Path
import rag.index.index
import rag.index.ingest
from tests.doubles import ToyEmbedder
from ui.terminal import main

class Waiting(ToyEmbedder):
    def encode(self, texts, done=None):
        while Path({gate!r}).exists():
            time.sleep(0.02)
        return super().encode(texts, done)

rag.index.index.load = lambda settings: Waiting({dimensions})
rag.index.ingest.BATCH = {batch}
sys.argv[0] = "rag"
main()
"""


def start(
    *arguments: str | Path, gate: str = "no such file", dimensions: int = 64, batch: int = 512,
    stdin: int = subprocess.DEVNULL, **environment: str,
) -> subprocess.Popen[str]:  # fmt: skip
    """The running process; it embeds nothing while the file ``gate`` exists."""
    code = TOY.format(gate=gate, dimensions=dimensions, batch=batch)
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )


def rag(*arguments: str | Path, dimensions: int = 64, batch: int = 512, **environment: str) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of a command that has ended."""
    process = start(*arguments, dimensions=dimensions, batch=batch, **environment)
    said, complained = process.communicate(timeout=240)
    return process.returncode, said, complained
