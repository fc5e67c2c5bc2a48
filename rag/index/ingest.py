"""Files to a corpus: read, clean, tell apart what is new, embed and write, batch by batch.

A batch is committed to the catalog in one transaction and then carried to the indexes, so an ingest may be killed at
any moment; ingesting the same files again skips what is there and ends in the same corpus.
"""

import time
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import orjson

from rag.corpus import Record, clean, read
from rag.corpus.identity import same_paper
from rag.corpus.reading import STDIN, absolute
from rag.corpus.versions import jaccard
from rag.errors import InputError
from rag.index.batch import Batch, Seen
from rag.index.entry import Entry
from rag.index.index import Index, Report
from rag.index.places import Place
from rag.index.removal import leave
from rag.index.stale import Reading, lost, moved
from rag.records import Abstract, Conflict, IngestReport, Merge, Progress, Rejection

BATCH = 512
"""Abstracts embedded and committed at a time: about 5 s of work on two cores."""


_ALIKE = 0.5
"""Jaccard index from which the text in a place of a file is what stood there before, edited."""


def ingest(
    index: Index,
    paths: Sequence[str | Path],
    report: Report | None = None,
    *,
    fields: Mapping[str, str] | None = None,
    sync: bool = False,
    ray: str | None = None,
) -> IngestReport:
    """Bring the abstracts of ``paths`` into the corpus; returns what became of every record.

    With ``sync``, what the files held before and no longer hold is taken out, unless another file holds it too. Raises
    InputError, before anything is read, when a path or a field of ``fields`` does not exist, and CorpusLockedError when
    another process is writing. Records that cannot be used are in the report's ``rejected``; all others are kept.
    ``ray`` is the address of a Ray cluster to embed on; raises ClusterError when it cannot be used.
    """
    started = time.monotonic()
    given = [absolute(path) for path in paths]
    if sync and STDIN in given:
        raise InputError("Standard input cannot be kept in step with; name the file that --sync shall follow.")
    records = read(given, fields)
    with index.writing(), index.fanned_out(ray) if ray else nullcontext():
        index.catalog.claim_embedder(index.embedder.identity, write=True)
        run = index.catalog.start_run(_now())
        work = _Ingest(index, run, report)
        for item in records:
            work.take(item)
        work.flush()
        work.settle(given, sync)
        done = work.finished(time.monotonic() - started)
        index.catalog.finish_run(run, _now(), orjson.dumps(done.to_dict()).decode())
    return done


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


class _Ingest:
    """One run over the records: resolves each against the batch and the catalog, and flushes full batches."""

    def __init__(self, index: Index, run: int, report: Report | None) -> None:
        self.index, self.catalog, self.run, self.report = index, index.catalog, run, report
        self.added = self.updated = self.unchanged = 0
        self.rejected: list[Rejection] = []
        self.merges: list[Merge] = []
        self.conflicts: list[Conflict] = []
        self.seen: Seen = defaultdict(dict)
        self.reading = Reading()
        self.oldest = self.catalog.newest() + 1  # the lowest catalog key that this run may give
        self.record_ids: set[int] = set()
        self.gone = self.removed = 0
        self.joined: dict[str, str] = {}  # abstract id -> id of what it turned out to be
        self.batch = Batch(index)

    def take(self, item: Record | Rejection) -> None:
        """Deal with one record."""
        self.reading.saw(item)
        if isinstance(item, Rejection):
            self.rejected.append(item)
            return
        held = self.catalog.held_record(item.path, item.number, item.digest)
        if held is not None and not self.batch.dropping(held[0], (item.path, item.number)):
            key, record_id = held
            self.seen[item.path][item.number] = key
            self.record_ids.add(hash((item.path, record_id)))
            self.unchanged += 1
            if self.unchanged % BATCH == 0:
                self._tell()
            return
        abstract = clean(item)
        if isinstance(abstract, Rejection):
            self.rejected.append(abstract)
            self.reading.unusable(abstract)
            return
        self._resolve(Place.of(abstract.sources[0], item.digest, abstract), replace(abstract, sources=()))
        if len(self.batch) >= BATCH:
            self.flush()

    def _resolve(self, place: Place, abstract: Abstract) -> None:
        """Enter a cleaned record into the batch, as an abstract of its own or with the one it belongs to."""
        before = self._before(place)
        papers = self._papers(place, before[0] if before else None)
        if before is not None:
            was, old = before
            others = [paper for paper in papers if paper is not was]
            rest = [each for each in was.places.values() if each is not old]
            if _linked(place, rest) or not (rest or others):
                self._update(place, was, old, others)
                return
            was.leave(old.name)  # the record is another paper now
            papers = others
        if papers:
            self._merge(place, papers[0], papers[1:])
        else:
            self.batch.new(place, abstract)
            self.added += 1

    def _update(self, place: Place, was: Entry, old: Place, others: Sequence[Entry]) -> None:
        """The file says something new about a record it had before, or has only moved it."""
        self.batch.hold(was, place, instead_of=old)
        if others:
            self._tell_merge(place, was, self._join(was, others))
        elif old.digest == place.digest:
            self.unchanged += 1
        else:
            self.updated += 1

    def _merge(self, place: Place, paper: Entry, others: Sequence[Entry]) -> None:
        moved = self._moved(place, paper)
        self.batch.hold(paper, place, instead_of=moved)
        joined = self._join(paper, others)
        if moved is not None and not joined:
            self.unchanged += 1  # it only moved within its file
        else:
            self._tell_merge(place, paper, joined)

    def _before(self, place: Place) -> tuple[Entry, Place] | None:
        """What this file held as the same record in an earlier run, and in which place.

        A record is the same by its id, or without one by standing where a text like it stood. An id that comes twice
        in one run names two records, and then neither replaces the other.
        """
        source = place.source
        if not source.record_id:
            for key in self.catalog.at(source.path, source.record):
                entry = self.batch.of_key(key)
                old = entry.places.get(place.name)
                if old and old.name not in entry.placed and jaccard(old.said.text, place.said.text) >= _ALIKE:
                    return entry, old
            return None
        name = hash((source.path, source.record_id))
        if name in self.record_ids:
            return None
        self.record_ids.add(name)
        known = self.catalog.find_record_id(source.path, source.record_id)
        if known is None:
            return None
        entry = self.batch.of_key(known)
        for old in entry.places.values():
            here = (old.source.path, old.source.record_id) == (source.path, source.record_id)
            if here and old.name not in entry.placed:
                return entry, old
        return None

    def _papers(self, place: Place, before: Entry | None) -> list[Entry]:
        """The abstracts that the place's record belongs to, oldest first; ``before`` is not one it can conflict with."""
        found = []
        for entry, name in self.batch.sharing(place).values():
            if entry.is_paper(place.said):
                found.append(entry)
            elif entry is not before and not name.startswith("text:"):
                self.conflicts.append(Conflict(*place.name, entry.abstract.id, name))
        return found

    def _moved(self, place: Place, paper: Entry) -> Place | None:
        """A place of the same file that held the same record and has not come again in this run."""
        for each in paper.places.values():
            path, record = each.name
            same = path == place.source.path and each.digest == place.digest
            again = each.name in paper.placed or self.seen[path].get(record, -1) == paper.key
            if same and not again:
                return each
        return None

    def _join(self, entry: Entry, others: Sequence[Entry]) -> tuple[str, ...]:
        """Make one of abstracts that are the same paper; returns the ids of those that were there before this run."""
        ids = []
        for other in others:
            self.joined[other.abstract.id] = entry.abstract.id
            if other.key is not None and other.key < self.oldest:
                ids.append(other.abstract.id)
            else:
                self.added -= 1
                self.merges.append(Merge(*next(iter(other.places)), entry.abstract.id))
            self.batch.join(entry, other)
        return tuple(ids)

    def flush(self) -> None:
        """Embed and write the batch."""
        self.batch.write(self.run, self.seen, self._tell)
        self.batch = Batch(self.index)
        self._tell()

    def settle(self, given: Sequence[str], sync: bool) -> None:
        """Forget where the files held abstracts before, now that all of each was seen; with ``sync``, what they lost."""
        places = defaultdict(list)
        for key, name in moved(self.catalog, self.seen):
            places[key].append(name)
        missing = lost(self.catalog, self.seen, self.reading, given)
        if sync:
            for key, names in missing.items():
                places[key] += names
        else:
            self.gone = sum(self.catalog.count_places(key) == len(names) for key, names in missing.items())
        self.removed = leave(self.index, places, self.run)

    def _tell_merge(self, place: Place, paper: Entry, joined: tuple[str, ...]) -> None:
        self.merges.append(Merge(*place.name, paper.abstract.id, joined))

    def _tell(self, part: float = 1.0) -> None:
        """Report the records done; ``part`` is how much of the batch at hand is embedded."""
        if self.report is not None:
            done = self.added + self.updated + self.unchanged + len(self.merges) + len(self.rejected)
            self.report(Progress("ingesting", round(done - (1 - part) * len(self.batch))))

    def finished(self, seconds: float) -> IngestReport:
        """The report of the run."""
        return IngestReport(
            added=self.added, updated=self.updated, unchanged=self.unchanged, merged=len(self.merges),
            rejected=self.rejected, merges=[replace(each, abstract_id=self._now(each.abstract_id)) for each in self.merges],
            conflicts=[replace(each, abstract_id=self._now(each.abstract_id)) for each in self.conflicts],
            gone=self.gone, removed=self.removed, files=len(self.reading.files), seconds=seconds,
        )  # fmt: skip

    def _now(self, abstract_id: str) -> str:
        """The id of what an abstract is part of now."""
        while abstract_id in self.joined:
            abstract_id = self.joined[abstract_id]
        return abstract_id


def _linked(place: Place, rest: Collection[Place]) -> bool:
    """Whether a record still is the paper that other places hold."""
    return any(not set(place.keys).isdisjoint(each.keys) and same_paper(each.said, place.said) for each in rest)
