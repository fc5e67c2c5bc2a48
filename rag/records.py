"""The records that walk through Footnote: file → Abstract → Sentence/Chunk → Hit → Evidence → Answer.

All are frozen. Offsets are character offsets (Python string indices) into ``Abstract.text``, the text as it is
shown; ``abstract.text[start:end]`` is always the exact substring. No record knows how it is stored or drawn.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

RETRACTED = "Retracted"
"""What stands beside an abstract whose paper is retracted or withdrawn, wherever it is shown or exported."""
DERIVED = "Title derived from the abstract"
"""What the note of an exported abstract says of a title that is not the paper's; read again, it is derived again."""

Verdict = Literal["quoted", "supported", "unsupported", "contradicted"]
"""What the check said of a sentence: taken verbatim, backed by its evidence, not backed, or at odds with it."""


def as_json(value: Any) -> Any:
    """Records, tuples and mappings as the dicts, lists and scalars that JSON knows; ``asdict`` would keep tuples."""
    if hasattr(value, "__dataclass_fields__"):
        return {each.name: as_json(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {key: as_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(item) for item in value]
    return value


@dataclass(frozen=True, slots=True)
class Source:
    """Where an abstract was read: the file as given, and the record's place in it (1-based line or record)."""

    path: str
    record: int
    record_id: str = ""


@dataclass(frozen=True, slots=True)
class Abstract:
    """One abstract as it is shown, with what is known of the paper.

    ``id`` is the record's own id where it has one, else derived from the text. ``title_derived`` says that the
    file gave no title and Footnote made one from the text. ``year`` is None and strings are empty when unknown.
    ``retracted`` says that some source marks the paper as retracted or withdrawn. ``versions`` are the ids of the other
    versions of the paper in the corpus (a preprint, a reprint), each of them an abstract of its own.
    """

    id: str
    text: str
    title: str
    title_derived: bool = False
    authors: tuple[str, ...] = ()
    year: int | None = None
    venue: str = ""
    doi: str = ""
    pmid: str = ""
    arxiv_id: str = ""
    url: str = ""
    keywords: tuple[str, ...] = ()
    retracted: bool = False
    sources: tuple[Source, ...] = ()
    versions: tuple[str, ...] = ()

    @property
    def heading(self) -> str:
        """The title as it is shown, with the mark of a retracted paper before it unless it has that itself."""
        marked = self.title.lower().startswith((RETRACTED.lower(), f"[{RETRACTED.lower()}"))
        return f"[{RETRACTED}] {self.title}" if self.retracted and not marked else self.title

    @property
    def reference(self) -> str:
        """The heading, then authors, venue and year as far as they are known, in one line of plain text."""
        known = self.byline(most=3)
        return f"{self.heading} ({known})" if known else self.heading

    def byline(self, most: int = 6) -> str:
        """Authors (``most`` of them), venue and year in one line of plain text; empty when none is known."""
        authors = ", ".join(self.authors[:most]) + (" et al." if len(self.authors) > most else "")
        return " · ".join(part for part in (authors, self.venue, str(self.year or "")) if part)

    @property
    def note(self) -> str:
        """What goes with the abstract into a file, for whoever cites it: a derived title, a retraction; or nothing."""
        return ". ".join(filter(None, (DERIVED * self.title_derived, RETRACTED * self.retracted)))


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of an abstract: its 0-based number and ``abstract.text[start:end]``."""

    number: int
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """A run of whole sentences that fits the embedder's window: ``abstract.text[start:end]``."""

    number: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record that was not taken: where it stood, and why, in a sentence that says what to do.

    ``no_abstract`` tells a record that is sound but has no abstract, as many in a library, from one that is not.
    """

    path: str
    record: int
    reason: str
    no_abstract: bool = False


@dataclass(frozen=True, slots=True)
class Merge:
    """A record whose abstract was there already under ``abstract_id``; it was kept as one more source.

    ``joined`` are the ids of abstracts that this record showed to be the same paper, and that are now part of it.
    """

    path: str
    record: int
    abstract_id: str
    joined: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Conflict:
    """A record that shares ``identifier`` ("doi:10...") with ``abstract_id`` but is plainly another paper; kept apart."""

    path: str
    record: int
    abstract_id: str
    identifier: str


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What an ingest did, record by record. ``added``, ``updated``, ``unchanged`` and ``merged`` count records.

    ``merges`` names the records that turned out to be abstracts already there (as many as ``merged`` says), ``conflicts``
    those that claim to be and are not. ``gone`` counts the abstracts that only an earlier state of these files held;
    with ``sync`` they are ``removed`` instead. ``seconds`` is wall-clock time.
    """

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    merged: int = 0
    rejected: list[Rejection] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    gone: int = 0
    removed: int = 0
    files: int = 0
    seconds: float = 0.0

    @property
    def records(self) -> int:
        """All records seen."""
        return self.added + self.updated + self.unchanged + self.merged + len(self.rejected)

    @property
    def without_abstract(self) -> int:
        """How many of the rejected records have no abstract but are sound otherwise."""
        return sum(rejection.no_abstract for rejection in self.rejected)

    def to_dict(self) -> dict[str, Any]:
        """The JSON that every surface returns."""
        return {**as_json(self), "without_abstract": self.without_abstract}


@dataclass(frozen=True, slots=True)
class Filters:
    """Which abstracts may be searched; an empty field does not filter. Years are inclusive."""

    year_from: int | None = None
    year_to: int | None = None
    venues: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything is filtered at all."""
        return self != Filters()


@dataclass(frozen=True, slots=True)
class Signals:
    """What the fused score of an abstract is made of, unscaled.

    ``chunk`` and ``sentence`` are the best cosine of the question with a chunk and with a sentence (-1..1),
    ``coverage`` the share of the question's terms, by inverse document frequency, that stand in the abstract (0..1), and
    ``bm25`` the BM25 sum over the sum of those frequencies (0 to about 2).
    """

    chunk: float
    sentence: float
    bm25: float
    coverage: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence offered as an answer, with the abstract it stands in.

    ``score`` says how well the sentence answers (higher is better, comparable within one question only);
    ``similarity`` is the cosine of question and sentence.
    """

    abstract: Abstract
    sentence: Sentence
    score: float
    similarity: float


@dataclass(frozen=True, slots=True)
class Hit:
    """An abstract found for a question: fused score, the signals behind it, and its sentences, best first."""

    abstract: Abstract
    score: float
    evidence: tuple[Evidence, ...]
    signals: Signals

    def to_dict(self) -> dict[str, Any]:
        """The JSON that every surface returns."""
        return {
            "score": self.score,
            "signals": as_json(self.signals),
            "abstract": as_json(self.abstract),
            "evidence": [{**as_json(found.sentence), "score": found.score} for found in self.evidence],
        }


@dataclass(frozen=True, slots=True)
class Citation:
    """A footnote: ``text[start:end] == quote`` in the abstract; ``marker`` is its 1-based place in ``Answer.sources``."""

    marker: int
    abstract_id: str
    start: int
    end: int
    quote: str
    score: float


@dataclass(frozen=True, slots=True)
class AnswerSentence:
    """A sentence of an answer, without markers, with what supports it and what the check said."""

    text: str
    verdict: Verdict
    citations: tuple[Citation, ...]

    @property
    def markers(self) -> tuple[int, ...]:
        """The markers of its citations in order, each once."""
        return tuple(dict.fromkeys(citation.marker for citation in self.citations))


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, or an abstention, to a question.

    ``sources[marker - 1]`` is the abstract behind a marker. ``nearest`` holds the closest abstracts, for when the
    answer abstains. ``confidence`` is the calibrated probability (0..1) that the abstracts answer the question.
    ``query`` is what was searched for: the question, with what a follow-up leaves unsaid filled in, and titles for the
    identifiers of papers. ``dropped`` are the draft sentences that failed the check. ``timings`` are milliseconds by stage.
    """

    question: str
    query: str
    sentences: tuple[AnswerSentence, ...]
    sources: tuple[Abstract, ...]
    abstained: bool
    confidence: float
    model: str
    message: str = ""
    nearest: tuple[Abstract, ...] = ()
    dropped: tuple[AnswerSentence, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """Plain text with [1] markers; when the answer abstains, the message that says so."""
        if self.abstained:
            return self.message
        return " ".join(
            " ".join([sentence.text, *(f"[{marker}]" for marker in sentence.markers)]) for sentence in self.sentences
        )

    def to_dict(self) -> dict[str, Any]:
        """The JSON that every surface returns; its schema is ``rag.schema.answer_schema()``."""
        return {**as_json(self), "text": self.text}


@dataclass(frozen=True, slots=True)
class Retrieved:
    """Stream event: the search is done; ``hits`` are best first."""

    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """Stream event: ``text`` is what the composer wrote since the last one, not yet checked."""

    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """Stream event, always the last: the checked answer."""

    answer: Answer


Event = Retrieved | Draft | Finished
"""What ``Assistant.stream`` yields, in this order: one Retrieved, any number of Drafts, one Finished."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long piece of work is: ``stage`` in a word or two, ``done`` of ``total`` (None when unknown).

    ``by`` names the process that does the work when it is another one.
    """

    stage: str
    done: int
    total: int | None = None
    by: str = ""
