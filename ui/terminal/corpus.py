"""``rag ingest | export | list | show | remove | stats | verify | rebuild``: what is in the corpus."""

import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui.terminal import options
from ui.terminal.cluster import Ray, RayCommand

if TYPE_CHECKING:
    from rag.records import IngestReport, Rejection

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before removing.")]
SHOWN = 20
"""Merged and rejected records named in a report; --json names all."""


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    for command in (export, show, remove, stats, verify, rebuild):
        app.command()(command)
    app.command(cls=RayCommand)(ingest)
    app.command("list")(list_abstracts)


def ingest(
    paths: Annotated[
        list[str], typer.Argument(help="Files, folders, globs, or - for standard input.", metavar="PATH...")
    ],
    field_map: Annotated[
        list[str] | None,
        typer.Option(
            "--map", help="Which of the files' own fields is meant: text=AB,title=Title.", metavar="F=NAME,..."
        ),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on until Ctrl+C with what changes in these files and folders.")
    ] = False,
    ray: Ray = None,
    corpus: options.Corpus = None,
    sync: Annotated[bool, typer.Option("--sync", help="Also remove what these files no longer hold.")] = False,
    yes: Yes = False,
    json: options.Json = False,
) -> None:
    """Bring abstracts into the corpus.

    Read are BibTeX, RIS, Web of Science's and EndNote's tagged files, PubMed's MEDLINE and XML, JSON Lines and JSON
    (arXiv, Semantic Scholar, OpenAlex, Crossref, CSL-JSON, ...), arXiv's and the ACL Anthology's XML, CSV and TSV, and
    plain text (one abstract a line, or paragraphs); each also compressed (gzip, bzip2, xz, Zstandard) or in a zip
    archive. The format is told by content. What is there already is skipped, so an ingest can be stopped at any time
    and repeated. With --sync, what the files held before and no longer hold is removed, after saying how many abstracts
    that are; what cannot be read removes nothing.

    Example: rag ingest seeds/ my-library.jsonl export.csv.gz --map text=Summary
    """
    if watch and json:
        from rag.errors import UsageError

        raise UsageError("--watch has no end at which --json could print its report; leave one of them out.")
    with options.assistant(corpus) as assistant:
        asks = sync and not yes and not watch and sys.stdin.isatty()
        fields = _fields(field_map)

        def bring(some: list[str], follow: bool = sync and not asks) -> "IngestReport":
            with options.progress() as progress:
                return assistant.ingest(some, fields=fields, sync=follow, ray=ray, progress=progress)

        if watch:
            from ui.terminal import watching

            watching.watch(assistant, paths, bring)
            return
        report = bring(paths)
        if asks and (not report.gone or _agreed(f"No longer in these files: {_abstracts(report.gone)}. Remove?")):
            removed = bring(paths, follow=True).removed  # what is there costs a hash a record
            report = replace(report, gone=0, removed=removed)
        if json:
            options.print_json(report.to_dict())
        else:
            _print_report(report)
    if report.rejected and len(report.rejected) == report.records:
        from rag.errors import InputError

        raise InputError(f"Nothing could be read; {_where(report.rejected[0])}: {report.rejected[0].reason}")


def _fields(options: list[str] | None) -> dict[str, str] | None:
    """The field map out of "text=AB,title=Document Title"; a comma may stand in a name, so only ",word=" parts two."""
    parts = [part for option in options or () for part in re.split(r",(?=\w+=)", option)]
    for part in parts:
        if "=" not in part:
            from rag.errors import InputError

            raise InputError(f"--map {part!r} names no field; write it as FIELD=NAME, for example text=AB.")
    return {target.strip(): name.strip() for target, _, name in (part.partition("=") for part in parts)} or None


def counts(report: "IngestReport") -> str:
    """What became of the records, in a few words."""
    numbers = {
        "added": report.added,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "merged": report.merged,
        "without abstract": report.without_abstract,
        "rejected": len(report.rejected) - report.without_abstract,
        "removed": report.removed,
    }
    return ", ".join(f"{count} {name}" for name, count in numbers.items() if count) or "nothing to read"


def _print_report(report: "IngestReport") -> None:
    typer.echo(f"{report.records} records in {report.files} files, {report.seconds:.1f} s: {counts(report)}")
    for merged in report.merges[:SHOWN]:
        joined = f"; so is {', '.join(merged.joined)}, now part of it" if merged.joined else ""
        typer.echo(
            f"  merged    {_shown(merged.path)}:{merged.record} is the same paper as {merged.abstract_id}{joined}"
        )
    for apart in report.conflicts[:SHOWN]:
        typer.echo(
            f"  apart     {_shown(apart.path)}:{apart.record} claims {apart.identifier} as {apart.abstract_id} does, "
            "but is another paper; check which is right"
        )
    for rejected in sorted(report.rejected, key=lambda each: each.no_abstract)[:SHOWN]:
        typer.echo(f"  rejected  {_where(rejected)}: {rejected.reason}")
    more = sum(max(0, len(each) - SHOWN) for each in (report.merges, report.conflicts, report.rejected))
    if more:
        typer.echo(f"  ... and {more} more; --json lists all of them")
    if report.gone:
        typer.echo(f"No longer in these files: {_abstracts(report.gone)}, kept; --sync removes them")


def _where(rejected: "Rejection") -> str:
    return f"{_shown(rejected.path)}:{rejected.record}" if rejected.record else _shown(rejected.path)


def _shown(path: str) -> str:
    """A path as short as it can be named from here."""
    here = f"{Path.cwd()}/"
    return path.removeprefix(here)


def list_abstracts(
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Abstracts to list.")] = 50,
    offset: Annotated[int, typer.Option(min=0, help="Abstracts to pass over first.")] = 0,
    corpus: options.Corpus = None,
    year_from: options.YearFrom = None,
    year_to: options.YearTo = None,
    venue: options.Venue = None,
    source: options.FromSource = None,
    json: options.Json = False,
) -> None:
    """List abstracts in the order they came: id, year, title."""
    from rag.records import as_json

    with options.assistant(corpus) as assistant:
        only = options.filters(year_from, year_to, venue, source)
        found = list(assistant.abstracts(filters=only, limit=limit, offset=offset))
        if json:
            options.print_json([as_json(abstract) for abstract in found])
            return
        for abstract in found:
            typer.echo(f"{abstract.id}  {abstract.year or '    '}  {abstract.heading}")
        total = assistant.count(only)
        if len(found) == limit and total > offset + limit:
            typer.echo(f"... {total} in all; --offset {offset + limit} goes on")


def export(
    form: Annotated[
        str | None,
        typer.Option("--format", "-f", help="bibtex, ris, csl-json or jsonl; by the name of FILE otherwise."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File to write.", metavar="FILE")] = None,
    corpus: options.Corpus = None,
    year_from: options.YearFrom = None,
    year_to: options.YearTo = None,
    venue: options.Venue = None,
    source: options.FromSource = None,
) -> None:
    """Write the abstracts for a reference manager or another program; to standard output without --out.

    Example: rag export --from 2020 --out library.ris
    """
    from rag.corpus.export import EXPORTS, SUFFIXES
    from rag.errors import InputError

    form = form or (SUFFIXES.get(out.suffix.lower()) if out and out.suffix else "bibtex")
    if form is None:
        raise InputError(f"The name {out} says no format; end it in {', '.join(SUFFIXES)}, or add --format.")
    if form not in EXPORTS:
        raise InputError(f"There is no export format {form!r}; use one of {', '.join(EXPORTS)}.")
    with options.assistant(corpus) as assistant:
        only = options.filters(year_from, year_to, venue, source)
        written = EXPORTS[form](assistant.abstracts(filters=only))
        if out is None:
            for part in written:
                typer.echo(part.encode(), nl=False)
            return
        try:
            with out.open("w", encoding="utf-8", newline="") as file:
                file.writelines(written)
        except OSError as error:
            raise InputError(f"The file {out} cannot be written ({error.strerror}); name another one.") from None
        typer.echo(f"{assistant.count(only)} abstracts written to {_shown(str(out))} ({form})")


def show(
    abstract_id: Annotated[str, typer.Argument(help="Id as rag list shows it, DOI, PMID or arXiv id.", metavar="ID")],
    corpus: options.Corpus = None,
    json: options.Json = False,
) -> None:
    """Show an abstract whole, with what is known of the paper and the files it came from."""
    from rag.records import as_json

    with options.assistant(corpus) as assistant:
        abstract, versions = assistant.get(abstract_id), assistant.versions(abstract_id)
    if json:
        options.print_json(as_json(abstract))
        return
    typer.echo(abstract.heading + (" (title derived)" if abstract.title_derived else ""))
    known = {
        "authors": ", ".join(abstract.authors),
        "year": abstract.year,
        "venue": abstract.venue,
        "doi": abstract.doi,
        "pmid": abstract.pmid,
        "arxiv": abstract.arxiv_id,
        "url": abstract.url,
        "keywords": ", ".join(abstract.keywords),
    }
    for name, value in known.items():
        if value:
            typer.echo(f"  {name}: {value}")
    for source in abstract.sources:
        typer.echo(f"  source: {_shown(source.path)}:{source.record}")
    for version in versions:
        typer.echo(f"  also as: {version.id}  {version.reference}")
    typer.echo(f"\n{abstract.text}")


def remove(
    ids: Annotated[list[str] | None, typer.Argument(help="Ids of the abstracts to remove.", metavar="ID...")] = None,
    corpus: options.Corpus = None,
    year_from: options.YearFrom = None,
    year_to: options.YearTo = None,
    venue: options.Venue = None,
    source: options.FromSource = None,
    yes: Yes = False,
) -> None:
    """Remove abstracts from the corpus, by id or by a filter. Their files are not touched.

    With --source, an abstract that another file holds too only loses that source. A filter asks before it removes.

    Example: rag remove --source old-export.bib
    """
    from rag.errors import UsageError

    only = options.filters(year_from, year_to, venue, source)
    with options.assistant(corpus) as assistant:
        if only and not ids:
            count = assistant.count(only)
            if not count:
                raise UsageError("No abstract matches; see what there is with: rag stats.")
            stay = "; those that other files hold too only lose this source" if source else ""
            if not yes and not _agreed(f"{_abstracts(count)} match{'es' if count == 1 else ''}{stay}. Remove?"):
                raise UsageError("Nothing was removed; add --yes to remove without being asked.")
        removed = assistant.remove(ids or (), filters=only)
        typer.echo(f"{removed} removed")
        if only and not ids and count > removed:
            typer.echo(f"{count - removed} kept, which other files hold too")


def _agreed(question: str) -> bool:
    """Whether somebody at the terminal says yes; False where there is nobody to ask."""
    typer.echo(question.removesuffix(" Remove?"), err=True)
    return sys.stdin.isatty() and typer.confirm("Remove?", err=True)


def _abstracts(count: int) -> str:
    return f"{count} abstract{'' if count == 1 else 's'}"


def stats(corpus: options.Corpus = None, json: options.Json = False) -> None:
    """Say what the corpus holds: abstracts, years, venues, sources, size."""
    with options.assistant(corpus) as assistant:
        held = assistant.stats()
    if json:
        options.print_json(held.to_dict())
        return
    typer.echo(f"{held.abstracts} abstracts, {held.sentences} sentences, {held.chunks} chunks")
    typer.echo(f"corpus {held.corpus} in {held.folder}, {held.bytes_on_disk / 2**20:.1f} MiB")
    if held.embedder:
        typer.echo(f"embedder {held.embedder}")
    if held.years:
        typer.echo(f"years {min(held.years)} to {max(held.years)}")
    for venue, count in list(held.venues.items())[:10]:
        typer.echo(f"  {count:>6}  {venue}")
    for path, count in list(held.sources.items())[:20]:
        typer.echo(f"  {count:>6}  {_shown(path)}")


def verify(corpus: options.Corpus = None) -> None:
    """Compare the catalog with the vector store and the text index; exit status 1 when they disagree."""
    with options.assistant(corpus) as assistant:
        found = assistant.verify()
    for problem in found.problems:
        typer.echo(problem)
    if not found.sound:
        raise typer.Exit(1)
    typer.echo(f"{found.abstracts} abstracts, all stores agree")


def rebuild(corpus: options.Corpus = None) -> None:
    """Make the vector store and the text index again from the catalog; nothing is embedded again."""
    with options.assistant(corpus) as assistant:
        with options.progress() as progress:
            assistant.rebuild(progress)
        typer.echo(f"{assistant.count()} abstracts indexed again")
