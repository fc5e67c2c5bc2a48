"""A language model that answers from a script: for tests, and for trying a pipeline without a model."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from llama_index.core.base.llms.types import CompletionResponse, CompletionResponseGen, LLMMetadata
from llama_index.core.llms import CustomLLM
from llama_index.core.llms.callbacks import llm_completion_callback
from pydantic import PrivateAttr

Script = Sequence[str | Exception] | Callable[[str], str]
"""What to answer: replies in turn (an exception is raised), or a function of the prompt."""


class ScriptedLLM(CustomLLM):
    """Streams its replies word by word.

    ``prompts`` are the ones it was given; ``closed`` counts the streams that their reader left early. ``fail_after``
    raises ``failure`` after that many words of a reply, as a server does that dies while it writes.
    """

    model: str = "scripted"
    fail_after: int | None = None

    _script: Script = PrivateAttr()
    _failure: Exception = PrivateAttr()
    _prompts: list[str] = PrivateAttr(default_factory=list)
    _closed: int = PrivateAttr(default=0)

    def __init__(self, script: Script, *, fail_after: int | None = None, failure: Exception | None = None) -> None:
        super().__init__(fail_after=fail_after)
        self._script = script
        self._failure = failure or ConnectionError("The scripted model stopped.")

    @classmethod
    def class_name(cls) -> str:
        """The name LlamaIndex knows it by."""
        return "scripted"

    @property
    def metadata(self) -> LLMMetadata:
        """A completion model of that name, with a context of 8,192 tokens."""
        return LLMMetadata(context_window=8192, num_output=300, model_name=self.model)

    @property
    def prompts(self) -> list[str]:
        """Every prompt so far, system message included, oldest first."""
        return self._prompts

    @property
    def closed(self) -> int:
        """How many streams their reader closed before the end."""
        return self._closed

    @llm_completion_callback()
    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        """The next reply at once."""
        return CompletionResponse(text="".join(self._pieces(prompt)))

    @llm_completion_callback()
    def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponseGen:
        """The next reply, word by word."""

        def responses() -> CompletionResponseGen:
            text = ""
            try:
                for piece in self._pieces(prompt):
                    text += piece
                    yield CompletionResponse(text=text, delta=piece)
            except GeneratorExit:
                self._closed += 1
                raise

        return responses()

    def _pieces(self, prompt: str) -> Iterator[str]:
        self._prompts.append(prompt)
        if callable(self._script):
            reply: str | Exception = self._script(prompt)
        elif len(self._prompts) <= len(self._script):
            reply = self._script[len(self._prompts) - 1]
        else:
            raise AssertionError(f"The script has {len(self._script)} replies; one more was asked for.")
        if isinstance(reply, Exception):
            raise reply
        for number, piece in enumerate(re.findall(r"\s*\S+|\s+$", reply) or [""]):
            if self.fail_after is not None and number >= self.fail_after:
                raise self._failure
            yield piece
