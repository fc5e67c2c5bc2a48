"""SmolLM2 in this process: streaming, cancelling, queueing, and leaving without a crash."""

import asyncio
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from rag import Assistant, Settings
from rag.answer import embedded
from rag.answer.chat import standalone
from rag.answer.llm import available, connect, draft, preflight
from rag.answer.prompts import Prompt
from rag.errors import LLMSetupError, LLMUnavailableError

pytestmark = pytest.mark.model
GREET = Prompt("You answer in one word.", "What is the capital of France?")
LONG = Prompt("You tell stories.", "Tell me a long story about a cat.")


def test_it_writes_in_pieces_and_the_same_every_time(smollm2: Settings) -> None:
    """A draft at temperature 0 is a function of its prompt, and no longer than the settings allow."""
    preflight(smollm2)
    assert available(smollm2) == ["quotes", "smollm2"]
    llm = connect(smollm2)
    pieces = list(draft(llm, LONG))
    assert 10 < len(pieces) <= smollm2.llm_max_tokens + 2
    assert "".join(draft(llm, LONG)) == "".join(pieces)
    assert "Paris" in "".join(draft(llm, GREET))


def test_a_gguf_file_works_by_its_path(smollm2_file: Path) -> None:
    """gguf:PATH is the same engine with a model of one's own, loaded once for both names."""
    settings = Settings(llm=f"gguf:{smollm2_file}", llm_max_tokens=10)
    preflight(settings)
    assert "Paris" in "".join(draft(connect(settings), GREET))
    assert connect(settings).metadata.model_name == smollm2_file.stem


def test_closing_the_stream_frees_the_model(smollm2: Settings) -> None:
    """After a long draft is dropped at its first word, the next question is answered, not queued behind it."""
    llm = connect(smollm2.model_copy(update={"llm_max_tokens": 4000, "llm_timeout": 60.0}))
    stream = draft(llm, LONG)
    next(stream)
    stream.close()
    assert "Paris" in "".join(draft(connect(smollm2), GREET))


def test_questions_of_several_threads_queue(smollm2: Settings) -> None:
    """One slot serves all: every thread gets its whole draft."""
    llm = connect(smollm2)
    alone = "".join(draft(llm, LONG))
    drafts: list[str] = []
    threads = [threading.Thread(target=lambda: drafts.append("".join(draft(llm, LONG)))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert drafts == [alone] * 3


def test_the_query_engine_answers_in_any_event_loop(smollm2: Settings, tmp_path: Path) -> None:
    """LlamaIndex's async query reaches the model, loop after loop."""
    (tmp_path / "bees.txt").write_text("We count bees in a field with BeeNet. BeeNet is a network of twelve layers.\n")
    with Assistant.open(smollm2.model_copy(update={"home": tmp_path, "min_confidence": 0.0})) as assistant:
        assistant.ingest([tmp_path / "bees.txt"])
        engine = assistant.as_query_engine()
        answers = [asyncio.run(engine.aquery("What is counted with BeeNet?")) for _ in range(2)]
        assert str(answers[0]) == str(answers[1]) == assistant.ask("What is counted with BeeNet?").text
        assert all("smollm2" in answer.metadata["model"] for answer in answers)


def test_it_helps_with_follow_ups_or_gives_way_to_the_rules(smollm2: Settings) -> None:
    """Whatever so small a model writes, the resolved question names what the conversation is about."""
    history = [("What does ACTS measure?", "ACTS measures the robustness of classifiers. [1]")]
    assert "ACTS" in standalone("How does it work?", history, connect(smollm2))


def test_it_can_be_unloaded_and_comes_back(smollm2: Settings) -> None:
    """Unloading cuts off a running draft with an error; the next request loads again."""
    llm = connect(smollm2.model_copy(update={"llm_max_tokens": 4000}))
    stream = draft(llm, LONG)
    next(stream)
    embedded.unload()
    with pytest.raises(LLMUnavailableError):
        list(stream)
    assert "Paris" in "".join(draft(connect(smollm2), GREET))


def test_no_tcp_port_is_opened(smollm2: Settings) -> None:
    """The model is reached through a socket in a folder of this user; nothing listens on the network."""

    def listening() -> set[str]:
        tables = [Path(f"/proc/{os.getpid()}/net/{name}").read_text().splitlines()[1:] for name in ("tcp", "tcp6")]
        inodes = {
            str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink() and link.exists()
        }
        rows = [row.split() for table in tables for row in table]
        return {row[1] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in inodes}

    before = listening()
    embedded.unload()
    "".join(draft(connect(smollm2), GREET))
    assert listening() == before


def test_a_damaged_model_is_a_setup_error(tmp_path: Path) -> None:
    """A file that only begins like a model is refused when it is loaded, in our own words."""
    (tmp_path / "broken.gguf").write_bytes(b"GGUF" + bytes(5000))
    llm = connect(Settings(llm=f"gguf:{tmp_path / 'broken.gguf'}"))
    with pytest.raises(LLMSetupError, match=r"llama\.cpp cannot load"):
        list(draft(llm, GREET))


EXITS = {
    "in the middle of a draft, in the main thread": "next(stream)",
    "while another thread reads": "next(stream); read_in_another_thread()",
    "while it reads the prompt": "next(draft(llm, Prompt('You tell stories.', 'Hello.'))); read_in_another_thread(); "
    "time.sleep(0.3)",
    "by an exception": "next(stream); raise SystemExit(0)",
}


@pytest.mark.parametrize("how", EXITS)
def test_leaving_while_it_works_is_not_a_crash(how: str, model_cache: Path) -> None:
    """The interpreter ends with status 0 and without a word, whatever the model was doing."""
    code = f"""
import sys, threading, time
from pathlib import Path
from rag import Settings
from rag.answer.llm import connect, draft
from rag.answer.prompts import Prompt
llm = connect(Settings(llm="smollm2", cache=Path(sys.argv[1]), llm_max_tokens=4000))
stream = draft(llm, Prompt("You tell stories.", "A long story, please. " + "word " * {800 if "prompt" in how else 1}))
def read_in_another_thread():
    threading.Thread(target=list, args=(stream,), daemon=True).start()
{EXITS[how]}
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, str(model_cache)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "terminate" not in done.stderr
