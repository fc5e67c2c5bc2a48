"""Connecting to language models and reading drafts: every failure is one sentence that says what to do."""

import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from rag import Settings
from rag.answer.backends import BACKENDS, Backend
from rag.answer.failures import explained, redacted, shown
from rag.answer.llm import available, connect, draft, preflight
from rag.answer.prompts import Prompt
from rag.answer.scripted import ScriptedLLM
from rag.errors import LLMError, LLMSetupError, LLMUnavailableError

ASK = Prompt("Be brief.", "What helps?")
NOBODY = "http://127.0.0.1:9"
"""The discard port: nothing listens there."""


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """No key or address of whoever runs the tests."""
    for backend in BACKENDS.values():
        for name in (backend.key, backend.address):
            if name:
                monkeypatch.delenv(name, raising=False)


def test_connecting_costs_no_import_of_a_vendor() -> None:
    """``rag --help`` and quotes pay for no language model: neither LlamaIndex nor a vendor is imported."""
    code = (
        "import sys, rag.answer.llm as llm; from rag import Settings; llm.preflight(Settings()); llm.available(Settings())\n"
        "vendors = {'llama_index.core', 'openai', 'ollama', 'litellm', 'torch', 'xllamacpp'}; print(vendors & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_missing_extra_is_named_with_its_install_command() -> None:
    """The user learns what to type."""
    backend = Backend("ollama", ("json", "surely.not.there"), lambda *_: None, lambda *_: None)  # type: ignore[arg-type, return-value]
    with pytest.raises(LLMSetupError, match=r"needs surely\.not\.there.*pip install 'footnote-rag\[ollama\]'"):
        backend.require_extra()


@pytest.mark.parametrize(
    ("llm", "named"),
    [
        ("openai/gpt-4o-mini", "OPENAI_API_KEY"),
        ("anthropic/claude-sonnet-4-5", "ANTHROPIC_API_KEY"),
        ("openai-like/some-model", "RAG_LLM_BASE_URL"),
        ("gguf:/nowhere/model.gguf", "/nowhere/model.gguf cannot be read: No such file"),
        ("smollm2", "rag models pull smollm2"),
    ],
)
@pytest.mark.parametrize("door", [connect, preflight])
def test_what_is_missing_is_named(
    llm: str, named: str, door: Callable[[Settings], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing key, address, file or model is a set-up error in one sentence."""
    with pytest.raises(LLMSetupError, match=named) as error:
        door(Settings(llm=llm, cache=tmp_path))
    assert "\n" not in str(error.value)


def test_a_key_in_the_env_file_is_found(tmp_path: Path) -> None:
    """A vendor's key may stand in .env beside the settings."""
    (tmp_path / ".env").write_text("OPENAI_API_KEY=sk-from-file\n")
    assert BACKENDS["openai"].require_key() == "sk-from-file"


def test_a_model_that_the_integration_does_not_know_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """LlamaIndex would raise at the first question only; the error tells the way round."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-1234567890")
    with pytest.raises(
        LLMSetupError, match=r"openai-like/not-a-model with RAG_LLM_BASE_URL=https://api\.openai\.com/v1"
    ):
        connect(Settings(llm="openai/not-a-model"))


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    """The first four bytes of a GGUF file say so."""
    (tmp_path / "x.gguf").write_bytes(b"PK\x03\x04")
    with pytest.raises(LLMSetupError, match="is not a GGUF model file"):
        connect(Settings(llm=f"gguf:{tmp_path / 'x.gguf'}"))


def test_a_server_that_is_not_there_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The address is shown without what is secret in it."""
    settings = Settings(
        llm="openai-like/m",
        llm_base_url="http://user:hunter2@127.0.0.1:9/v1",
        llm_api_key=SecretStr("sk-very-secret"),
        llm_timeout=2,
    )
    with pytest.raises(LLMUnavailableError, match=r"cannot be reached at http://127\.0\.0\.1:9/v1") as error:
        preflight(settings)
    with pytest.raises(LLMUnavailableError, match=r"m cannot be reached at http://127\.0\.0\.1:9/v1") as later:
        list(draft(connect(settings), ASK))
    assert not {"hunter2", "sk-very-secret"} & set(f"{error.value} {later.value}".replace(":", " ").split())
    monkeypatch.setenv("OLLAMA_HOST", NOBODY)
    with pytest.raises(LLMUnavailableError, match=r"Ollama cannot be reached at http://127\.0\.0\.1:9; start it"):
        preflight(Settings(llm="ollama/llama3"))


@pytest.mark.parametrize("url", ["localhost:8000/v1", "http://", "ftp://x/v1", "http://[::1/v1"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    """A base URL without http:// is the user's to correct."""
    with pytest.raises(LLMError, match=r"address|cannot be reached"):
        preflight(Settings(llm="openai-like/m", llm_base_url=url, llm_timeout=2))


def test_only_quotes_is_available_on_a_bare_machine(tmp_path: Path) -> None:
    """What does not work right now is not offered."""
    assert available(Settings(cache=tmp_path)) == ["quotes"]
    assert available(Settings(cache=tmp_path, llm="openai/gpt-4o-mini")) == ["quotes"]


def test_a_key_meant_for_openai_is_not_sent_to_another_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """OPENAI_API_KEY and OPENAI_BASE_URL are for openai/NAME alone."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-for-openai-only")
    llm = connect(Settings(llm="openai-like/m", llm_base_url=f"{NOBODY}/v1"))
    assert llm.api_key == "none"  # type: ignore[attr-defined]
    assert llm.api_base == f"{NOBODY}/v1"  # type: ignore[attr-defined]
    openai = connect(Settings(llm="openai/gpt-4o-mini"))
    assert openai.api_base == "https://api.openai.com/v1"  # type: ignore[attr-defined]
    assert (openai.temperature, openai.max_tokens, openai.timeout) == (0.0, 300, 120.0)  # type: ignore[attr-defined]


def test_llamaindex_global_settings_are_left_alone() -> None:
    """Connecting and drafting resolve no hidden default."""
    from llama_index.core import Settings as LlamaIndexSettings

    list(draft(ScriptedLLM(["It helps [1]."]), ASK))
    assert LlamaIndexSettings._llm is None
    assert LlamaIndexSettings._embed_model is None


# --- drafts ----------------------------------------------------------------------------------------------------------


def test_a_draft_comes_in_pieces_and_reads_both_messages() -> None:
    """The pieces make up the reply, and the model was given the system and the user message."""
    llm = ScriptedLLM(["It helps a lot [1].\n"])
    pieces = list(draft(llm, ASK))
    assert "".join(pieces) == "It helps a lot [1].\n"
    assert len(pieces) > 3
    assert "Be brief." in llm.prompts[0]
    assert "What helps?" in llm.prompts[0]


def test_closing_a_draft_cancels_the_model() -> None:
    """The stream of the model is closed, not only forgotten."""
    llm = ScriptedLLM(["one two three four"])
    stream = draft(llm, ASK)
    assert next(stream) == "one"
    assert llm.closed == 0
    stream.close()
    assert llm.closed == 1


def test_a_draft_ends_at_its_limit() -> None:
    """No more pieces are read than asked for, and the model is told to stop."""
    llm = ScriptedLLM(["one two three four"])
    assert "".join(draft(llm, ASK, max_tokens=2)) == "one two"
    assert llm.closed == 1


def test_a_model_that_dies_in_the_middle_gives_what_it_had_and_one_error() -> None:
    """The pieces that came are kept; then the vendor's exception is mapped, with its cause."""
    llm = ScriptedLLM(["one two three"], fail_after=2, failure=httpx.ReadError("gone"))
    stream = draft(llm, ASK)
    assert [next(stream), next(stream)] == ["one", " two"]
    with pytest.raises(LLMUnavailableError, match="scripted cannot be reached, or stopped answering") as error:
        next(stream)
    assert isinstance(error.value.__cause__, httpx.ReadError)


class StatusError(Exception):
    """As vendors raise them: with the status of the response."""

    def __init__(self, status_code: int, message: str = "") -> None:
        super().__init__(message)
        self.status_code = status_code


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (StatusError(401, "Incorrect key sk-abcdef123456"), "refused the key for m; check the key"),
        (StatusError(404), "There is no model m"),
        (StatusError(429, "slow down"), "quota for m .*slow down.*; wait"),
        (
            StatusError(400, "maximum context length is 10"),
            "does not fit into the context of m .*RAG_EVIDENCE_SENTENCES",
        ),
        (StatusError(400, "bad field"), r"m failed \(bad field\)"),
        (StatusError(503), "m failed"),
        (httpx.ReadTimeout("slow"), "did not answer in time.*RAG_LLM_TIMEOUT"),
        (TimeoutError(), "did not answer in time"),
        (httpx.ConnectError("refused"), "cannot be reached"),
        (ConnectionResetError(), "cannot be reached"),
        (ValueError("what\nis this"), r"m failed \(what\)"),
    ],
)
def test_a_vendors_exception_says_what_to_do(error: Exception, said: str) -> None:
    """Whoever raised it, it becomes one sentence with a remedy and no key."""
    llm = ScriptedLLM([error])
    llm.model = "m"
    with pytest.raises(LLMUnavailableError, match=said) as raised:
        list(draft(llm, ASK))
    assert "sk-abcdef" not in str(raised.value)
    assert "\n" not in str(raised.value)


def test_our_own_error_below_a_vendors_is_the_one_shown() -> None:
    """A model file that cannot be loaded surfaces as itself, not as a broken connection."""
    error = httpx.ConnectError("wrapped")
    error.__cause__ = LLMSetupError("The file is damaged; pull it again.")
    assert explained(error, "m") is error.__cause__


def test_secrets_are_cut_out_of_what_vendors_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys of the environment and of the call, key-like words and passwords in addresses."""
    monkeypatch.setenv("SOME_API_KEY", "correct-horse")
    said = redacted("correct-horse and mine-123456 at https://u:p@host/x with sk-proj-AbC123", "mine-123456")
    assert said == "*** and *** at https://host/x with ***"
    assert shown("https://u:p@host:1/v1?key=x") == "https://host:1/v1"
    assert shown("u:p@host:1") == "host:1"


@given(st.integers(0, 40), st.integers(0, 40))
def test_reasoning_is_left_out_wherever_the_pieces_break(first: int, second: int) -> None:
    """<think> blocks vanish, however the tags are cut; everything else comes through."""

    class Chunked(ScriptedLLM):
        def _pieces(self, prompt: str):  # type: ignore[no-untyped-def]
            reply = "a<b <think>no [1]</think>yes < [2].<think>x"
            cuts = sorted({0, min(first, len(reply)), min(second, len(reply)), len(reply)})
            yield from (reply[start:end] for start, end in pairwise(cuts))

    assert "".join(draft(Chunked([""]), ASK)) == "a<b yes < [2]."
