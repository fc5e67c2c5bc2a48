"""BM25 over titles and texts in Tantivy. The only file that imports it.

Tantivy sums BM25 (k1 1.2, b 0.75) over fields; the title counts half, which was best on two collections. Only the
catalog key is stored, so the index is small: about 160 bytes an abstract.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.index.damage import said
from rag.text import content_words

if TYPE_CHECKING:
    import tantivy

ANALYZER = "english"
TITLE_WEIGHT = 0.5
MAX_TERMS = 256
"""Distinct terms of a question that are searched; a longer text than that is searched by its first ones."""
WRITER_MEMORY = 64_000_000


@dataclass(frozen=True, slots=True)
class Terms:
    """A question as the index sees it: its stemmed terms with their inverse document frequency."""

    weights: dict[str, float]

    @property
    def total(self) -> float:
        """The weight of all terms; what a document that says everything would match."""
        return sum(self.weights.values())


@dataclass(frozen=True, slots=True)
class Match:
    """What BM25 says of one abstract: the score, and the terms found in it over all terms, by weight (0..1)."""

    bm25: float
    coverage: float


class Lexical:
    """The BM25 index of one corpus, in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writer: Any = None
        self._open()

    def _open(self) -> None:
        import tantivy

        self._folder.mkdir(parents=True, exist_ok=True)
        with said("text index", self._folder):
            schema = (
                tantivy.SchemaBuilder()
                # Signed: in tantivy 0.27 deleting by the term of an unsigned field finds nothing, and says nothing.
                .add_integer_field("key", stored=True, indexed=True, fast=True)
                .add_text_field("title", tokenizer_name=ANALYZER, index_option="freq")
                .add_text_field("text", tokenizer_name=ANALYZER, index_option="freq")
                .build()
            )
            self._schema = schema
            self._index = tantivy.Index(schema, path=str(self._folder))
            self._index.register_tokenizer(ANALYZER, _analyzer())
            self.reload()

    def reload(self) -> None:
        """See what has been committed, here or by another process."""
        with said("text index", self._folder):
            self._index.reload()
            self._searcher = self._index.searcher()

    def close(self) -> None:
        """Release the writer's lock."""
        writer, self._writer = self._writer, None
        if writer is not None:
            with said("text index", self._folder):
                writer.wait_merging_threads()  # consumes the writer

    def write(self, keys: Sequence[int], titles: Sequence[str], texts: Sequence[str], gone: Sequence[int] = ()) -> None:
        """Replace the abstracts of ``keys``, remove those of ``gone``, and commit."""
        import tantivy

        with said("text index", self._folder):
            if self._writer is None:
                self._writer = self._index.writer(WRITER_MEMORY, 1)
            for key in (*keys, *gone):
                self._writer.delete_documents_by_term("key", key)
            for key, title, text in zip(keys, titles, texts, strict=True):
                document = tantivy.Document()
                document.add_integer("key", key)
                document.add_text("title", title)
                document.add_text("text", text)
                self._writer.add_document(document)
            self._writer.commit()
        self.reload()

    def terms(self, question: str) -> Terms:
        """The question's distinct stemmed terms, stop words left out, each with its BM25 inverse document frequency.

        A term that no abstract has weighs as much as one that a single abstract has: it is unmatched, not unimportant.
        """
        found = list(dict.fromkeys(stems(question)))[:MAX_TERMS]
        searcher = self._searcher
        count = searcher.num_docs
        weights = {}
        with said("text index", self._folder):
            for term in found:
                frequency = max(searcher.doc_freq("text", term), searcher.doc_freq("title", term), 1)
                rarity = (count - frequency + 0.5) / (frequency + 0.5)
                weights[term] = math.log(1 + rarity) if count >= frequency else 1.0
        return Terms(weights)

    def search(self, terms: Terms, limit: int, within: Sequence[int] | None = None) -> dict[int, float]:
        """BM25 by key of the best ``limit`` abstracts, of all or of those ``within``."""
        import tantivy

        if not terms.weights:
            return {}
        with said("text index", self._folder):
            # Flat, a term of a field each: Tantivy skips what cannot reach the best only over bare terms.
            query = tantivy.Query.boolean_query(
                [(tantivy.Occur.Should, part) for term in terms.weights for part in self._fields(term)]
            )
            if within is not None:
                if not within:
                    return {}
                only = tantivy.Query.const_score_query(
                    tantivy.Query.term_set_query(self._schema, "key", list(within)), 0.0
                )
                query = tantivy.Query.boolean_query([(tantivy.Occur.Must, query), (tantivy.Occur.Must, only)])
            searcher = self._searcher
            found = searcher.search(query, limit=limit, count=False)
            return dict(zip(_keys(searcher, found.hits), (score for score, _ in found.hits), strict=True))

    def coverage(self, terms: Terms, keys: Sequence[int]) -> dict[int, float]:
        """The share of the question's term weight that stands in each abstract, 0..1."""
        import tantivy

        covered = dict.fromkeys(keys, 0.0)
        if not terms.total or not keys:
            return covered
        with said("text index", self._folder):
            only = tantivy.Query.const_score_query(tantivy.Query.term_set_query(self._schema, "key", list(keys)), 0.0)
            parts = [(tantivy.Occur.Must, only)]
            for term, weight in terms.weights.items():
                parts.append((tantivy.Occur.Should, tantivy.Query.const_score_query(self._any(term), weight)))
            searcher = self._searcher
            found = searcher.search(tantivy.Query.boolean_query(parts), limit=len(keys), count=False)
            for key, (score, _) in zip(_keys(searcher, found.hits), found.hits, strict=True):
                covered[key] = min(1.0, score / terms.total)
        return covered

    def _fields(self, term: str) -> "list[tantivy.Query]":
        import tantivy

        title = tantivy.Query.term_query(self._schema, "title", term, index_option="freq")
        text = tantivy.Query.term_query(self._schema, "text", term, index_option="freq")
        return [tantivy.Query.boost_query(title, TITLE_WEIGHT), text]

    def _any(self, term: str) -> "tantivy.Query":
        import tantivy

        return tantivy.Query.boolean_query([(tantivy.Occur.Should, part) for part in self._fields(term)])

    def keys(self) -> Iterator[int]:
        """The key of every abstract that the index holds, each as often as it is there."""
        import tantivy

        with said("text index", self._folder):
            searcher = self._searcher
            found = searcher.search(tantivy.Query.all_query(), limit=max(1, searcher.num_docs))
            yield from _keys(searcher, found.hits)


def _keys(searcher: Any, hits: Sequence[tuple[float, Any]]) -> list[int]:
    """The catalog keys of hits, out of the column: fetching the stored documents unpacks a block for each."""
    found: list[int] = searcher.fast_field_values("key", [address for _, address in hits])
    return found


def stems(text: str) -> list[str]:
    """The stemmed words of ``text`` as the index compares them, function words left out, in order."""
    analysed: list[str] = _analyzer().analyze(" ".join(content_words(text)))
    return analysed


@cache
def _analyzer() -> "tantivy.TextAnalyzer":
    import tantivy

    return (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        .filter(tantivy.Filter.remove_long(60))
        .filter(tantivy.Filter.lowercase())
        .filter(tantivy.Filter.ascii_fold())
        .filter(tantivy.Filter.stopword("english"))
        .filter(tantivy.Filter.stemmer("english"))
        .build()
    )
