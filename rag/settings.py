"""The settings: data only, read from arguments, ``RAG_*`` variables and ``.env``, in that order of precedence."""

import difflib
import os
import re
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import platformdirs
from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from rag.errors import SettingsError

PREFIX = "RAG_"
Weight = Annotated[float, Field(ge=0, le=1)]


class Settings(BaseSettings):
    """Every choice a user can make; frozen. Making one raises SettingsError, in a sentence, on what it does not know."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    home: Path = Field(
        default_factory=lambda: platformdirs.user_data_path("footnote", appauthor=False),
        description="Folder that holds the corpora, one folder each.",
    )
    corpus: str = Field("default", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$", description="Name of the corpus.")
    cache: Path = Field(
        default_factory=lambda: platformdirs.user_cache_path("footnote", appauthor=False),
        description="Folder for converted and unpacked models; may be deleted at any time.",
    )

    chroma_url: str = Field(
        "",
        description="Chroma server that keeps the vectors instead of the corpus folder: http://HOST:PORT or https://HOST.",
    )
    chroma_tenant: str = Field("default_tenant", min_length=1, description="Tenant on the Chroma server.")
    chroma_database: str = Field("default_database", min_length=1, description="Database on the Chroma server.")
    chroma_token: SecretStr = Field(
        SecretStr(""), description="Key of Chroma Cloud, or of a proxy before a server; sent as X-Chroma-Token."
    )

    embed_model: str = Field(
        "all-MiniLM-L6-v2", description="Embedder: a sentence-transformers name or path; the default one is embedded."
    )
    embed_backend: str = Field(
        "auto", pattern="^(auto|openvino|torch)$", description="auto, openvino or torch; auto is OpenVINO on a CPU."
    )
    reranker: str = Field("", description="Cross-encoder that reranks on top: a sentence-transformers name or path.")
    reader: str = Field(
        "bundled",
        description="Evidence reader that picks the sentence: bundled, none (likeness alone) or the folder of another.",
    )

    llm: str = Field(
        "quotes",
        description="quotes (no LLM), smollm2, gguf:PATH, ollama/NAME, openai/NAME, openai-like/NAME, anthropic/NAME, "
        "huggingface/NAME, litellm/NAME.",
    )
    llm_base_url: str = Field("", description="Address of an OpenAI-compatible server, for openai-like/NAME.")
    llm_api_key: SecretStr = Field(SecretStr(""), description="Key for openai-like/NAME; others read their vendor's.")
    llm_timeout: float = Field(120.0, gt=0, description="Seconds to wait for a language model.")
    llm_max_tokens: int = Field(300, gt=0, description="Longest draft a language model may write, in tokens.")
    unsupported: str = Field(
        "drop", pattern="^(drop|mark)$", description="drop or mark the sentences that fail the check."
    )

    max_sentences: int = Field(3, ge=1, le=20, description="Sentences in a quoted answer, at most.")
    evidence_sentences: int = Field(8, ge=1, le=50, description="Evidence sentences shown to a language model.")
    candidates: int = Field(100, ge=1, le=1000, description="Abstracts that each search brings for reranking.")
    weight_chunk: Weight = Field(0.43, description="Weight of the best chunk's cosine in the fused score.")
    weight_sentence: Weight = Field(0.26, description="Weight of the best sentence's cosine in the fused score.")
    weight_bm25: Weight = Field(0.31, description="Weight of the shared words (coverage and BM25) in the fused score.")
    min_confidence: Weight = Field(0.7, description="Below this calibrated confidence the answer abstains.")

    ui_password: SecretStr = Field(
        SecretStr(""), description="Password of the chat page; it must have one to listen beyond this computer."
    )

    @field_validator("llm")
    @classmethod
    def _llm_is_known(cls, value: str) -> str:
        kinds = ("gguf:", "ollama/", "openai/", "openai-like/", "anthropic/", "huggingface/", "litellm/")
        if value in ("quotes", "smollm2") or any(value.startswith(kind) and value != kind for kind in kinds):
            return value
        raise ValueError(
            "use quotes, smollm2, gguf:PATH, or one of "
            "ollama, openai, openai-like, anthropic, huggingface, litellm followed by /NAME"
        )

    @field_validator("chroma_url")
    @classmethod
    def _chroma_url_is_an_address(cls, value: str) -> str:
        try:
            parts = urlsplit(value)
            whole = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:  # a port that is no number
            whole = False
        if value and (not whole or parts.username or parts.password or parts.query or parts.fragment):
            raise ValueError("use http://HOST:PORT or https://HOST, and RAG_CHROMA_TOKEN for a key")
        return value.rstrip("/")

    @field_validator("chroma_token")
    @classmethod
    def _token_is_sendable(cls, value: SecretStr) -> SecretStr:
        if not re.fullmatch(r"[!-~]*", value.get_secret_value()):
            raise ValueError("a key has letters, digits and punctuation only, no spaces")
        return value

    def __init__(self, **values: Any) -> None:
        """Settings from ``values``, the environment and ``.env``."""
        _refuse_unknown(values)
        # Names outside the prefix belong to others (OPENAI_API_KEY, say) and an .env may hold them too.
        from_file = {
            name.removeprefix(PREFIX).lower(): value
            for name, value in dotenv_values(".env").items()
            if name.startswith(PREFIX) and name not in os.environ and value is not None
        }
        try:
            super().__init__(**{**from_file, **values})
        except ValidationError as error:
            raise SettingsError(_sentence(error)) from None

    @property
    def folder(self) -> Path:
        """Where the corpus lives."""
        return self.home.expanduser() / self.corpus


def _refuse_unknown(values: dict[str, Any]) -> None:
    """pydantic-settings overlooks misspelt environment variables; a misspelt setting must not pass for a default."""
    known = sorted(Settings.model_fields)
    written = [(name, name) for name in values]
    for place in (os.environ, dotenv_values(".env")):
        written += [(name, name.removeprefix(PREFIX).lower()) for name in place if name.startswith(PREFIX)]
    for shown, name in written:
        if name not in Settings.model_fields:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]}" if close else "the settings are listed in .env.example"
            raise SettingsError(f"There is no setting {shown!r}; {hint}.")


def _sentence(error: ValidationError) -> str:
    """The first complaint as a sentence; values of secrets are never shown."""
    first = error.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else "settings"
    field = Settings.model_fields.get(name)
    secret = field is None or field.annotation is SecretStr
    # An address that was refused may hold a password.
    value = "" if secret or "@" in str(first["input"]) else f" = {first['input']!r}"
    reason = first["msg"].removeprefix("Value error, ")
    return f"The setting {name}{value} cannot be used: {reason}."
