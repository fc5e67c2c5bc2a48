"""The abstracts that one transaction writes, with what they were; found by id, by catalog key, by identity key."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace

from rag.index.entry import Entry, Name
from rag.index.index import Index
from rag.index.places import Place
from rag.index.vectors import Vectors
from rag.records import Abstract
from rag.text import derived_id

CROWD = 50
"""Abstracts with one key that a record is compared with at most: a notice's text may stand under thousands of titles."""
Seen = defaultdict[str, dict[int, int]]
"""What a run saw: file → record → catalog key."""


class Batch:
    """Collects entries and writes them. After ``write`` a new one is begun."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._catalog = index.catalog
        self._entries: dict[str, Entry] = {}  # by abstract id, in the order they came
        self._by_key: dict[int, Entry] = {}
        self._named: dict[str, list[Entry]] = defaultdict(list)

    def __len__(self) -> int:
        return len(self._entries)

    def of_key(self, key: int) -> Entry:
        """The entry of an abstract that the catalog has, or of the one that it joined."""
        entry = self._by_key.get(key)
        if entry is None:
            entry = self._by_key[key] = Entry.load(self._catalog, key)
            self._entries[entry.abstract.id] = entry
            self._note(entry)
        while entry.joined is not None:
            entry = entry.joined
        return entry

    def new(self, place: Place, abstract: Abstract) -> Entry:
        """An entry for an abstract that is not there yet, under its own id or, where that is taken, one of its text."""
        entry = Entry(replace(abstract, id=self._free_id(abstract)))
        self._entries[entry.abstract.id] = entry
        self.hold(entry, place)
        return entry

    def hold(self, entry: Entry, place: Place, instead_of: Place | None = None) -> None:
        """Have ``entry`` hold the abstract at ``place`` too, or in the place of another."""
        entry.take(place, instead_of)
        for name in place.keys:
            self._named[name].append(entry)

    def sharing(self, place: Place) -> dict[str, tuple[Entry, str]]:
        """By id, oldest first: what shares an identity key with the place, and the strongest such key."""
        found: dict[str, tuple[Entry, str]] = {}
        for name in place.keys:
            known = map(self.of_key, self._catalog.find(name, CROWD))
            for entry in [*known, *self._named.get(name, ())[:CROWD]]:
                if entry.joined is None and name in entry.names:
                    found.setdefault(entry.abstract.id, (entry, name))
        order = {abstract_id: place for place, abstract_id in enumerate(self._entries)} if len(found) > 1 else {}
        return dict(
            sorted(found.items(), key=lambda pair: (pair[1][0].key is None, pair[1][0].key or order.get(pair[0], 0)))
        )

    def dropping(self, key: int, name: Name) -> bool:
        """Whether the batch takes this place away from the abstract of that key."""
        return key in self._by_key and name in self._by_key[key].dropped

    def join(self, entry: Entry, other: Entry) -> None:
        """Make ``other`` part of ``entry``: they are the same paper."""
        entry.absorb(other)
        self._note(entry)

    def _note(self, entry: Entry) -> None:
        for name in entry.names:
            self._named[name].append(entry)

    def _free_id(self, abstract: Abstract) -> str:
        """Its own id; when another paper has that already (two files that both count from 1), one with the text's."""
        own, number = abstract.id, 1
        free = own
        while free in self._entries or self._catalog.key_of(free) is not None:
            free = f"{own}-{derived_id(abstract.text)}" + (f"-{number}" if number > 1 else "")
            number += 1
        return free

    def write(self, run: int, seen: Seen, tell: Callable[[float], None] | None = None) -> int:
        """Embed what changed, write all in one transaction, carry it to the indexes; returns how many are removed.

        ``seen`` learns the keys of what the run placed. ``tell`` hears which part (0..1) is embedded.
        """
        entries = list(self._entries.values())
        embeds = [entry for entry in entries if entry.places and entry.changed and entry.embeds]
        made = self._index.vectorise([entry.abstract for entry in embeds], tell) if embeds else []
        vectors = dict(zip((entry.abstract.id for entry in embeds), made, strict=True))
        with self._catalog.transaction():
            gone = []
            for entry in entries:
                if entry.key is not None:
                    for path, record in entry.dropped:
                        self._catalog.drop_place(path, record, entry.key)
                if entry.places and (entry.changed or entry.fresh):
                    self._put(entry, vectors.get(entry.abstract.id), run, seen)
                elif entry.key is not None and not entry.places:
                    self._catalog.drop_places(entry.key)
                    gone.append(entry.key)
            self._catalog.mark_removing(gone)
        self._index.finish()
        return len(gone)

    def _put(self, entry: Entry, vectors: Vectors | None, run: int, seen: Seen) -> None:
        key = entry.key
        if key is None or entry.changed:
            key = self._catalog.put(entry.abstract, vectors, sorted(entry.names))
        for name, place in entry.places.items():
            path, record = name
            if name in entry.fresh:
                self._catalog.put_place(place, key, entry.abstract, run)
            elif entry.changed:
                self._catalog.say_again(place, key, entry.abstract)
            if name in entry.placed or seen.get(path, {}).get(record) in entry.absorbed:
                seen[path][record] = key
