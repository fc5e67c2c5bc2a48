"""The corpus a run asks: a throw-away one made from files, or one of the user's."""

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import InputError
from rag.records import Progress
from rag.settings import Settings

if TYPE_CHECKING:
    from rag.assistant import Assistant

SEEDS = Path(__file__).parent.parent / "seeds"


@contextmanager
def throw_away(
    settings: Settings, paths: Sequence[Path], *, progress: Callable[[Progress], None] | None = None
) -> Iterator["Assistant"]:
    """An assistant over a corpus that holds just ``paths``, and is gone afterwards.

    InputError when a path does not exist or no abstract was read.
    """
    from rag.assistant import Assistant

    for path in paths:
        if not path.exists():
            raise InputError(f"There is nothing at {path} to ingest; check the path.")
    with tempfile.TemporaryDirectory(prefix="footnote-eval-") as home:
        own = settings.model_copy(update={"home": Path(home), "corpus": "eval"})
        with Assistant.open(own) as assistant:
            report = assistant.ingest([str(path) for path in paths], progress=progress)
            if not report.added:
                raise InputError(f"No abstract was read from {', '.join(map(str, paths))}; check the files.")
            yield assistant


SHAPING = (
    *("reader", "reranker", "candidates", "weight_chunk", "weight_sentence", "weight_bm25", "min_confidence"),
    *("max_sentences", "evidence_sentences", "unsupported", "llm_base_url", "llm_max_tokens"),
)
"""Settings that change what is answered."""


def identify(assistant: "Assistant", questions: Sequence[Path], corpus: str) -> dict[str, str]:
    """What a run measures, for metrics.json: a later run into the same folder has to be of the same."""
    stats = assistant.stats()
    content = b"".join(path.read_bytes() for path in questions)
    texts = hashlib.sha256()
    for abstract in assistant.abstracts():
        texts.update(f"{abstract.id}\n{abstract.title}\n{abstract.text}\n".encode())
    return {
        "footnote": version("footnote-rag"),
        "settings": ", ".join(f"{name} {getattr(assistant.settings, name)}" for name in SHAPING),
        "llm": assistant.settings.llm,
        "corpus": corpus,
        "abstracts": f"{stats.abstracts} ({texts.hexdigest()[:12]})",
        "embedder": str(stats.embedder),
        "question set": f"{', '.join(path.name for path in questions)} ({hashlib.sha256(content).hexdigest()[:12]})",
    }
