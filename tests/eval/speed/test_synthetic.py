"""Made-up abstracts: whole, near real ones, the same each time, and found."""

from pathlib import Path

import numpy as np

from eval.speed.synthetic import Model, draw, grow, model
from rag import Assistant, Settings
from rag.index.catalog import Catalog
from rag.index.index import Index
from tests.doubles import ToyEmbedder


def _real(assistant: Assistant, seeds: Path) -> Model:
    assistant.ingest([seeds])
    catalog = Catalog(assistant.settings.folder / "catalog.sqlite")
    try:
        return model(catalog)
    finally:
        catalog.close()


def test_what_is_drawn_is_whole_and_near_real_vectors(assistant: Assistant, seeds: Path) -> None:
    """Spans lie in the text and are real sentences, and every chunk vector is at a cosine of about 0.8 to a real one."""
    real = _real(assistant, seeds)
    for abstract, vectors in draw(real, 100, 30):
        assert all(sentence.text in real.sentences for sentence in vectors.sentences(abstract.text))
        assert vectors.chunk_spans[0, 0] == 0
        assert vectors.chunk_spans[-1, 1] == len(abstract.text)
        nearest = (vectors.chunk_vectors.astype(np.float32) @ real.chunk_vectors.T.astype(np.float32)).max(axis=1)
        assert ((nearest > 0.6) & (nearest < 0.95)).all()


def test_the_same_numbers_are_the_same_abstracts(assistant: Assistant, seeds: Path) -> None:
    """Drawing is repeatable, and other numbers are other abstracts."""
    real = _real(assistant, seeds)
    first, again, other = ([abstract for abstract, _ in draw(real, start, 5)] for start in (0, 0, 5))
    assert first == again
    assert not {abstract.id for abstract in first} & {abstract.id for abstract in other}


def test_a_corpus_grows_in_steps_and_is_sound(assistant: Assistant, seeds: Path, settings: Settings) -> None:
    """Growing goes on where it stopped; the three stores agree, and the made-up abstracts are found."""
    real = _real(assistant, seeds)
    grown = settings.model_copy(update={"corpus": "grown"})
    index = Index(grown)
    for size in (20, 50, 50):
        grow(index, real, size)
        assert index.catalog.count() == size
    index.close()
    with Assistant.open(grown, embedder=ToyEmbedder()) as opened:
        assert opened.verify().sound
        assert len(opened.search("graph networks", limit=7)) == 7
