"""Where the map puts abstracts, and what it calls their groups."""

import numpy as np
import pytest

from rag.records import Abstract
from ui.web.map import MOST_POINTS, add, draw, group, label, project, sample
from ui.web.map_view import map_html


def _two_heaps(each: int) -> np.ndarray:
    """Unit vectors around two directions, ``each`` of them; float32 (2 * each, 8)."""
    noise = np.random.default_rng(0).normal(scale=0.05, size=(2 * each, 8))
    noise[:each, 0] += 1
    noise[each:, 1] += 1
    return (noise / np.linalg.norm(noise, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("each", [10, 40])
def test_near_vectors_stand_near(each: int) -> None:
    """By principal components and by t-SNE, two heaps stay two heaps, and all points lie in the frame."""
    places = project(_two_heaps(each))
    one, two = places[:each], places[each:]
    apart = np.linalg.norm(one.mean(axis=0) - two.mean(axis=0))
    assert apart > 2 * max(one.std(), two.std()) * 0.8
    assert places.min() >= 0
    assert places.max() <= 1


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5])
def test_tiny_corpora_have_a_map(count: int) -> None:
    """No abstract, one, or a handful: no division by nothing, one group."""
    vectors = np.ones((count, 4), np.float32)
    places = project(vectors)
    assert places.shape == (count, 2)
    assert np.isfinite(places).all()
    assert group(vectors).tolist() == [0] * count
    known = [Abstract(str(number), "Text.", f"Title {number}") for number in range(count)]
    assert map_html(draw(known, vectors), {}).count("<circle") == count


def test_groups_are_found_and_named_by_their_words() -> None:
    """A heap is named by the words that the other lacks, pairs of words before single ones, as most texts write them."""
    texts = ["Graph networks GNNs pass messages"] * 8 + ["Diffusion models paint pictures"] * 8
    groups = np.repeat([0, 1], 8).astype(np.int32)
    one, two = label(texts, groups)
    assert "GNNs" in one or "Graph networks" in one
    assert "Diffusion models" in two or "paint pictures" in two


def test_the_same_corpus_makes_the_same_map() -> None:
    """Opening the map twice must not turn it round."""
    vectors = _two_heaps(35)
    assert (project(vectors) == project(vectors)).all()


def test_large_corpora_are_sampled_evenly() -> None:
    """A sample spreads over the corpus from its first to its last abstract."""
    rows = sample(50_000)
    assert len(set(rows)) == MOST_POINTS
    assert rows == sorted(rows)
    assert rows[0] == 0
    assert rows[-1] == 49_999


def test_a_cited_abstract_outside_the_sample_stands_by_its_neighbour() -> None:
    """What the answer cites is always on the map, in the cluster of what it is nearest to."""
    vectors = _two_heaps(20)
    known = [Abstract(str(number), "Text.", f"Title {number}") for number in range(40)]
    drawn = draw(known[1:], vectors[1:], 40)
    more = add(drawn, vectors[1:], known[:1], vectors[:1])
    neighbour = int((vectors[1:] @ vectors[0]).argmax())
    assert np.abs(more.places[39] - drawn.places[neighbour]).max() < 0.01
    assert next(each for each in more.clusters if 39 in each.members).members.count(neighbour) == 1
    assert map_html(more, {"0": 1}).count('<g class="rings"><circle') == 1
