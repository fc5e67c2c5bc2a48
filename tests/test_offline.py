"""Answering needs neither the network nor the heavy frameworks, and the converted embedder is the embedder."""

import gzip
import ipaddress
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import platformdirs
import pytest

from rag import Settings
from rag.index.embed import BUNDLED, OpenVinoEmbedder, _converted, _sentence_transformer
from rag.text import split_sentences

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROOT = Path(__file__).parents[1]
PAPERS = ROOT.parent / "shared" / "data" / "ml_abstracts" / "papers.jsonl.gz"
QUESTION = "Which metric measures robustness by convergence time?"
RUN = """
import json, sys
from ui.terminal import main
sys.argv = ["rag", *json.loads(sys.argv[1])]
try:
    main()
except SystemExit as stopped:
    assert not stopped.code, stopped.code
finally:
    # A module that was kept from being imported stands there as None.
    print(json.dumps([name for name, module in sys.modules.items() if module is not None]), file=sys.stderr)
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A home of the test's own, and the user's cache, so that the model is converted once a machine."""
    cache = str(platformdirs.user_cache_path("footnote", appauthor=False))
    return {**os.environ, "PYTHONPATH": str(ROOT), "RAG_HOME": str(tmp_path / "home"), "RAG_CACHE": cache}


def _rag(environment: dict[str, str], *arguments: str, under: Sequence[str] = ()) -> tuple[str, set[str]]:
    """What ``rag`` printed, and the modules that it had imported at its end."""
    command = [*under, sys.executable, "-c", RUN, json.dumps(arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout, set(json.loads(done.stderr.splitlines()[-1]))


def test_help_imports_nothing_heavy(environment: dict[str, str]) -> None:
    """``rag --help`` is instant because it loads no library beyond the command line's own."""
    said, modules = _rag(environment, "--help")
    assert "ingest" in said
    heavy = {"numpy", "chromadb", "openvino", "tantivy", "torch", "transformers", "gradio", "llama_index", "pydantic"}
    assert not modules & heavy


@pytest.mark.model
def test_asking_with_quotes_imports_no_framework(environment: dict[str, str]) -> None:
    """On an ingested corpus an answer of quotes needs the converted models alone."""
    _rag(environment, "ingest", str(ROOT / "seeds"))
    said, modules = _rag(environment, "ask", QUESTION)
    assert "[1]" in said
    assert not modules & {"torch", "transformers", "gradio", "sentence_transformers", "llama_index"}


@pytest.mark.model
@pytest.mark.slow
def test_a_whole_run_opens_no_connection(environment: dict[str, str], tmp_path: Path) -> None:
    """Ingesting, asking and searching never call beyond this computer, not even to look up a name."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("needs strace to watch the system calls: apt-get install strace")
    probe = [strace, "-f", "-o", os.devnull, "true"]
    if subprocess.run(probe, capture_output=True, check=False).returncode:
        pytest.skip("strace may not trace processes here")
    for number, arguments in enumerate((["ingest", str(ROOT / "seeds")], ["ask", QUESTION], ["search", "robustness"])):
        log = tmp_path / f"calls{number}"
        # seccomp-bpf stops the traced process at these calls alone, which keeps the run fast.
        watch = ["-f", "--seccomp-bpf", "-e", "trace=connect,sendto,sendmsg,sendmmsg", "-o", str(log)]
        _rag(environment, *arguments, under=[strace, *watch])
        called = log.read_text()
        assert "exited with 0" in called
        assert _foreign(called) == []


def test_foreign_addresses_are_told_from_local_ones() -> None:
    """What the test above looks for is found in a log of strace where it is there."""
    local = (
        '7 connect(3, {sa_family=AF_UNIX, sun_path="/run/x"}, 110) = 0\n'
        '7 connect(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}, 16) = 0\n'
        "7 sendto(4, [{nlmsg_len=20}], 20, 0, {sa_family=AF_NETLINK, nl_pid=0, nl_groups=00000000}, 12) = 20\n"
        '7 sendto(5, "\\0", 1, 0, NULL, 0) = 1\n'
        '7 connect(5, {sa_family=AF_INET6, sin6_port=htons(80), inet_pton(AF_INET6, "::1", &sin6_addr)}, 28) = 0\n'
    )
    foreign = (
        '7 connect(3, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("192.0.2.1")}, 16) = 0\n'
        '7 sendto(3, "x", 1, 0, {sa_family=AF_INET6, inet_pton(AF_INET6, "2001:db8::1", &sin6_addr)}, 28) = 1\n'
    )
    assert _foreign(local) == []
    assert _foreign(local + foreign) == foreign.splitlines()


def _foreign(log: str) -> list[str]:
    """The lines of strace's log that name an internet address other than this computer's own."""
    found = []
    for line in log.splitlines():
        addresses = re.findall(r'inet_(?:addr\(|pton\(AF_INET6, )"([^"]+)"', line)
        if any(not ipaddress.ip_address(address).is_loopback for address in addresses):
            found.append(line)
    return found


def _cosines(texts: list[str]) -> "NDArray[np.float32]":
    cache = platformdirs.user_cache_path("footnote", appauthor=False)
    converted = OpenVinoEmbedder(_converted(Settings(cache=cache))).encode(texts)
    model = _sentence_transformer(BUNDLED).float()
    original = model.encode(texts, normalize_embeddings=True, show_progress_bar=False)
    cosines: NDArray[np.float32] = (converted * original).sum(axis=1)
    return cosines


@pytest.mark.model
@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # what torch and transformers warn of while they load is theirs
def test_the_converted_embedder_agrees_on_every_seed_sentence(seeds: Path) -> None:
    """OpenVINO's vectors have cosine 0.999 or more to those of sentence-transformers in float32."""
    lines = [
        line for file in sorted(seeds.glob("[0-9]*.txt")) for line in file.read_text().splitlines() if line.strip()
    ]
    sentences = [sentence.text for line in lines for sentence in split_sentences(line)]
    assert len(sentences) > 100
    assert _cosines(sentences).min() >= 0.999


@pytest.mark.model
@pytest.mark.data
@pytest.mark.filterwarnings("default")
def test_the_converted_embedder_agrees_on_whole_abstracts() -> None:
    """The same on 200 real abstracts, which fill its window."""
    if not PAPERS.exists():
        pytest.skip("needs the development data in ../shared/data")
    with gzip.open(PAPERS, "rt") as opened:
        texts = [json.loads(line)["abstract"] for line in islice(opened, 200)]
    assert _cosines(texts).min() >= 0.999
