"""Footnote: answers over scientific abstracts, every sentence footnoted to the sentence that supports it.

from rag import Assistant, Filters, Settings

with Assistant.open() as assistant:
    assistant.ingest(["seeds/"])
    print(assistant.ask("What does ACTS measure?").text)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rag.assistant import Assistant, CorpusStats, Feedback
    from rag.errors import (
        ClusterError,
        CorpusDamagedError,
        CorpusError,
        CorpusLockedError,
        EmbedderMismatchError,
        FootnoteError,
        InputError,
        LLMError,
        LLMSetupError,
        LLMUnavailableError,
        ModelError,
        NotFoundError,
        SettingsError,
        UsageError,
        VectorStoreError,
    )
    from rag.records import (
        Abstract,
        Answer,
        AnswerSentence,
        Citation,
        Conflict,
        Draft,
        Event,
        Evidence,
        Filters,
        Finished,
        Hit,
        IngestReport,
        Merge,
        Progress,
        Rejection,
        Retrieved,
        Sentence,
        Signals,
        Source,
        Verdict,
    )
    from rag.settings import Settings

__all__ = [
    "Abstract",
    "Answer",
    "AnswerSentence",
    "Assistant",
    "Citation",
    "ClusterError",
    "Conflict",
    "CorpusDamagedError",
    "CorpusError",
    "CorpusLockedError",
    "CorpusStats",
    "Draft",
    "EmbedderMismatchError",
    "Event",
    "Evidence",
    "Feedback",
    "Filters",
    "Finished",
    "FootnoteError",
    "Hit",
    "IngestReport",
    "InputError",
    "LLMError",
    "LLMSetupError",
    "LLMUnavailableError",
    "Merge",
    "ModelError",
    "NotFoundError",
    "Progress",
    "Rejection",
    "Retrieved",
    "Sentence",
    "Settings",
    "SettingsError",
    "Signals",
    "Source",
    "UsageError",
    "VectorStoreError",
    "Verdict",
]

_HOMES = {
    "rag.assistant": ("Assistant", "CorpusStats", "Feedback"),
    "rag.settings": ("Settings",),
    "rag.errors": tuple(name for name in __all__ if name.endswith("Error")),
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that ``rag --help`` does not wait for numpy (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module 'rag' has no attribute {name!r}")
    home = next((module for module, names in _HOMES.items() if name in names), "rag.records")
    return getattr(import_module(home), name)
