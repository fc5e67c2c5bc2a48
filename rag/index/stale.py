"""What files held before and no longer hold, told apart from what could only not be read this time."""

import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator

from rag.corpus import Record
from rag.corpus.archive import MEMBER
from rag.index.batch import Seen
from rag.index.catalog import Catalog
from rag.index.entry import Name
from rag.records import Rejection


class Reading:
    """What became of the files of one run: whose reading broke somewhere, and which records could not be used."""

    def __init__(self) -> None:
        self.files: set[str] = set()
        self._broken: set[str] = set()
        self._unusable: dict[str, set[int]] = defaultdict(set)

    def saw(self, item: Record | Rejection) -> None:
        """Note what the reader of a file gave."""
        self.files.add(item.path)
        if isinstance(item, Rejection):
            if item.no_abstract:
                self.unusable(item)
            else:
                self._broken.add(item.path)

    def unusable(self, rejection: Rejection) -> None:
        """Note a record that was read and is no abstract: what stood in its place before is not given up for it."""
        self._unusable[rejection.path].add(rejection.record)

    def trusted(self, path: str, record: int) -> bool:
        """Whether what is missing from that place of a file is missing from the file itself."""
        broken = any(path == each or path.startswith(_insides(each)) for each in self._broken)
        return not broken and record not in self._unusable.get(path, ())


def moved(catalog: Catalog, seen: Seen) -> Iterator[tuple[int, Name]]:
    """Key and place of what stands elsewhere in the same file now."""
    for path, held in seen.items():
        there = set(held.values())
        for record, key in catalog.held_by(path):
            if key in there and held.get(record) != key:
                yield key, (path, record)


def lost(catalog: Catalog, seen: Seen, reading: Reading, given: Iterable[str]) -> dict[int, list[Name]]:
    """By key, the places of what the files that were read, or that are gone from a folder given, no longer hold.

    A file that could not be read to its end, or that gave nothing at all, has lost nothing.
    """
    found: dict[int, list[Name]] = defaultdict(list)
    for path, held in seen.items():
        there = set(held.values())
        for record, key in catalog.held_by(path):
            if key not in there and reading.trusted(path, record):
                found[key].append((path, record))
    for path in _vanished(catalog, seen, given):
        for record, key in catalog.held_by(path):
            if reading.trusted(path, record):
                found[key].append((path, record))
    return found


def _vanished(catalog: Catalog, seen: Collection[str], given: Iterable[str]) -> Iterator[str]:
    """The sources within a folder or an archive given that are no longer in it, as far as it gave anything at all."""
    for container in given:
        for path in (path for start in _insides(container) for path in catalog.paths_from(start)):
            archive = path.partition(MEMBER)[0] if MEMBER in path else ""
            around = archive if os.path.lexists(archive) else container
            there = path in seen or (not archive and os.path.lexists(path))
            if not there and any(each.startswith(_insides(around)) for each in seen):
                yield path


def _insides(container: str) -> tuple[str, str]:
    """How the paths of what is in a folder or an archive begin."""
    return container.rstrip("/") + "/", container + MEMBER
