"""Runs and comparisons as tables, for the terminal and for the README."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.table import Table

from eval.benchmarks.outcome import Outcome
from eval.compare import Change, Comparison
from eval.labels import LABELS, SECTIONS
from eval.metrics.classification import ConfusionMatrix
from eval.metrics.latency import Latency
from eval.peers import Standing
from eval.scored import Scored
from eval.scoring import LOWER_IS_BETTER, Group
from eval.statistics import Interval
from rag.errors import InputError

BEGIN, END = "<!-- quality:begin -->", "<!-- quality:end -->"
README_ROWS = {
    "cited_first": "Gold abstract cited first",
    "key_facts": "Key facts in the answer",
    "citation_precision_sentence": "Cited sentences that are gold evidence",
    "citation_recall_sentence": "Gold abstracts cited by a gold sentence",
    "citation_valid": "Quotes that stand exactly where cited",
    "abstention_recall": "Unanswerable questions declined",
    "declined_answerable": "Answerable questions declined (less is better)",
    "auroc": "AUROC of confidence",
    "ece": "Expected calibration error (less is better)",
    "ndcg@10": "nDCG@10 of the search, abstracts",
    "sentence_ndcg@10": "nDCG@10 of the search, sentences",
}


def run_table(groups: Sequence[Group]) -> Table:
    """The metrics of a run: all questions with 95% intervals and how many have the metric, then each split."""
    overall, *splits = [group for group in groups if not group.name.startswith("type:")]
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))  # within 80 columns
    table.add_column("metric", no_wrap=True)
    for head in (f"all ({overall.questions})", "95%", "n", *(f"{group.name} ({group.questions})" for group in splits)):
        table.add_column(head, justify="right", no_wrap=True)
    for title, names in SECTIONS.items():
        table.add_row(f"[bold]{title}[/bold]")
        for name, label in names.items():
            interval = overall.metrics.get(name)
            if interval:
                table.add_row(
                    f"  {label}{' ↓' if name in LOWER_IS_BETTER else ''}",
                    f"{interval.value:.3f}",
                    f"{interval.low:.3f}–{interval.high:.3f}",
                    str(interval.count),
                    *(f"{each.value:.3f}" if (each := group.metrics.get(name)) else "–" for group in splits),
                )
    table.add_row("[bold]Milliseconds[/bold]", "p50", "p95", "n")
    for stage, took in overall.latency.items():
        table.add_row(f"  {stage}", f"{took.p50:,.1f}", f"{took.p95:,.1f}", str(took.count))
    return table


def type_table(groups: Sequence[Group]) -> Table:
    """One line a question type, with the metrics one looks at first."""
    shown = ("cited_first", "key_facts", "citation_precision_sentence", "abstention_correct")
    table = Table(box=None, pad_edge=False)
    table.add_column("type", no_wrap=True)
    for name in shown:
        table.add_column(LABELS[name], justify="right")
    for group in groups:
        if group.name.startswith("type:"):
            cells = (f"{each.value:.3f}" if (each := group.metrics.get(name)) else "–" for name in shown)
            table.add_row(f"{group.name.removeprefix('type:')} ({group.questions})", *cells)
    return table


def comparison_table(comparison: Comparison) -> Table:
    """Every metric in A and B, the difference, its p-value, over how many, and which way it goes when significant."""
    table = Table(box=None, pad_edge=False)
    for name in ("metric", "A", "B", "B - A", "p", "n", ""):
        table.add_column(name, justify="left" if name in ("metric", "") else "right")
    for change in comparison.changes:
        table.add_row(
            f"{LABELS.get(change.metric, change.metric)}{' ↓' if change.metric in LOWER_IS_BETTER else ''}",
            f"{change.before:.3f}",
            f"{change.after:.3f}",
            f"{change.difference.value:+.3f}",
            f"{change.difference.p:.4f}",
            str(change.difference.count),
            _direction(change),
        )
    return table


def outcome_table(outcome: Outcome) -> Table:
    """What was measured with its intervals, then the published figures with their sources."""
    table = Table(box=None, pad_edge=False)
    table.add_column("metric")
    table.add_column("value", justify="right")
    table.add_column("system, source")
    for name, interval in outcome.measured.items():
        table.add_row(name, _cell(interval), "Footnote, measured here")
    for each in outcome.published:
        table.add_row(each.metric, f"{each.value:.3f}", f"{each.system} [dim]({each.source})[/dim]", style="dim")
    return table


def matrix_table(title: str, matrix: ConfusionMatrix) -> Table:
    """The confusion matrix: a gold label a row, what it was called a column."""
    table = Table(box=None, pad_edge=False, title=title, title_justify="left", title_style="")
    for head in ("", *matrix.labels):
        table.add_column(head, justify="right" if head else "left")
    for label, row in zip(matrix.labels, matrix.counts, strict=True):
        table.add_row(label, *map(str, row))
    return table


PEER_ROWS = {
    "cited_first": "gold abstract cited first",
    "key_facts": "key facts in the answer",
    "f1": "token F1",
    "citation_valid": "citations that hold",
    "citation_precision_abstract": "cited abstracts that are gold",
    "citation_precision_sentence": "cited sentences that are gold",
    "unsupported": "sentences without support ↓",
    "contradicted": "sentences contradicted ↓",
    "abstention_recall": "unanswerable ones declined",
    "declined_answerable": "answerable ones declined ↓",
    "auroc": "AUROC of confidence",
    "ndcg@10": "nDCG@10 of the search",
}


def standings_table(standings: Sequence[Standing]) -> Table:
    """A system a column: quality, then what it took."""
    table = Table(box=None, pad_edge=False)
    table.add_column("metric")
    for each in standings:
        table.add_column(each.system, justify="right")
    for name, label in PEER_ROWS.items():
        table.add_row(label, *(_cell(each.metrics.get(name)) for each in standings))
    table.add_row("ingest, abstracts/s", *(f"{each.ingest_rate:,.0f}" for each in standings))
    table.add_row("answer, p50 / p95 ms", *(f"{each.p50:,.0f} / {each.p95:,.0f}" for each in standings))
    table.add_row("peak memory, MiB", *(f"{each.memory:,.0f}" for each in standings))
    return table


def readme_table(runs: Mapping[str, Scored]) -> str:
    """The Markdown table of the README: a metric a row, a run a column, each value with its 95% interval."""
    head = ["| | " + " | ".join(f"`{name}`" for name in runs) + " |", "|---|" + "---|" * len(runs)]
    rows = [
        f"| {label} | " + " | ".join(_cell(run.overall.metrics.get(name)) for run in runs.values()) + " |"
        for name, label in README_ROWS.items()
    ]
    times = [run.overall.latency.get("total") for run in runs.values()]
    rows.append("| Time to an answer, p50 / p95, ms | " + " | ".join(_time(each) for each in times) + " |")
    count = " and ".join(dict.fromkeys(str(run.overall.questions) for run in runs.values()))
    note = f"{count} questions; in brackets 95% bootstrap intervals over the questions."
    return "\n".join([*head, *rows, "", note])


def write_between_markers(path: Path, table: str) -> None:
    """Put the table between the two markers of a Markdown file; InputError when they are not there."""
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise InputError(f"{path} has no place for the table; put the lines {BEGIN} and {END} where it belongs.")
    path.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")


def _cell(interval: Interval | None) -> str:
    if interval is None:
        return "–"
    return f"{interval.value:.3f} ({interval.low:.3f} to {interval.high:.3f})"


def _time(each: Latency | None) -> str:
    return f"{each.p50:,.0f} / {each.p95:,.0f}" if each is not None else "–"


def _direction(change: Change) -> str:
    if not change.significant():
        return ""
    return "[green]better[/green]" if change.better else "[red]worse[/red]"
