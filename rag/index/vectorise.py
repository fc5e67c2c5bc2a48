"""Abstracts to vectors: split into sentences, chunked to the embedder's window, embedded. Reads and writes nothing."""

from collections.abc import Callable, Sequence

import numpy as np

from rag.index.chunk import chunk
from rag.index.embed import Embedder
from rag.index.vectors import Vectors, encode_int8
from rag.records import Abstract
from rag.text import split_sentences


def vectorise(
    embedder: Embedder, abstracts: Sequence[Abstract], done: Callable[[float], None] | None = None
) -> list[Vectors]:
    """Split, chunk and embed; ``done`` hears which part (0..1) is embedded. Nothing is written."""
    sentences = [split_sentences(abstract.text) for abstract in abstracts]
    counts = iter(embedder.count_tokens([each.text for some in sentences for each in some]))
    titles = ["" if abstract.title_derived else abstract.title for abstract in abstracts]
    title_tokens = embedder.count_tokens(titles)
    chunks = [
        # Two special tokens and the full stop after the title; a long title leaves at least half to the text.
        chunk(some, [next(counts) for _ in some], max(embedder.window - 3 - size, embedder.window // 2))
        for some, size in zip(sentences, title_tokens, strict=True)
    ]
    texts = [each.text for some in sentences for each in some]
    for abstract, title, parts in zip(abstracts, titles, chunks, strict=True):
        texts += [f"{title}. {abstract.text[part.start : part.end]}".lstrip(". ") for part in parts]
    embedded = 0

    def count(some: int) -> None:
        nonlocal embedded
        embedded += some
        if done is not None:
            done(embedded / len(texts))

    vectors = embedder.encode(texts, count)
    made = []
    at, chunk_at = 0, sum(map(len, sentences))
    for some, parts in zip(sentences, chunks, strict=True):
        codes, scales = encode_int8(vectors[at : at + len(some)])
        made.append(
            Vectors(
                sentence_spans=np.array([(each.start, each.end) for each in some], np.int32).reshape(-1, 2),
                sentence_codes=codes,
                sentence_scales=scales,
                chunk_spans=np.array([(each.start, each.end) for each in parts], np.int32).reshape(-1, 2),
                chunk_vectors=vectors[chunk_at : chunk_at + len(parts)].astype(np.float16),
            )
        )
        at += len(some)
        chunk_at += len(parts)
    return made
