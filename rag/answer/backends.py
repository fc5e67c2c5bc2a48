"""One row for each way to reach a language model; every vendor's integration is imported here and nowhere else."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from dotenv import dotenv_values

from rag.answer import embedded, models
from rag.answer.failures import explained, shown
from rag.errors import LLMSetupError, LLMUnavailableError
from rag.settings import Settings

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

CONTEXT_WINDOW = 8192
"""Tokens assumed for servers that do not tell; several times what a prompt of eight evidence sentences takes."""

PREFLIGHT_SECONDS = 10.0
RETRIES = 2
"""Further tries with hosted vendors, which refuse requests when they are busy."""


@dataclass(frozen=True, slots=True)
class Backend:
    """How to connect to the models of one kind, and how to tell beforehand that it will work.

    ``extra`` installs it and brings ``modules``. ``key`` and ``address`` are the environment variables the vendor
    itself uses; ``default_address`` is where it is without the latter.
    """

    extra: str
    modules: tuple[str, ...]
    connect: "Callable[[Backend, str, Settings], LLM]"
    check: "Callable[[Backend, str, Settings], None]"
    key: str = ""
    address: str = ""
    default_address: str = ""

    def require_extra(self) -> None:
        """LLMSetupError when the extra is not installed; nothing is imported."""
        if missing := [module for module in self.modules if not _installed(module)]:
            raise LLMSetupError(
                f"The language model needs {missing[0]}, which is not installed; "
                f"run `pip install 'footnote-rag[{self.extra}]'`."
            )

    def require_key(self) -> str:
        """The vendor's key out of the environment or ``.env``; LLMSetupError when there is none."""
        if key := _vendor_value(self.key):
            return key
        raise LLMSetupError(f"The language model needs a key; put it into the environment variable {self.key}.")

    def where(self) -> str:
        """The vendor's address, without a closing slash."""
        return (_vendor_value(self.address) or self.default_address).rstrip("/")


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # a parent package is missing
        return False


def _vendor_value(variable: str) -> str:
    return os.environ.get(variable) or dotenv_values(".env").get(variable) or ""


# --- in this process ---------------------------------------------------------------------------------------------


def _connect_embedded(path: Path, name: str, settings: Settings) -> "LLM":
    client = httpx.Client(transport=embedded.EmbeddedTransport(path), timeout=settings.llm_timeout)
    return _openai_like(
        settings,
        model=name,
        api_base=embedded.ADDRESS,
        api_key="in-process",  # the transport puts in the real one
        context_window=embedded.CONTEXT_WINDOW,
        http_client=client,
    )


def _check_smollm2(backend: Backend, name: str, settings: Settings) -> None:
    if not models.is_pulled("smollm2", settings):
        raise LLMSetupError("The model smollm2 is not unpacked yet; run `rag models pull smollm2`.")


def _connect_smollm2(backend: Backend, name: str, settings: Settings) -> "LLM":
    _check_smollm2(backend, name, settings)
    return _connect_embedded(models.path("smollm2", settings), "smollm2", settings)


def _check_gguf(backend: Backend, name: str, settings: Settings) -> None:
    embedded.require_gguf(Path(name))


def _connect_gguf(backend: Backend, name: str, settings: Settings) -> "LLM":
    path = embedded.require_gguf(Path(name))
    return _connect_embedded(path, path.stem, settings)


def _connect_huggingface(backend: Backend, name: str, settings: Settings) -> "LLM":
    from rag.answer.huggingface import CancellableHuggingFaceLLM

    try:
        return CancellableHuggingFaceLLM(
            model_name=name,
            tokenizer_name=name,
            context_window=CONTEXT_WINDOW,
            max_new_tokens=settings.llm_max_tokens,
            generate_kwargs={"do_sample": False},
            is_chat_model=True,
        )
    except Exception as error:
        raise LLMSetupError(
            f"transformers cannot load the model {name}; give a folder with its files or a name that the hub knows."
        ) from error


def _check_huggingface(backend: Backend, name: str, settings: Settings) -> None:
    from huggingface_hub import hf_hub_download, try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError, RepositoryNotFoundError

    if (Path(name).expanduser() / "config.json").is_file():
        return
    try:
        if not isinstance(try_to_load_from_cache(name, "config.json"), str):
            hf_hub_download(name, "config.json", etag_timeout=PREFLIGHT_SECONDS)
    except (HFValidationError, RepositoryNotFoundError) as error:
        raise LLMSetupError(
            f"There is no model {name}: neither a folder with a config.json nor a name that the hub knows; "
            "correct RAG_LLM."
        ) from error
    except Exception as error:
        raise LLMUnavailableError(
            f"The model {name} is not in the local cache and the hub cannot be reached; "
            "connect to the network, or give the path of a folder."
        ) from error


# --- over the network --------------------------------------------------------------------------------------------


def _openai_like(settings: Settings, **values: Any) -> "LLM":
    from llama_index.llms.openai_like import OpenAILike

    return OpenAILike(
        is_chat_model=True,
        temperature=0.0,
        max_tokens=settings.llm_max_tokens,
        timeout=settings.llm_timeout,
        max_retries=0,
        **values,
    )


def _connect_openai_like(backend: Backend, name: str, settings: Settings) -> "LLM":
    address = _base_url(settings)
    return _openai_like(
        settings,
        model=name,
        api_base=address,
        # Without a key of its own the client would send OPENAI_API_KEY to whatever server this is.
        api_key=settings.llm_api_key.get_secret_value() or "none",
        context_window=CONTEXT_WINDOW,
    )


def _check_openai_like(backend: Backend, name: str, settings: Settings) -> None:
    key = settings.llm_api_key.get_secret_value()
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    _check_listed(f"{_base_url(settings)}/models", headers, name, "RAG_LLM_API_KEY", settings)


def _base_url(settings: Settings) -> str:
    if not settings.llm_base_url:
        raise LLMSetupError(
            "openai-like/NAME needs the address of its server; set RAG_LLM_BASE_URL, "
            "for example to http://localhost:8000/v1."
        )
    return settings.llm_base_url.rstrip("/")


def _connect_openai(backend: Backend, name: str, settings: Settings) -> "LLM":
    key = backend.require_key()
    from llama_index.llms.openai import OpenAI

    try:
        llm = OpenAI(
            model=name,
            api_key=key,
            api_base=backend.where(),
            temperature=0.0,
            max_tokens=settings.llm_max_tokens,
            timeout=settings.llm_timeout,
            max_retries=RETRIES,
        )
        _ = llm.metadata  # raises for a name it does not know, which it would do at the first question otherwise
    except ValueError as error:
        raise LLMSetupError(
            f"llama-index-llms-openai does not know the model {name}; upgrade it, or use openai-like/{name} with "
            f"RAG_LLM_BASE_URL={backend.default_address}."
        ) from error
    return llm


def _check_openai(backend: Backend, name: str, settings: Settings) -> None:
    _connect_openai(backend, name, settings)  # checks the key and the name without asking the server
    headers = {"Authorization": f"Bearer {backend.require_key()}"}
    _check_listed(f"{backend.where()}/models", headers, name, backend.key, settings)


def _connect_anthropic(backend: Backend, name: str, settings: Settings) -> "LLM":
    key = backend.require_key()
    from llama_index.llms.anthropic import Anthropic

    return Anthropic(
        model=name,
        api_key=key,
        base_url=backend.where(),
        temperature=0.0,
        max_tokens=settings.llm_max_tokens,
        timeout=settings.llm_timeout,
        max_retries=RETRIES,
    )


def _check_anthropic(backend: Backend, name: str, settings: Settings) -> None:
    headers = {"x-api-key": backend.require_key(), "anthropic-version": "2023-06-01"}
    address = f"{backend.where()}/v1/models"
    # Asked by name, because the list leaves out the aliases.
    if _get(f"{address}/{name}", headers, name, backend.key, settings).status_code == 404:
        _check_listed(f"{address}?limit=100", headers, name, backend.key, settings)


def _connect_ollama(backend: Backend, name: str, settings: Settings) -> "LLM":
    from llama_index.llms.ollama import Ollama

    return Ollama(
        model=name,
        base_url=backend.where(),
        temperature=0.0,
        context_window=CONTEXT_WINDOW,
        request_timeout=settings.llm_timeout,
        additional_kwargs={"num_predict": settings.llm_max_tokens},
        thinking=False,
    )


def _check_ollama(backend: Backend, name: str, settings: Settings) -> None:
    import ollama

    try:
        listed = ollama.Client(host=backend.where(), timeout=_seconds(settings)).list().models
    except Exception as error:
        raise LLMUnavailableError(
            f"Ollama cannot be reached at {shown(backend.where())}; start it with `ollama serve`, "
            "or set OLLAMA_HOST to where it runs."
        ) from error
    there = [model.model for model in listed if model.model]
    if name not in there and f"{name}:latest" not in there:
        raise LLMSetupError(f"Ollama does not have the model {name} ({_having(there)}); run `ollama pull {name}`.")


def _connect_litellm(backend: Backend, name: str, settings: Settings) -> "LLM":
    _litellm(name)
    from llama_index.llms.litellm import LiteLLM

    return LiteLLM(
        model=name,
        temperature=0.0,
        max_tokens=settings.llm_max_tokens,
        max_retries=1,  # LiteLLM has retries of its own
        additional_kwargs={"timeout": settings.llm_timeout, "drop_params": True},
    )


def _check_litellm(backend: Backend, name: str, settings: Settings) -> None:
    found = _litellm(name).validate_environment(model=name)
    if found["missing_keys"]:
        raise LLMSetupError(
            f"The language model needs a key; put it into the environment variable {found['missing_keys'][0]}."
        )


def _litellm(name: str) -> Any:
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # read at import, which otherwise fetches a price list
    import litellm

    litellm.telemetry = False
    litellm.suppress_debug_info = True  # it prints advice to stdout before it raises
    try:
        litellm.get_llm_provider(model=name)
    except Exception as error:
        raise LLMSetupError(
            f"LiteLLM does not know a vendor for {name}; write litellm/VENDOR/MODEL, "
            "for example litellm/groq/llama-3.1-8b-instant."
        ) from error
    return litellm


# --- asking a server before it is needed ---------------------------------------------------------------------------


def _seconds(settings: Settings) -> float:
    return min(PREFLIGHT_SECONDS, settings.llm_timeout)


def _get(url: str, headers: dict[str, str], name: str, key: str, settings: Settings) -> httpx.Response:
    """What the server answers; LLMError when it cannot be reached, refuses the key, or fails."""
    try:
        response = httpx.get(url, headers=headers, timeout=_seconds(settings))
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError) as error:
        raise LLMSetupError(
            f"{shown(url)} is not an address; give one like http://localhost:8000/v1 in RAG_LLM_BASE_URL."
        ) from error
    except httpx.HTTPError as error:
        raise explained(error, name, url) from error
    if response.status_code in (401, 403):
        raise LLMSetupError(f"The server at {shown(url)} refused the key; correct {key}.")
    if response.status_code >= 500:
        raise LLMUnavailableError(
            f"The server at {shown(url)} answered with status {response.status_code}; try again when it is ready."
        )
    return response


def _check_listed(url: str, headers: dict[str, str], name: str, key: str, settings: Settings) -> None:
    response = _get(url, headers, name, key, settings)
    if response.status_code in (404, 405):
        return  # not every server lists its models; one that does not have this one says so when it is asked
    try:
        there = [alias for model in response.json()["data"] for alias in (model["id"], *model.get("aliases", ()))]
    except (ValueError, KeyError, TypeError) as error:
        raise LLMSetupError(
            f"What answers at {shown(url)} is not the API of a language model; correct the address, "
            "which often ends in /v1."
        ) from error
    # Some routers take options after a colon that their list does not repeat.
    if there and not {name, name.rsplit(":", 1)[0]} & set(there):
        raise LLMSetupError(f"The server at {shown(url)} does not have {name} ({_having(there)}); correct RAG_LLM.")


def _having(names: list[str]) -> str:
    if not names:
        return "it has none"
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return f"it has {', '.join(sorted(set(names))[:10])}{more}"


BACKENDS = {
    "smollm2": Backend("embedded", ("xllamacpp", "llama_index.llms.openai_like"), _connect_smollm2, _check_smollm2),
    "gguf": Backend("embedded", ("xllamacpp", "llama_index.llms.openai_like"), _connect_gguf, _check_gguf),
    "ollama": Backend(
        "ollama",
        ("llama_index.llms.ollama",),
        _connect_ollama,
        _check_ollama,
        address="OLLAMA_HOST",
        default_address="http://localhost:11434",
    ),
    "openai": Backend(
        "openai",
        ("llama_index.llms.openai",),
        _connect_openai,
        _check_openai,
        key="OPENAI_API_KEY",
        address="OPENAI_BASE_URL",
        default_address="https://api.openai.com/v1",
    ),
    "openai-like": Backend("openai-like", ("llama_index.llms.openai_like",), _connect_openai_like, _check_openai_like),
    "anthropic": Backend(
        "anthropic",
        ("llama_index.llms.anthropic",),
        _connect_anthropic,
        _check_anthropic,
        key="ANTHROPIC_API_KEY",
        address="ANTHROPIC_BASE_URL",
        default_address="https://api.anthropic.com",
    ),
    "huggingface": Backend("huggingface", ("llama_index.llms.huggingface",), _connect_huggingface, _check_huggingface),
    "litellm": Backend("litellm", ("llama_index.llms.litellm",), _connect_litellm, _check_litellm),
}
