"""What ``rag doctor`` looks at: settings, models, corpus, language model, extras; each finding with its remedy."""

import importlib.util
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from rag.errors import FootnoteError

if TYPE_CHECKING:
    from rag.settings import Settings

EXTRAS = {
    "ui": ("gradio", "the chat page"),
    "ray": ("ray", "rag ingest --ray"),
    "eval": ("ir_measures", "rag eval"),
    "embedded": ("xllamacpp", "smollm2, gguf:"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: is it good, is it needed with these settings, and what to do when it is missing."""

    what: str
    good: bool
    needed: bool = True
    remedy: str = ""

    def to_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return asdict(self)


def examine(corpus: str | None) -> list[Finding]:
    """All findings, in the order a person would fix them."""
    from rag.settings import Settings

    try:
        settings = Settings(**({} if corpus is None else {"corpus": corpus}))
    except FootnoteError as error:
        return [Finding("settings", good=False, remedy=str(error))]
    changed = ", ".join(f"RAG_{name.upper()}" for name in sorted(settings.model_fields_set)) or "all defaults"
    findings = [Finding(f"Footnote {version('footnote-rag')}, settings: {changed}", good=True)]
    findings += [*_embedder(settings), *_chroma_server(settings), *_corpus(settings), *_language_model(settings)]
    for extra, (module, what) in EXTRAS.items():
        there = importlib.util.find_spec(module) is not None
        remedy = "" if there else f"pip install 'footnote-rag[{extra}]'"
        findings.append(Finding(f"extra {extra} ({what})", there, needed=False, remedy=remedy))
    return findings


def _embedder(settings: "Settings") -> Iterator[Finding]:
    from rag.index.embed import load

    try:
        identity = load(settings).identity
    except FootnoteError as error:
        yield Finding(f"embedder {settings.embed_model}", good=False, remedy=str(error))
    else:
        yield Finding(f"embedder {identity.name}, {identity.dimensions} dimensions", good=True)


def _chroma_server(settings: "Settings") -> Iterator[Finding]:
    from rag.index.store import server_version

    if not settings.chroma_url:
        return
    try:
        version = server_version(settings)
    except FootnoteError as error:
        yield Finding(f"Chroma server {settings.chroma_url}", good=False, remedy=str(error))
    else:
        yield Finding(f"Chroma server {settings.chroma_url}, version {version}", good=True)


def _corpus(settings: "Settings") -> Iterator[Finding]:
    from rag.assistant import Assistant

    if not (settings.folder / "catalog.sqlite").exists():
        remedy = "rag ingest PATH brings abstracts in"
        yield Finding(f"corpus {settings.corpus} in {settings.folder} is empty", good=True, needed=False, remedy=remedy)
        return
    try:
        with Assistant.open(settings) as assistant:
            found = assistant.verify()
    except FootnoteError as error:
        yield Finding(f"corpus {settings.corpus} in {settings.folder}", good=False, remedy=str(error))
        return
    what = f"corpus {settings.corpus} in {settings.folder}, {found.abstracts} abstracts"
    yield Finding(what, found.sound, remedy=" ".join(found.problems))


def _language_model(settings: "Settings") -> Iterator[Finding]:
    from rag.answer.llm import preflight

    try:
        preflight(settings)
    except FootnoteError as error:
        yield Finding(f"language model {settings.llm}", good=False, remedy=str(error))
    else:
        yield Finding(f"language model {settings.llm}", good=True)
