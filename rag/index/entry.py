"""An abstract while a batch works on it: the places that hold it, and what follows from what they say."""

from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Self

from rag.corpus import merge
from rag.corpus.identity import same_paper
from rag.index.catalog import Catalog
from rag.index.places import Place
from rag.records import Abstract

Name = tuple[str, int]
"""File and record: what tells a place from others."""


@dataclass(slots=True, eq=False)
class Entry:
    """An abstract as the batch will leave it; nothing is written here.

    ``key`` and ``known`` are how the catalog has it, None when it is new. ``placed`` are the places that this batch found,
    ``fresh`` those to write, ``dropped`` those to forget. An entry that turned out to be the same paper as an older one
    has ``joined`` it and is empty; ``absorbed`` are the keys of those that did so.
    """

    abstract: Abstract
    key: int | None = None
    known: Abstract | None = None
    places: dict[Name, Place] = field(default_factory=dict)
    placed: set[Name] = field(default_factory=set)
    fresh: set[Name] = field(default_factory=set)
    dropped: set[Name] = field(default_factory=set)
    joined: "Entry | None" = None
    absorbed: set[int] = field(default_factory=set)
    names: frozenset[str] = frozenset()
    known_names: frozenset[str] = frozenset()

    @classmethod
    def load(cls, catalog: Catalog, key: int) -> Self:
        """The entry of an abstract as the catalog has it."""
        known = catalog.described([key])[key]
        entry = cls(known, key, known, {place.name: place for place in catalog.places(key, known)})
        entry.names = entry.known_names = frozenset(name for place in entry.places.values() for name in place.keys)
        return entry

    @property
    def changed(self) -> bool:
        """Whether anything but its places is other than in the catalog."""
        return self.known is None or self.abstract != self.known or self.names != self.known_names

    @property
    def embeds(self) -> bool:
        """Whether what is embedded and indexed changed: the text, or a title of its own."""
        return self.known is None or _indexed(self.abstract) != _indexed(self.known)

    def take(self, place: Place, instead_of: Place | None = None) -> None:
        """Hold the abstract at ``place`` too, or in the place of another; a text that was shown is shown as it now is."""
        shown = not self.places or (instead_of is not None and instead_of.said.text == self.abstract.text)
        if instead_of is not None:
            self.drop(instead_of.name)
        self.places[place.name] = place
        self.placed.add(place.name)
        self.fresh.add(place.name)
        self.dropped.discard(place.name)
        self._fold(place if shown else None)

    def leave(self, name: Name) -> None:
        """No longer hold the abstract at that place; the others say what it is."""
        self.drop(name)
        self._fold()

    def drop(self, name: Name) -> None:
        """Take a place away, without a thought for what the rest says."""
        if self.places.pop(name, None) is not None:
            self.placed.discard(name)
            self.fresh.discard(name)
            self.dropped.add(name)

    def absorb(self, other: "Entry") -> None:
        """Take over everything that ``other`` holds: both are one paper."""
        taken = {name: place for name, place in other.places.items() if name not in self.placed}
        self.places |= taken
        self.placed |= other.placed
        self.fresh |= taken.keys()
        self.dropped -= taken.keys()
        other.places, other.fresh, other.joined = {}, set(), self
        self.absorbed |= other.absorbed | ({other.key} if other.key is not None else set())
        self._fold()

    def is_paper(self, abstract: Abstract) -> bool:
        """Whether a record that shares a key with it is the same paper as what some place says."""
        return any(same_paper(place.said, abstract) for place in self.places.values())

    def _fold(self, shown: Place | None = None) -> None:
        """Make the abstract of what all places say: the text of the place that gave it, the rest field by field."""
        if not self.places:
            return
        said = [self.places[name].said for name in sorted(self.places)]
        text = shown.said if shown else next((each for each in said if each.text == self.abstract.text), said[0])
        merged = reduce(merge, said, text) if len(said) > 1 else text
        self.abstract = replace(merged, id=self.abstract.id)
        self.names = frozenset(name for place in self.places.values() for name in place.keys)


def _indexed(abstract: Abstract) -> tuple[str, str]:
    return abstract.text, "" if abstract.title_derived else abstract.title
