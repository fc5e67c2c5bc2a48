"""Tokens that a language model reports, through LlamaIndex's instrumentation; silence when it reports none."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from eval.results import Usage
from rag.errors import InputError


@dataclass(frozen=True, slots=True)
class Prices:
    """What a language model costs, in dollars per million tokens."""

    prompt: float
    completion: float

    def dollars(self, usage: Usage) -> float:
        """The price of the tokens."""
        return (usage.prompt_tokens * self.prompt + usage.completion_tokens * self.completion) / 1_000_000


def parse_prices(text: str) -> Prices:
    """Prices from "PROMPT,COMPLETION"; InputError when that is not two numbers."""
    try:
        prompt, completion = (float(part) for part in text.split(","))
    except ValueError as error:
        raise InputError(f"The price {text!r} is not two numbers; write it as 0.15,0.60.") from error
    return Prices(prompt, completion)


class TokenCount:
    """Adds up what is reported while it listens."""

    def __init__(self) -> None:
        self.calls = self.prompt_tokens = self.completion_tokens = 0

    def add(self, reported: Any) -> None:
        """Count one reply's ``usage`` as OpenAI-compatible servers give it, an object or a dict."""
        prompt, completion = _field(reported, "prompt_tokens"), _field(reported, "completion_tokens")
        if isinstance(prompt, int) and isinstance(completion, int):
            self.calls += 1
            self.prompt_tokens += prompt
            self.completion_tokens += completion

    @property
    def usage(self) -> Usage | None:
        """The sums; None when nothing was reported."""
        return Usage(self.calls, self.prompt_tokens, self.completion_tokens) if self.calls else None


@contextmanager
def counting_tokens() -> Iterator[TokenCount]:
    """Count the tokens of every LlamaIndex chat or completion that ends inside the block."""
    from llama_index.core.instrumentation.event_handlers import BaseEventHandler
    from llama_index.core.instrumentation.events.llm import LLMChatEndEvent, LLMCompletionEndEvent
    from llama_index_instrumentation import root_dispatcher

    count = TokenCount()

    class Listener(BaseEventHandler):
        @classmethod
        def class_name(cls) -> str:
            return "FootnoteTokenCount"

        def handle(self, event: Any, **_: Any) -> None:
            if isinstance(event, (LLMChatEndEvent, LLMCompletionEndEvent)) and event.response is not None:
                count.add(_field(event.response.raw, "usage"))

    listener = Listener()
    root_dispatcher.add_event_handler(listener)
    try:
        yield count
    finally:
        root_dispatcher.event_handlers.remove(listener)


def _field(record: Any, name: str) -> Any:
    return record.get(name) if isinstance(record, dict) else getattr(record, name, None)
