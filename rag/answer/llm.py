"""The language model that the settings name: connect to it, check it beforehand, and read a draft from it."""

import contextlib
import gc
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from rag.answer.backends import BACKENDS, Backend
from rag.answer.failures import explained
from rag.answer.prompts import Prompt
from rag.errors import LLMError, LLMSetupError
from rag.settings import Settings
from rag.text import INVISIBLE

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

QUOTES = "quotes"
"""The composer that needs no language model."""


def connect(settings: Settings) -> "LLM":
    """The LlamaIndex LLM of ``settings.llm``, at temperature 0, with the timeout and the draft length of the settings.

    No server is asked yet, and an embedded model is loaded with its first request; huggingface/NAME loads here.
    Keep what is returned: it holds connections. Raises LLMSetupError for a missing extra, key, file or address.
    """
    backend, name = _backend(settings)
    backend.require_extra()
    return backend.connect(backend, name, settings)


def preflight(settings: Settings) -> None:
    """Check that ``settings.llm`` will work: extra, key, file, server, model name. Nothing to check for ``quotes``.

    Raises LLMSetupError when the user has to change something, LLMUnavailableError when the server does not answer.
    """
    if settings.llm == QUOTES:
        return
    backend, name = _backend(settings)
    backend.require_extra()
    backend.check(backend, name, settings)


def available(settings: Settings) -> list[str]:
    """The composers that work right now: ``quotes``, ``smollm2`` if it is unpacked, and the one in the settings."""
    working = [QUOTES]
    for name in dict.fromkeys(("smollm2", settings.llm)):
        with contextlib.suppress(LLMError):
            preflight(settings.model_copy(update={"llm": name}))
            working.append(name)
    return list(dict.fromkeys(working))


def draft(llm: "LLM", prompt: Prompt, max_tokens: int | None = None) -> Iterator[str]:
    """What ``llm`` writes, piece by piece as it comes, without the reasoning some models put before the answer.

    Stops after ``max_tokens`` pieces of the stream, besides the limit the model has itself. Closing the generator
    cancels the request. Raises LLMError, also in the middle of the stream.
    """
    from llama_index.core.llms import ChatMessage, MessageRole

    messages = [
        ChatMessage(role=MessageRole.SYSTEM, content=prompt.system),
        ChatMessage(role=MessageRole.USER, content=prompt.user),
    ]
    responses: Any = None
    ended = False
    try:
        responses = llm.stream_chat(messages)
        pieces = (INVISIBLE.sub("", response.delta or "") for response in islice(responses, max_tokens))
        yield from _without_reasoning(pieces)
        ended = max_tokens is None or next(responses, None) is None
    except Exception as error:
        ended = True
        raise explained(error, _name(llm), _text(llm, "api_base", "base_url"), _text(llm, "api_key")) from error
    finally:
        if hasattr(responses, "close"):  # a generator, or some other iterator of an integration's own
            responses.close()
        if not ended:
            # The clients of OpenAI and Anthropic keep their stream in a reference cycle: until it is collected the
            # connection stays open, and the server goes on writing for nobody.
            gc.collect()


def _backend(settings: Settings) -> tuple[Backend, str]:
    """The row of the table and what follows its name: ``gguf:PATH``, ``ollama/NAME``."""
    kind, _, name = settings.llm.partition(":" if settings.llm.startswith("gguf:") else "/")
    if kind not in BACKENDS:
        raise LLMSetupError(f"{settings.llm} is not a language model; RAG_LLM takes one of {', '.join(BACKENDS)}.")
    return BACKENDS[kind], name


def _name(llm: "LLM") -> str:
    return _text(llm, "model", "model_name") or llm.class_name()


def _text(llm: Any, *attributes: str) -> str:
    return next((value for name in attributes if isinstance(value := getattr(llm, name, None), str)), "")


def _without_reasoning(pieces: Iterable[str], opening: str = "<think>", closing: str = "</think>") -> Iterator[str]:
    """The pieces without what stands between the tags, which may be cut anywhere by the ends of pieces."""
    held, awaited = "", opening
    for piece in pieces:
        held += piece
        while awaited in held:
            before, held = held.split(awaited, 1)
            if awaited == opening and before:
                yield before
            awaited = closing if awaited == opening else opening
        # What may yet become the tag waits for the next piece.
        keep = next((n for n in range(len(awaited) - 1, 0, -1) if held.endswith(awaited[:n])), 0)
        settled, held = (held[:-keep], held[-keep:]) if keep else (held, "")
        if awaited == opening and settled:
            yield settled
    if awaited == opening and held:
        yield held
