"""Fixtures of the language models: SmolLM2 out of the package index, and a real server that serves it."""

import os
from collections.abc import Iterator
from pathlib import Path

import platformdirs
import pytest

from rag import Settings
from rag.answer import models
from rag.errors import LLMUnavailableError
from tests.answer.llama_server import LlamaServer, start_server


@pytest.fixture(scope="session")
def model_cache() -> Path:
    """The cache folder with SmolLM2 in it, pulled once and kept: FOOTNOTE_TEST_CACHE, or the user's own."""
    cache = Path(os.environ.get("FOOTNOTE_TEST_CACHE") or platformdirs.user_cache_path("footnote", appauthor=False))
    try:
        models.pull("smollm2", Settings(cache=cache))
    except LLMUnavailableError as error:
        pytest.skip(f"SmolLM2 is not in {cache}: {error}")
    return cache


@pytest.fixture
def smollm2(model_cache: Path) -> Settings:
    """Settings that compose with the embedded model."""
    return Settings(cache=model_cache, llm="smollm2", llm_max_tokens=40)


@pytest.fixture(scope="session")
def smollm2_file(model_cache: Path) -> Path:
    """The model's GGUF file."""
    return models.path("smollm2", Settings(cache=model_cache))


@pytest.fixture(scope="session")
def llama(smollm2_file: Path) -> Iterator[LlamaServer]:
    """A server that all tests share and leave running."""
    server = start_server(smollm2_file)
    yield server
    server.stop()


@pytest.fixture
def mortal_llama(smollm2_file: Path) -> Iterator[LlamaServer]:
    """A server that the test may kill."""
    server = start_server(smollm2_file)
    yield server
    server.stop()
