"""Files to a corpus: read, clean, tell apart what is new, embed and write, batch by batch.

A batch is committed to the catalog in one transaction and then carried to the indexes, so an ingest may be killed at
any moment; ingesting the same files again skips what is there and ends in the same corpus.
"""

import os
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import orjson

from rag.corpus import Record, clean, identity_keys, merge, read
from rag.corpus.reading import STDIN
from rag.index.index import Index, Report
from rag.records import Abstract, IngestReport, Merge, Progress, Rejection, Source
from rag.text import derived_id

BATCH = 512
"""Abstracts embedded and committed at a time: about 5 s of work on two cores."""


def ingest(
    index: Index,
    paths: Sequence[str | Path],
    report: Report | None = None,
    *,
    fields: Mapping[str, str] | None = None,
) -> IngestReport:
    """Bring the abstracts of ``paths`` into the corpus; returns what became of every record.

    Raises InputError, before anything is read, when a path or a field of ``fields`` does not exist, and
    CorpusLockedError when another process is writing. Records that cannot be used are in the report's ``rejected``; all
    others are kept.
    """
    started = time.monotonic()
    # Absolute, so that the same file is the same source from wherever it is ingested.
    absolute = [str(path) if str(path) == STDIN else os.path.abspath(Path(path).expanduser()) for path in paths]  # noqa: PTH100
    records = read(absolute, fields)
    with index.writing():
        index.catalog.claim_embedder(index.embedder.identity, write=True)
        run = index.catalog.start_run(_now())
        work = _Ingest(index, run, report)
        for item in records:
            work.take(item)
        work.flush()
        work.forget_places()
        done = work.finished(time.monotonic() - started)
        index.catalog.finish_run(run, _now(), orjson.dumps(done.to_dict()).decode())
    return done


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(slots=True)
class _Entry:
    """An abstract as the batch will leave it. ``known`` is how the catalog has it, None when it is new."""

    abstract: Abstract
    known: Abstract | None
    sources: list[tuple[Source, str]] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        return self.known is None or _content(self.abstract) != _content(self.known)

    @property
    def embeds(self) -> bool:
        """Whether what is embedded and indexed changed: the text, or a title of its own."""
        return self.known is None or _indexed(self.abstract) != _indexed(self.known)


def _content(abstract: Abstract) -> Abstract:
    return replace(abstract, sources=())


def _indexed(abstract: Abstract) -> tuple[str, str]:
    return abstract.text, "" if abstract.title_derived else abstract.title


class _Ingest:
    """One run over the records: resolves each against the batch and the catalog, and flushes full batches."""

    def __init__(self, index: Index, run: int, report: Report | None) -> None:
        self.index, self.catalog, self.run, self.report = index, index.catalog, run, report
        self.added = self.updated = self.unchanged = 0
        self.rejected: list[Rejection] = []
        self.merges: list[Merge] = []
        self.files: set[str] = set()
        self.record_ids: set[int] = set()
        self.seen: dict[str, dict[int, int]] = defaultdict(dict)  # what this run saw: path -> record -> catalog key
        self._start_batch()

    def _start_batch(self) -> None:
        self.entries: dict[str, _Entry] = {}  # by abstract id, in the order they came
        self.names: dict[str, str] = {}  # identity key -> abstract id, for what the catalog does not have yet
        self.detached: list[tuple[str, str, str]] = []  # path, record id, and the id of the abstract it belonged to

    def take(self, item: Record | Rejection) -> None:
        """Deal with one record."""
        self.files.add(item.path)
        if isinstance(item, Rejection):
            self.rejected.append(item)
            return
        held = self.catalog.held_record(item.path, item.number, item.digest)
        if held is not None:
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
            return
        self._resolve(item.digest, abstract)
        if len(self.entries) >= BATCH:
            self.flush()

    def _resolve(self, digest: str, abstract: Abstract) -> None:
        """Enter a cleaned record into the batch, as an abstract of its own or with the one it belongs to."""
        source = abstract.sources[0]
        same_record = self._same_record(source)
        same_paper = self._same_paper(abstract)
        if same_record is not None and same_paper in (None, same_record):
            # The file says something new about a record it had before.
            entry = self._entry(same_record)
            entry.abstract = replace(abstract, id=same_record)
            self.updated += 1
        elif same_paper is not None:
            entry = self._entry(same_paper)
            key = self.catalog.key_of(same_paper)
            # A place that held it and has not come again in this run; after a crash, the first of two has.
            if key is not None and self.catalog.places(key, source.path) - self.seen[source.path].keys():
                self.unchanged += 1  # it only moved within its file
            else:
                self.merges.append(Merge(source.path, source.record, same_paper))
            entry.abstract = merge(entry.abstract, abstract)
            if same_record is not None:
                self.detached.append((source.path, source.record_id, same_record))
        else:
            abstract = replace(abstract, id=self._free_id(abstract))
            entry = self.entries[abstract.id] = _Entry(abstract, known=None)
            self.added += 1
        entry.sources.append((source, digest))
        for name in identity_keys(entry.abstract):
            self.names.setdefault(name, entry.abstract.id)

    def _same_record(self, source: Source) -> str | None:
        """The id of what this file called by the same record id in an earlier run.

        A record id that comes twice in one run names two records, and then neither replaces the other.
        """
        if not source.record_id:
            return None
        name = hash((source.path, source.record_id))
        if name in self.record_ids:
            return None
        self.record_ids.add(name)
        key = self.catalog.find_record_id(source.path, source.record_id)
        return None if key is None else self._id_of(key)

    def _same_paper(self, abstract: Abstract) -> str | None:
        """The id of the abstract that has one of the same identifiers, in this batch or in the catalog."""
        for name in identity_keys(abstract):
            if name in self.names:
                return self.names[name]
            key = self.catalog.find(name)
            if key is not None:
                return self._id_of(key)
        return None

    def _id_of(self, key: int) -> str:
        return self.catalog.abstracts([key])[key].id

    def _entry(self, abstract_id: str) -> _Entry:
        """The batch's entry for an abstract that exists, taken from the catalog when it is not in the batch yet."""
        if abstract_id not in self.entries:
            key = self.catalog.key_of(abstract_id)
            known = self.catalog.abstracts([key])[key]  # type: ignore[list-item,index] # resolved from the catalog
            self.entries[abstract_id] = _Entry(known, known)
        return self.entries[abstract_id]

    def _free_id(self, abstract: Abstract) -> str:
        """Its own id; when another paper has that already (two files that both count from 1), one with the text's."""
        if abstract.id in self.entries or self.catalog.key_of(abstract.id) is not None:
            return f"{abstract.id}-{derived_id(abstract.text)}"
        return abstract.id

    def flush(self) -> None:
        """Embed and write the batch."""
        changed = [entry for entry in self.entries.values() if entry.changed]
        embeds = [entry for entry in changed if entry.embeds]
        made = self.index.vectorise([entry.abstract for entry in embeds], self._tell) if embeds else []
        vectors = dict(zip((entry.abstract.id for entry in embeds), made, strict=True))
        with self.catalog.transaction():
            orphans = []
            for entry in self.entries.values():
                abstract = entry.abstract
                key = self.catalog.key_of(abstract.id)
                if key is None or entry.changed:
                    key = self.catalog.put(abstract, vectors.get(abstract.id), identity_keys(abstract))
                for source, digest in entry.sources:
                    self.catalog.put_source(source, digest, key, self.run)
                    self.seen[source.path][source.record] = key
            for path, record_id, abstract_id in self.detached:
                old = self.catalog.key_of(abstract_id)
                if old is not None and self.catalog.detach(path, record_id, old):
                    orphans.append(old)
            self.catalog.mark_removing(orphans)
        self.index.finish()
        self._start_batch()
        self._tell()

    def forget_places(self) -> None:
        """Forget where the files held abstracts before, now that all of each file was seen."""
        with self.catalog.transaction():
            for path, seen in self.seen.items():
                self.catalog.forget_places(path, seen)

    def _tell(self, part: float = 1.0) -> None:
        """Report the records done; ``part`` is how much of the batch at hand is embedded."""
        if self.report is not None:
            done = self.added + self.updated + self.unchanged + len(self.merges) + len(self.rejected)
            self.report(Progress("ingesting", round(done - (1 - part) * len(self.entries))))

    def finished(self, seconds: float) -> IngestReport:
        """The report of the run."""
        return IngestReport(
            added=self.added, updated=self.updated, unchanged=self.unchanged, merged=len(self.merges),
            rejected=self.rejected, merges=self.merges, files=len(self.files), seconds=seconds,
        )  # fmt: skip
