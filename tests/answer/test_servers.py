"""Language models behind a real server: llama.cpp's, serving SmolLM2 on loopback as several vendors' APIs."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pydantic import SecretStr

from rag import Settings
from rag.answer.llm import available, connect, draft, preflight
from rag.answer.prompts import Prompt
from rag.errors import LLMSetupError, LLMUnavailableError
from tests.answer.llama_server import KEY, LlamaServer

pytestmark = [pytest.mark.server, pytest.mark.model]
GREET = Prompt("You answer in one word.", "What is the capital of France?")
LONG = Prompt("You tell stories.", "Tell me a long story about a cat.")


def openai_like(server: LlamaServer, name: str = "smol", **values: object) -> Settings:
    """Settings for the server as openai-like/NAME."""
    return Settings(
        llm=f"openai-like/{name}",
        llm_base_url=f"{server.address}/v1",
        **{"llm_api_key": SecretStr(KEY), "llm_max_tokens": 30, **values},
    )


def test_it_completes_and_streams(llama: LlamaServer) -> None:
    """The same model answers at once and piece by piece, and is offered as available."""
    settings = openai_like(llama)
    preflight(settings)
    assert settings.llm in available(settings)
    llm = connect(settings)
    assert "Paris" in llm.complete("What is the capital of France? Answer in one word.").text
    pieces = list(draft(llm, GREET))
    assert "Paris" in "".join(pieces)
    assert len(list(draft(llm, LONG))) > 10


@pytest.mark.parametrize("key", ["", "sk-wrong-key-99887766"])
def test_a_wrong_key_is_refused_before_and_while_asking(llama: LlamaServer, key: str) -> None:
    """The error names the variable to correct, and never the key."""
    settings = openai_like(llama, llm_api_key=SecretStr(key))
    with pytest.raises(LLMSetupError, match="refused the key; correct RAG_LLM_API_KEY") as before:
        preflight(settings)
    with pytest.raises(LLMUnavailableError, match="refused the key for smol") as later:
        list(draft(connect(settings), GREET))
    assert "99887766" not in f"{before.value} {later.value}"
    assert available(settings) == ["quotes"] or "smollm2" in available(settings)


def test_a_model_that_the_server_does_not_have_is_named_with_those_it_has(llama: LlamaServer) -> None:
    """The user sees what to choose from."""
    with pytest.raises(LLMSetupError, match=r"does not have gpt-9 \(it has claude-sonnet-4-5, gpt-4o-mini, smol\)"):
        preflight(openai_like(llama, "gpt-9"))


def test_an_address_of_something_else_is_recognised(llama: LlamaServer) -> None:
    """A web server that is no language model is told apart by what it answers."""
    settings = openai_like(llama)
    wrong = settings.model_copy(update={"llm_base_url": f"{llama.address}/nothing/here"})
    preflight(wrong)  # a server need not list its models ...
    with pytest.raises(LLMUnavailableError, match="often ends in /v1"):  # ... but then says so when it is asked
        list(draft(connect(wrong), GREET))


def test_a_prompt_that_is_too_long_says_which_setting_helps(llama: LlamaServer) -> None:
    """The server's context holds 2,048 tokens."""
    with pytest.raises(LLMUnavailableError, match="RAG_EVIDENCE_SENTENCES"):
        list(draft(connect(openai_like(llama)), Prompt("Read.", "word " * 4000)))


def test_a_slow_answer_times_out(llama: LlamaServer) -> None:
    """The timeout of the settings holds while the model reads the prompt."""
    llm = connect(openai_like(llama, llm_timeout=0.05))
    with pytest.raises(LLMUnavailableError, match=r"did not answer in time.*RAG_LLM_TIMEOUT"):
        list(draft(llm, Prompt("Read.", "word " * 1500)))


def test_closing_the_stream_frees_the_server(llama: LlamaServer) -> None:
    """The one slot is free again for the next question."""
    stream = draft(connect(openai_like(llama, llm_max_tokens=1500)), LONG)
    next(stream)
    stream.close()
    assert "Paris" in "".join(draft(connect(openai_like(llama)), GREET))


def test_a_server_killed_in_mid_stream_is_one_error(mortal_llama: LlamaServer) -> None:
    """What came before is kept; then the draft fails, and so does the next preflight."""
    settings = openai_like(mortal_llama, llm_max_tokens=1500)
    stream = draft(connect(settings), LONG)
    assert next(stream)
    mortal_llama.stop()
    with pytest.raises(LLMUnavailableError, match="stopped answering"):
        list(stream)
    with pytest.raises(LLMUnavailableError, match="cannot be reached"):
        preflight(settings)


VENDORS = {
    "openai/gpt-4o-mini": {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": "{}/v1"},
    "anthropic/claude-sonnet-4-5": {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": "{}"},
    "litellm/openai/gpt-4o-mini": {"OPENAI_API_KEY": KEY, "OPENAI_API_BASE": "{}/v1"},
}


@pytest.fixture(params=VENDORS)
def vendor(request: pytest.FixtureRequest, llama: LlamaServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of a hosted model, with its vendor's variables pointing at the local server."""
    for name, value in VENDORS[request.param].items():
        monkeypatch.setenv(name, value.format(llama.address))
    return request.param


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of LiteLLM's own imports
def test_the_integrations_of_hosted_vendors_speak_to_a_real_server(
    vendor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """openai, anthropic and litellm answer, stream, cancel, and refuse a wrong key with the name of its variable."""
    settings = Settings(llm=vendor, llm_max_tokens=20)
    preflight(settings)
    llm = connect(settings)
    assert "Paris" in "".join(draft(llm, GREET))
    stream = draft(llm, LONG)
    next(stream)
    stream.close()
    assert "Paris" in "".join(draft(llm, GREET))
    variable = next(name for name in VENDORS[vendor] if name.endswith("KEY"))
    monkeypatch.setenv(variable, "sk-wrong-key-99887766")
    with pytest.raises(LLMUnavailableError, match="refused the key") as error:
        list(draft(connect(settings), GREET))
    assert "99887766" not in str(error.value)


class OllamaHandler(BaseHTTPRequestHandler):
    """What Ollama's API answers, as far as a draft needs it: the list of models, and a chat in lines of JSON."""

    requests: list[dict[str, object]]

    def do_GET(self) -> None:
        """The one model that is there."""
        self._send(json.dumps({"models": [{"model": "tiny:latest", "name": "tiny:latest"}]}).encode())

    def do_POST(self) -> None:
        """Three words, one line each; the last line says that it is done."""
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.requests.append(request)
        lines = [
            {"message": {"role": "assistant", "content": word}, "done": False} for word in ("It ", "helps ", "[1].")
        ]
        lines.append({"message": {"role": "assistant", "content": ""}, "done": True})
        self._send(b"".join(json.dumps({"model": request["model"], **line}).encode() + b"\n" for line in lines))

    def _send(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing on stderr."""


@pytest.fixture
def ollama(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, object]]]:
    """A server that speaks Ollama's protocol, found through OLLAMA_HOST; gives the chat requests it gets."""
    requests: list[dict[str, object]] = []
    handler = type("Handler", (OllamaHandler,), {"requests": requests})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("OLLAMA_HOST", f"127.0.0.1:{server.server_port}")
        yield requests
        server.shutdown()


def test_ollama_is_asked_with_the_limits_of_the_settings(ollama: list[dict[str, object]]) -> None:
    """The integration streams from OLLAMA_HOST at temperature 0 and with a bounded draft and context."""
    settings = Settings(llm="ollama/tiny", llm_max_tokens=20)
    preflight(settings)
    assert "".join(draft(connect(settings), GREET)) == "It helps [1]."
    assert ollama[0]["model"] == "tiny"
    assert ollama[0]["options"] == {"temperature": 0.0, "num_ctx": 8192, "num_predict": 20}


def test_a_model_that_ollama_does_not_have_names_the_command(ollama: list[dict[str, object]]) -> None:
    """The user learns what to type, and what is there."""
    with pytest.raises(
        LLMSetupError, match=r"does not have the model big \(it has tiny:latest\); run `ollama pull big`"
    ):
        preflight(Settings(llm="ollama/big"))
