"""What the library does: ingest uploads, list and search, remove, draw the map. Knows no Gradio."""

import filecmp
import hashlib
import logging
import queue
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rag.assistant import Assistant
from rag.errors import FootnoteError
from rag.records import IngestReport, Progress
from ui.markup import escape
from ui.web import library
from ui.web.choices import Choices
from ui.web.map import Map, add, draw, sample
from ui.web.map_view import map_html

_log = logging.getLogger(__name__)
UPLOADS = "uploads"
"""Folder of the corpus that keeps what was dropped on the page, so that a source stays a file one can open."""


class Shelves:
    """The handlers of the library and the map, over one assistant."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant
        self._drawing = threading.Lock()
        self._map: tuple[tuple[str, ...], Map] | None = None

    def ingest(self, uploads: Sequence[str]) -> Iterator[str]:
        """Ingest uploaded files: HTML of the progress, then of the report, or of what went wrong.

        The work goes on when the page is closed half way.
        """
        names = ", ".join(Path(upload).name for upload in uploads)
        steps: queue.SimpleQueue[Progress | IngestReport | Exception] = queue.SimpleQueue()
        threading.Thread(target=self._work, args=(list(uploads), steps), name="ingest").start()
        while isinstance(step := steps.get(), Progress):
            while steps.qsize() and isinstance(step, Progress):  # only the newest is worth sending
                step = steps.get()
            if not isinstance(step, Progress):
                break
            yield library.progress_html(step, names)
        if isinstance(step, IngestReport):
            yield library.report_html(step)
        elif isinstance(step, FootnoteError):
            yield library.problem_html(str(step))
        else:
            yield library.problem_html(
                "Reading the files broke half way; the terminal shows what happened. What was read is kept."
            )

    def waiting(self, uploads: Sequence[str]) -> str:
        """What is shown until an ingest starts: another one may be under way."""
        names = ", ".join(Path(upload).name for upload in uploads)
        return library.progress_html(Progress("waiting", 0), names)

    def _work(self, uploads: list[str], steps: "queue.SimpleQueue[Progress | IngestReport | Exception]") -> None:
        try:
            steps.put(Progress("opening", 0))
            steps.put(self.assistant.ingest([self._keep(Path(each)) for each in uploads], progress=steps.put))
        except FootnoteError as error:
            steps.put(error)
        except Exception as error:  # noqa: BLE001 - a thread's exception would be lost, and the page would wait for ever
            _log.exception("An ingest broke")
            steps.put(error)

    def _keep(self, upload: Path) -> Path:
        """Move an upload into the corpus; another file of the same name stays, and this one gets a longer name."""
        folder = self.assistant.settings.folder / UPLOADS
        folder.mkdir(parents=True, exist_ok=True)
        kept = folder / upload.name
        if kept.exists() and not filecmp.cmp(upload, kept, shallow=False):
            with upload.open("rb") as content:
                digest = hashlib.file_digest(content, "sha256").hexdigest()
            kept = kept.with_stem(f"{kept.stem}-{digest[:8]}")
        shutil.move(upload, kept)
        return kept

    def table(self, query: str = "", first: int = 0) -> str:
        """The table: a page of the catalog, or what is closest to ``query``."""
        query = " ".join(query.split())
        try:
            if query:
                hits = self.assistant.search(query, limit=2 * library.PAGE)
                return library.table_html(library.Rows([hit.abstract for hit in hits], query=query))
            total = self.assistant.count()
            first = max(0, min(first, (total - 1) // library.PAGE * library.PAGE))
            rows = list(self.assistant.abstracts(limit=library.PAGE, offset=first))
        except FootnoteError as error:
            return library.problem_html(str(error))
        return library.table_html(library.Rows(rows, first, total))

    def removing(self, abstract_id: str) -> str:
        """What is said until an abstract is removed: who reads files in, here or elsewhere, writes until it is done."""
        try:
            title = self.assistant.get(abstract_id).title
        except FootnoteError as error:
            return str(error)
        return f"Removing as soon as no files are being read in: {title}"

    def remove(self, abstract_id: str) -> str:
        """Remove one abstract; a sentence that says so."""
        try:
            title = self.assistant.get(abstract_id).title
            self.assistant.remove([abstract_id])
        except FootnoteError as error:
            return str(error)
        return f"Removed: {title}"

    def years(self) -> str:
        """Abstracts per year, drawn."""
        stats = self.assistant.stats()
        return library.years_html(stats.years, stats.abstracts)

    def judged(self) -> str:
        """How many answers were judged, and the way to keep them as a question set; nothing when none was."""
        return library.judged_html([each.good for each in self.assistant.feedback()])

    def headline(self) -> str:
        """How many abstracts there are, and of which corpus."""
        count = self.assistant.count()
        noun = "abstract" if count == 1 else "abstracts"
        corpus = self.assistant.settings.corpus
        named = "" if corpus == "default" else f" in {escape(corpus)}"
        return f'<p class="headline">{count:,} {noun}{named}</p>'

    def filter_choices(self, most: int = 300) -> Mapping[str, list[tuple[str, str]]]:
        """(label, value) of the venues and the sources to choose from, the most frequent ``most`` of each."""

        def ranked(counts: Mapping[Any, int]) -> list[str]:
            return sorted((str(name) for name in counts if name), key=lambda name: (-counts[name], name))[:most]

        stats = self.assistant.stats()
        return {
            "venues": [(f"{venue} ({stats.venues[venue]:,})", venue) for venue in ranked(stats.venues)],
            "sources": [(f"{Path(path).name} ({stats.sources[path]:,})", path) for path in ranked(stats.sources)],
        }

    def matching(self, choices: Choices) -> str:
        """How many abstracts the filters leave, in words."""
        try:
            filters = choices.filters
            count = self.assistant.count(filters)
        except FootnoteError as error:
            return f'<p class="error" role="alert">{escape(str(error))}</p>'
        total = self.assistant.count()
        noun = "abstract" if total == 1 else "abstracts"
        return f"<p>{count:,} of {total:,} {noun} will be searched</p>" if filters else f"<p>All {total:,} {noun}</p>"

    def map(self, marked: Mapping[str, int]) -> Iterator[str]:
        """The map with the abstracts of ``marked`` (id → footnote number) shown; drawn when the corpus has changed."""
        try:
            ids, vectors = self.assistant.vectors()
            rows = sample(len(ids))
            sampled = set(rows)
            shown = tuple(ids[row] for row in rows)
            if self._map is None or self._map[0] != shown:
                yield f'<div class="map"><p class="none">Drawing a map of {len(rows):,} abstracts.</p></div>'
            with self._drawing:  # two readers of the same map wait for one drawing
                if self._map is None or self._map[0] != shown:
                    abstracts = [self.assistant.get(each) for each in shown]
                    self._map = (shown, draw(abstracts, vectors[rows], len(ids)))
                drawn = self._map[1]
            missing = [row for row, each in enumerate(ids) if each in marked and row not in sampled]
            drawn = add(drawn, vectors[rows], [self.assistant.get(ids[row]) for row in missing], vectors[missing])
        except FootnoteError as error:
            yield library.problem_html(str(error))
        else:
            yield map_html(drawn, marked)
