"""Everything Footnote raises on purpose.

FootnoteError                 one sentence: what was wrong, and what to do
├── UsageError                the request itself is wrong (exit status 2)
│   ├── SettingsError         an unknown setting, or a value that cannot be used
│   ├── InputError            a file or a record that cannot be read
│   └── NotFoundError         no abstract or model of that name
├── CorpusError               the corpus on disk cannot be used as it is
│   ├── CorpusLockedError     another process is writing to it
│   ├── EmbedderMismatchError it was made with another embedder
│   ├── CorpusDamagedError    an index disagrees with the catalog, or cannot be read
│   └── VectorStoreError      the Chroma server does not answer, refuses, or has not this corpus's vectors
├── ModelError                an embedder, reader or reranker cannot be loaded
├── ClusterError              the Ray cluster of an ingest cannot be used
└── LLMError                  a language model cannot be used
    ├── LLMSetupError         a missing extra, key or server address
    └── LLMUnavailableError   the server did not answer, or answered with an error
"""


class FootnoteError(Exception):
    """Base of every error raised on purpose; ``str(error)`` is one sentence that ends with the remedy."""

    exit_status = 1


class UsageError(FootnoteError):
    """The request itself is wrong; asking differently helps."""

    exit_status = 2


class SettingsError(UsageError):
    """A setting is unknown, or its value cannot be used."""


class InputError(UsageError):
    """A file or a record cannot be read as abstracts."""


class NotFoundError(UsageError):
    """There is no abstract, or no model to pull, of that name."""


class CorpusError(FootnoteError):
    """The corpus on disk cannot be used as it is."""


class CorpusLockedError(CorpusError):
    """Another process is writing to the corpus."""


class EmbedderMismatchError(CorpusError):
    """The corpus holds vectors of another embedder than the one the settings name."""


class CorpusDamagedError(CorpusError):
    """A derived index disagrees with the catalog or cannot be read; ``rag rebuild`` makes it again."""


class VectorStoreError(CorpusError):
    """The Chroma server does not answer, refuses, or does not hold the vectors of this corpus."""


class ModelError(FootnoteError):
    """An embedder, reader or reranker cannot be loaded."""


class ClusterError(FootnoteError):
    """The Ray cluster that an ingest was to use is not there, or fails."""


class LLMError(FootnoteError):
    """A language model cannot be used."""


class LLMSetupError(LLMError):
    """An extra, a key or a server address is missing."""

    exit_status = 2


class LLMUnavailableError(LLMError):
    """The language model's server did not answer, or answered with an error."""


def first_line(error: BaseException) -> str:
    """What an error says in its first line, at most 200 characters; its kind where it says nothing."""
    return str(error).strip().splitlines()[0].rstrip(".")[:200] if str(error).strip() else type(error).__name__
