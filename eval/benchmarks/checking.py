"""WiCE and AttributionBench: does the evidence support the claim? The checker alone, no search."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.benchmarks.collection import find, read_jsonl, watched
from eval.benchmarks.outcome import Options, Outcome, Published
from eval.claims import checker
from eval.metrics.classification import confusion
from eval.statistics import Interval, bootstrap
from rag.errors import InputError
from rag.text import normalise, split_sentences

LABELS = ("supported", "not supported")
_FITTED = (
    "Footnote's check is eleven coefficients, fitted on the dev parts of WiCE and AttributionBench among others; "
    "python -m eval.fit checker prints what it reaches on claims held out from the fit."
)


@dataclass(frozen=True, slots=True)
class Judged:
    """A claim's gold label and what the checker called it; ``part`` is the data set it comes from."""

    gold: str
    called: str
    part: str


def run_wice(data: Path, options: Options) -> Outcome:
    """WiCE claims against all sentences of the cited article; partially supported counts as not supported."""
    rows = list(read_jsonl(find(data, "claim_*.jsonl"), ["label", "claim", "evidence"]))
    supports = checker(options.settings)
    judged = []
    for row in watched(rows, "claims", options):
        if row["label"] not in ("supported", "partially_supported", "not_supported"):
            raise InputError(f"{data}: the label {row['label']!r} is not one of WiCE's; check the file.")
        gold = LABELS[row["label"] != "supported"]
        called = LABELS[not supports(row["claim"], [str(sentence) for sentence in row["evidence"]])]
        judged.append(Judged(gold, called, row["label"]))
    return _outcome(
        "wice",
        judged,
        (
            Published("MiniCheck-FT5-L", "balanced accuracy", 0.750, "LLM-AggreFact average, Tang et al., EMNLP 2024"),
            Published("Bespoke-MiniCheck-7B", "balanced accuracy", 0.774, "LLM-AggreFact leaderboard, average"),
        ),
        (
            f"{len(judged)} claims; partially supported counts as not supported, as in LLM-AggreFact.",
            "The published figures are averages over LLM-AggreFact's eleven sets; WiCE's test part is one of them.",
            _FITTED,
        ),
    )


def run_attributionbench(data: Path, options: Options) -> Outcome:
    """AttributionBench claims against the sentences of their references."""
    rows = list(read_jsonl(find(data, "dev.jsonl"), ["claim", "references", "attribution_label"]))
    supports = checker(options.settings)
    judged = []
    for row in watched(rows, "claims", options):
        if row["attribution_label"] not in ("attributable", "not attributable"):
            raise InputError(f"{data}: the label {row['attribution_label']!r} is not AttributionBench's.")
        texts = [normalise(str(reference)) for reference in row["references"]]
        evidence = [sentence.text for text in texts for sentence in split_sentences(text)]
        gold = LABELS[row["attribution_label"] != "attributable"]
        judged.append(Judged(gold, LABELS[not supports(row["claim"], evidence)], str(row.get("src_dataset", ""))))
    return _outcome(
        "attributionbench",
        judged,
        (
            Published(
                "GPT-3.5, fine-tuned", "macro-F1", 0.80, "Li et al., AttributionBench, ACL Findings 2024: about 80"
            ),
        ),
        (
            f"{len(judged)} claims; the published figure is of the test part.",
            "Only the claim and its references are read, not the question or the whole response.",
            _FITTED,
        ),
    )


def _outcome(
    name: str, judged: Sequence[Judged], published: tuple[Published, ...], protocol: tuple[str, ...]
) -> Outcome:
    measured: dict[str, Interval] = {}
    for part in ("", *sorted({each.part for each in judged if name == "attributionbench"})):
        members = [each for each in judged if not part or each.part == part]
        suffix = f", {part}" if part else ""
        for label, statistic in (("balanced accuracy", _balanced_accuracy), ("macro-F1", _macro_f1)):
            interval = bootstrap(members, statistic)
            if interval:
                measured[label + suffix] = interval
    matrix = confusion([each.gold for each in judged], [each.called for each in judged], LABELS)
    return Outcome(name, measured, published, protocol, {"checker (rows gold, columns called)": matrix})


def _balanced_accuracy(judged: Sequence[Judged]) -> float | None:
    if len({each.gold for each in judged}) < 2:
        return None
    return confusion([each.gold for each in judged], [each.called for each in judged], LABELS).balanced_accuracy


def _macro_f1(judged: Sequence[Judged]) -> float | None:
    return confusion([each.gold for each in judged], [each.called for each in judged], LABELS).macro_f1
