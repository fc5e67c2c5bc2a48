"""Taking abstracts out: by id, by what a filter lets through, or because no place holds them any more."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from rag.errors import NotFoundError, UsageError
from rag.index.batch import Batch
from rag.index.entry import Name
from rag.index.index import Index
from rag.records import Filters

PAGE = 512
"""Abstracts of which places are taken away at a time."""


def remove(index: Index, ids: Sequence[str] = (), filters: Filters | None = None) -> int:
    """Remove the abstracts of these ids, or those that the filters let through; returns how many.

    A filter by sources takes abstracts away from these sources only: one that another file holds too stays. Raises
    NotFoundError, removing nothing, on an unknown id, and UsageError when it is not said what to remove.
    """
    if bool(ids) == bool(filters):
        raise UsageError("Say what to remove: either ids, or a source, years or a venue.")
    with index.writing():
        catalog = index.catalog
        if filters and filters.sources:
            places: dict[int, list[Name]] = defaultdict(list)
            matching = set(catalog.keys(filters))
            for path in catalog.paths_named(filters.sources):
                for record, key in catalog.held_by(path):
                    if key in matching:
                        places[key].append((path, record))
            return leave(index, places, run=0)
        keys = catalog.keys(filters) if filters else [_known(index, abstract_id) for abstract_id in dict.fromkeys(ids)]
        with catalog.transaction():
            catalog.mark_removing(keys)
        index.finish()
        return len(keys)


def _known(index: Index, abstract_id: str) -> int:
    key = index.catalog.key_of(abstract_id)
    if key is None:
        raise NotFoundError(f"There is no abstract {abstract_id!r} in this corpus; see: rag list.")
    return key


def leave(index: Index, places: Mapping[int, Sequence[Name]], run: int) -> int:
    """Take places away from abstracts, given by key; returns how many abstracts that leaves without any, and removes.

    What stays is what its other places say.
    """
    removed, batch = 0, Batch(index)
    for key, names in places.items():
        entry = batch.of_key(key)
        for name in names:
            entry.leave(name)
        if len(batch) >= PAGE:
            removed += batch.write(run, defaultdict(dict))
            batch = Batch(index)
    return removed + batch.write(run, defaultdict(dict))
