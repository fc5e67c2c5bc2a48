"""The library as HTML: the progress and report of an ingest, the table, abstracts per year. One line each, escaped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag.records import Abstract, IngestReport, Progress
from ui.markup import attributes, escape
from ui.web.transcript import button

PAGE = 25
"""Rows of the table at a time."""
_MOST_REJECTIONS = 50


@dataclass(frozen=True, slots=True)
class Rows:
    """What the table shows: ``abstracts`` from number ``first`` (0-based) of ``total`` (None: ranked by a search)."""

    abstracts: Sequence[Abstract]
    first: int = 0
    total: int | None = None
    query: str = ""


def progress_html(progress: Progress, files: str) -> str:
    """A progress bar with its stage in words."""
    counted = f"{progress.done:,} of {progress.total:,}" if progress.total else f"{progress.done:,}"
    told = attributes(max=progress.total, value=progress.done if progress.total else None, aria_label="Ingest")
    return (
        f'<div class="ingest"><p>Reading {escape(files)}: {escape(progress.stage)}, {counted}</p>'
        f"<progress {told}></progress></div>"
    )


def report_html(report: IngestReport) -> str:
    """What an ingest did, with the reason for everything that was not taken."""
    counts = [
        (report.added, "added"),
        (report.updated, "updated"),
        (report.unchanged, "unchanged"),
        (report.merged, "merged with an abstract that was there"),
        (report.without_abstract, "without an abstract"),
        (len(report.rejected) - report.without_abstract, "rejected"),
        (len(report.conflicts), "kept apart from a paper whose identifier they share"),
        (report.removed, "removed"),
    ]
    said = ", ".join(f"{count:,} {what}" for count, what in counts if count) or "no records found"
    merges = "".join(
        f"<li>{escape(_name(each.path))}, record {each.record}: "
        f"{button('see the abstract', 'open', id=each.abstract_id, class_='inline')}</li>"
        for each in report.merges[:_MOST_REJECTIONS]
    )
    apart = "".join(
        f"<li>{escape(_name(each.path))}, record {each.record}: claims {escape(each.identifier)} as "
        f"{button(each.abstract_id, 'open', id=each.abstract_id, class_='inline')} does</li>"
        for each in report.conflicts[:_MOST_REJECTIONS]
    )
    reasons = "".join(
        f"<li>{escape(_name(each.path))}, record {each.record}: {escape(each.reason)}</li>"
        for each in report.rejected[:_MOST_REJECTIONS]
    )
    if (more := len(report.rejected) - _MOST_REJECTIONS) > 0:
        reasons += f"<li>and {more:,} more</li>"
    return (
        f'<div class="ingest"><p class="done">{escape(said)} in {report.seconds:.1f} s.</p>'
        + (f"<h3>Rejected</h3><ul>{reasons}</ul>" if reasons else "")
        + (f"<h3>Kept apart</h3><ul>{apart}</ul>" if apart else "")
        + (f"<h3>Merged</h3><ul>{merges}</ul>" if merges else "")
        + "</div>"
    )


def problem_html(sentence: str) -> str:
    """An error as the sentence it is."""
    return f'<div class="ingest"><p class="error" role="alert">{escape(sentence)}</p></div>'


def table_html(rows: Rows) -> str:
    """The abstracts as a table with a button to open and one to remove each, and the way to the next rows."""
    if not rows.abstracts:
        said = f"Nothing is close to “{rows.query}”." if rows.query else "There are no abstracts yet."
        return f'<div class="table"><p class="none">{escape(said)}</p></div>'
    body = "".join(_row(abstract, rows.first) for abstract in rows.abstracts)
    last = rows.first + len(rows.abstracts)
    if rows.total is None:
        caption, pager = f"The {len(rows.abstracts)} abstracts closest to “{rows.query}”", ""
    else:
        caption = f"Abstracts {rows.first + 1:,} to {last:,} of {rows.total:,}"
        pager = button("Earlier", "page", first=max(rows.first - PAGE, 0), disabled=rows.first == 0) + button(
            "Later", "page", first=last, disabled=last >= rows.total
        )
    return (
        f'<div class="table"><table><caption>{escape(caption)}</caption><thead><tr><th scope="col">Title</th>'
        '<th scope="col">Year</th><th scope="col">Venue</th><th scope="col">Source</th>'
        '<th scope="col"><span class="sr">Remove</span></th></tr></thead>'
        f'<tbody>{body}</tbody></table><div class="pager">{pager}</div></div>'
    )


def _row(abstract: Abstract, first: int) -> str:
    sources = ", ".join(dict.fromkeys(_name(source.path) for source in abstract.sources))
    label = f"Remove: {abstract.title}"
    remove = button("Remove", "remove", id=abstract.id, first=first, aria_label=label, class_="remove")
    return (
        f'<tr><th scope="row">{button(abstract.heading, "open", id=abstract.id, class_="title")}</th>'
        f"<td>{abstract.year or '–'}</td><td>{escape(abstract.venue or '–')}</td><td>{escape(sources)}</td>"
        f"<td>{remove}</td></tr>"
    )


def years_html(years: Mapping[int, int], abstracts: int) -> str:
    """Abstracts per year as a bar chart; the same numbers stand in it as text."""
    known = {int(year): count for year, count in years.items() if year}
    if not known:
        said = "None of the abstracts says its year." if abstracts else "There are no abstracts yet."
        return f'<div class="years"><h2>Abstracts per year</h2><p class="none">{said}</p></div>'
    most, span = max(known.values()), range(min(known), max(known) + 1)
    if len(span) > 80:  # one bar a year would be thinner than its gap
        span = range(max(known) - 79, max(known) + 1)
    bars = "".join(
        f'<li><span class="count">{known.get(year, 0):,}</span>'
        f'<span class="bar" style="height:{known.get(year, 0) / most * 100:.1f}%"></span>'
        f'<span class="year">{year}</span></li>'
        for year in span
    )
    shown = sum(known.get(year, 0) for year in span)
    rest = f'<p class="none">{abstracts - shown:,} more are older or without a year.</p>' if shown < abstracts else ""
    every = attributes(class_="bars", data_sparse=len(span) > 24)
    return f'<div class="years"><h2>Abstracts per year</h2><ol {every}>{bars}</ol>{rest}</div>'


def judged_html(judgements: Sequence[bool]) -> str:
    """How many answers readers judged, with a button that saves them as a question set."""
    if not judgements:
        return ""
    good = sum(judgements)
    said = f"Answers judged: {good:,} helpful, {len(judgements) - good:,} not."
    save = button("Save the helpful ones as a question set for rag eval", "questions", class_="inline")
    return f'<div class="judged"><p>{escape(said)} {save}</p></div>'


def _name(path: str) -> str:
    return path.rsplit("/", 1)[-1]
