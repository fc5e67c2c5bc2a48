"""The texts that an ingest embeds, read back from a corpus."""

from collections.abc import Sequence

from rag.index.index import Index


def embedded_texts(index: Index, keys: Sequence[int]) -> list[str]:
    """The sentences, and the chunks with the title before them where the abstract has one of its own."""
    texts = []
    abstracts, vectors = index.catalog.abstracts(keys), index.catalog.vectors(keys)
    for key in keys:
        abstract = abstracts[key]
        title = "" if abstract.title_derived else abstract.title
        texts += [sentence.text for sentence in vectors[key].sentences(abstract.text)]
        texts += [f"{title}. {abstract.text[start:end]}".lstrip(". ") for start, end in vectors[key].chunk_spans]
    return texts
