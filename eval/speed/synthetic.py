"""Made-up abstracts near real ones, written through the real index without embedding: a corpus of any size in minutes.

A made-up abstract follows a real one: as many sentences, half of them its own and half out of the whole corpus, so that
words are as frequent as they really are; every vector is a real one with noise, so that neighbours are as close.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rag.errors import InputError
from rag.index.catalog import Catalog
from rag.index.embed import Identity
from rag.index.index import Index
from rag.index.places import Place
from rag.index.vectors import Vectors, encode_int8
from rag.records import Abstract, Progress, Source

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

NOISE = 0.75
"""Length of the noise added to a unit vector: cosine 0.8 to the real one, as between near neighbours of a dense field."""
OWN = 0.5
"""Chance that a sentence is the followed abstract's own."""
BATCH = 2048
A_FILE = 10_000
"""Abstracts that one made-up file holds."""
MOST_REAL = 20_000
"""Real abstracts that are followed at most."""


@dataclass(frozen=True, slots=True)
class Model:
    """What is drawn from: the abstracts of a real corpus, and all their sentences and vectors in one row each.

    ``starts[i]`` to ``starts[i + 1]`` are the sentences of abstract i, ``chunk_starts`` likewise its chunks.
    """

    abstracts: list[Abstract]
    sentences: list[str]
    starts: "NDArray[np.int64]"
    chunk_starts: "NDArray[np.int64]"
    sentence_vectors: "NDArray[np.float16]"
    chunk_vectors: "NDArray[np.float16]"
    embedder: Identity


def model(catalog: Catalog) -> Model:
    """The model of a corpus; raises InputError when it holds nothing to follow."""
    embedder = catalog.embedder()
    keys = catalog.keys()[:MOST_REAL]
    if embedder is None or not keys:
        raise InputError(f"The corpus in {catalog.path.parent} is empty; ingest some thousand real abstracts first.")
    abstracts, vectors = catalog.abstracts(keys), catalog.vectors(keys)
    rows = [vectors[key] for key in keys]
    return Model(
        abstracts=[abstracts[key] for key in keys],
        sentences=[each.text for key in keys for each in vectors[key].sentences(abstracts[key].text)],
        starts=np.cumsum([0, *(len(row.sentence_spans) for row in rows)]),
        chunk_starts=np.cumsum([0, *(len(row.chunk_spans) for row in rows)]),
        sentence_vectors=np.concatenate(
            [(row.sentence_codes * row.sentence_scales[:, None]).astype(np.float16) for row in rows]
        ),
        chunk_vectors=np.concatenate([row.chunk_vectors for row in rows]),
        embedder=embedder,
    )


def grow(index: Index, real: Model, size: int, progress: Callable[[Progress], None] | None = None) -> None:
    """Add made-up abstracts until the corpus holds ``size``; stopped half-way, the same call goes on where it was."""
    with index.writing():
        index.catalog.claim_embedder(real.embedder, write=True)
        held = index.catalog.count()
        while held < size:
            with index.catalog.transaction():
                for abstract, vectors in draw(real, held, min(BATCH, size - held)):
                    place = Place.of(abstract.sources[0], "00" * 16, abstract)
                    key = index.catalog.put(abstract, vectors, place.keys)
                    index.catalog.put_place(place, key, abstract, 0)
                    held += 1
            index.finish()
            if progress is not None:
                progress(Progress(f"making {size:,} abstracts", held, size))


def draw(real: Model, first: int, count: int) -> Iterator[tuple[Abstract, Vectors]]:
    """The made-up abstracts number ``first`` and on; the same for the same numbers."""
    random = np.random.default_rng([first, count])
    followed = random.integers(len(real.abstracts), size=count)
    lengths = (real.starts[1:] - real.starts[:-1])[followed]
    chunk_lengths = (real.chunk_starts[1:] - real.chunk_starts[:-1])[followed]
    own = _ranges(real.starts[followed], lengths)
    other = random.integers(len(real.sentences), size=len(own))
    said = np.where(random.random(len(own)) < OWN, own, other)
    codes, scales = encode_int8(_near(random, real.sentence_vectors[said]))
    chunks = _near(random, real.chunk_vectors[_ranges(real.chunk_starts[followed], chunk_lengths)]).astype(np.float16)
    titles = random.integers(len(real.abstracts), size=count)
    at = chunk_at = 0
    for place in range(count):
        sentences = slice(at, at := at + lengths[place])
        chunk_rows = slice(chunk_at, chunk_at := chunk_at + chunk_lengths[place])
        texts = [real.sentences[each] for each in said[sentences]]
        spans = _spans(texts)
        yield (
            _abstract(first + place, real.abstracts[followed[place]], real.abstracts[titles[place]], " ".join(texts)),
            Vectors(
                sentence_spans=spans,
                sentence_codes=codes[sentences],
                sentence_scales=scales[sentences],
                chunk_spans=_chunk_spans(spans, int(chunk_lengths[place])),
                chunk_vectors=chunks[chunk_rows],
            ),
        )


def _abstract(number: int, followed: Abstract, other: Abstract, text: str) -> Abstract:
    head, tail = followed.title.split(), other.title.split()
    source = Source(f"/synthetic/part-{number // A_FILE:03}.jsonl", number % A_FILE + 1, f"synthetic-{number}")
    return Abstract(
        id=source.record_id,
        text=text,
        title=" ".join(head[: len(head) // 2 + 1] + tail[len(tail) // 2 :]),
        authors=followed.authors,
        year=followed.year,
        venue=followed.venue,
        sources=(source,),
    )


def _near(random: "Generator", vectors: "NDArray[np.float16]") -> "NDArray[np.float32]":
    """Unit vectors, float32, each at a cosine of about 0.8 to the given one."""
    noise = random.standard_normal(vectors.shape, dtype=np.float32)
    near = vectors.astype(np.float32) + noise * np.float32(NOISE / np.sqrt(vectors.shape[1]))
    moved: NDArray[np.float32] = near / np.linalg.norm(near, axis=1, keepdims=True)
    return moved


def _ranges(starts: "NDArray[np.int64]", lengths: "NDArray[np.int64]") -> "NDArray[np.int64]":
    """The numbers of all ranges, one after the other: starts [5, 0], lengths [2, 3] are 5 6 0 1 2."""
    ends = np.cumsum(lengths)
    numbers: NDArray[np.int64] = np.arange(ends[-1]) + np.repeat(starts - (ends - lengths), lengths)
    return numbers


def _spans(texts: list[str]) -> "NDArray[np.int32]":
    lengths = np.array([len(text) for text in texts], np.int32)
    ends = np.cumsum(lengths + 1, dtype=np.int32) - 1
    return np.stack([ends - lengths, ends], axis=1)


def _chunk_spans(spans: "NDArray[np.int32]", count: int) -> "NDArray[np.int32]":
    """``count`` runs of whole sentences of like number."""
    runs = np.array_split(spans, count)
    return np.array([(run[0, 0], run[-1, 1]) for run in runs], np.int32)
