"""The endless, seeded stream of training groups: which source is drawn next, and the near misses made from it."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random

import numpy as np

from rag.reader.data import SOURCES, Example, crop, disturb, seeded, select, without_answer
from rag.reader.windows import WINDOW, Tokenizer, Window, room_for, tokenise, windows

WHOLE = 0.1
"""Share of windows that get all the room that reading has."""

NEAR_MISSES = 0.25
"""Share of answerable examples that come with themselves less the answer, and, where the passage has one, with a question
that it does not answer; at half, ranking learns too slowly."""

OTHER_PAPERS = 0.35
"""Share of answerable scientific examples that come with their question over another paper that shares its words."""

Passage = tuple[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Item:
    """A window with its labels: sentence numbers within the window."""

    window: Window
    answers: frozenset[int]
    maybe: frozenset[int]


Group = tuple[Item, ...]
"""An answerable example followed by near misses of it, or a single unanswerable one."""


class Neighbours:
    """For a question, passages of other papers that share its words; the hardest passages to tell apart."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer

        self.passages = passages
        self._vectoriser = TfidfVectorizer(sublinear_tf=True, stop_words="english", dtype=np.float32)
        self._matrix = self._vectoriser.fit_transform(
            [f"{title} {' '.join(rest)}" for title, rest in passages]
        ).T.tocsr()

    def near(self, example: Example, count: int = 5) -> list[Passage]:
        """The nearest passages that carry another title and are not the example's own, nearest first."""
        question = f"{example.question} {example.title}"
        scores = np.asarray((self._vectoriser.transform([question]) @ self._matrix).todense()).ravel()
        best = np.argsort(-scores)[: count * 4]
        found = [self.passages[place] for place in best if scores[place] > 0]
        return [each for each in found if each[0] != example.title and each[1] != example.sentences][:count]


class Mixture:
    """Draws groups by the shares of ``SOURCES``; group ``n`` of an epoch-shuffled source depends on the seed alone."""

    def __init__(self, examples: Sequence[Example], tokenizer: Tokenizer, seed: int) -> None:
        self._by_source: dict[str, list[Example]] = defaultdict(list)
        self._in_vain: dict[Passage, list[str]] = defaultdict(list)
        for example in examples:
            self._by_source[example.source].append(example)
            if not example.answers:
                self._in_vain[example.title, example.sentences].append(example.question)
        self._tokenizer = tokenizer
        self._seed = seed
        passages = {(e.title, e.sentences): None for e in examples if SOURCES[e.source].science}
        self._neighbours = Neighbours(list(passages))
        self._drawn: dict[str, int] = defaultdict(int)
        self._orders: dict[str, tuple[int, list[int]]] = {}

    def state(self) -> dict[str, int]:
        """How many examples of each source were drawn."""
        return dict(self._drawn)

    def restore(self, drawn: dict[str, int]) -> None:
        """Go on where ``state`` was taken."""
        self._drawn = defaultdict(int, drawn)

    def draw(self, count: int) -> Iterator[Group]:
        """The next ``count`` groups."""
        names = list(self._by_source)
        shares = [SOURCES[name].share for name in names]
        rng = seeded(f"{self._seed} {sorted(self._drawn.items())}")
        for name in rng.choices(names, shares, k=count):
            yield self._group(self._next(name), rng)

    def _next(self, name: str) -> Example:
        pool = self._by_source[name]
        epoch, place = divmod(self._drawn[name], len(pool))
        if self._orders.get(name, (-1, []))[0] != epoch:
            order = list(range(len(pool)))
            seeded(f"{self._seed} {name} {epoch}").shuffle(order)
            self._orders[name] = (epoch, order)
        self._drawn[name] += 1
        return pool[self._orders[name][1][place]]

    def _group(self, example: Example, rng: Random) -> Group:
        near = self._neighbours.near(example) if SOURCES[example.source].science else []
        strangers = [sentence for _, rest in near for sentence in rest] or list(example.sentences[:0])
        told = disturb(example, strangers, rng)
        members = [told]
        if told.answers and rng.random() < NEAR_MISSES:
            miss = without_answer(told, strangers, rng)
            if miss is not None:
                members.append(miss)
        in_vain = self._in_vain.get((example.title, example.sentences))
        if told.answers and in_vain and rng.random() < NEAR_MISSES:
            members.append(replace(told, question=rng.choice(in_vain), answers=frozenset(), maybe=frozenset()))
        if near and example.answers and rng.random() < OTHER_PAPERS:
            title, sentences = rng.choice(near)
            members.append(replace(example, title=title, sentences=sentences, answers=frozenset(), maybe=frozenset()))
        return tuple(self._item(member, rng) for member in members)

    def _item(self, example: Example, rng: Random) -> Item:
        size = WINDOW if rng.random() < WHOLE else SOURCES[example.source].tokens
        question, title, *sentences = tokenise(self._tokenizer, [example.question, example.title, *example.sentences])
        room = room_for(question, title, size)
        lengths = [max(1, min(len(sentence), room)) for sentence in sentences]
        kept = crop(lengths, example.answers, room, rng)
        labelled = select(example, kept)
        window = windows(0, question, title, [sentences[number] for number in kept], size)[0]
        return Item(window, labelled.answers, labelled.maybe)
