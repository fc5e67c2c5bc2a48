"""Filling the report's template; Jinja2 escapes everything that is put in."""

from collections.abc import Mapping, Sequence

from eval.labels import LABELS, SECTIONS
from eval.metrics.abstention import calibration_bins
from eval.report import plots
from eval.report.cases import cases
from eval.results import Result
from eval.scoring import LOWER_IS_BETTER, Group, Score, risk_curve
from eval.statistics import Interval, bootstrap_mean

OVERVIEW = {
    "key_facts": "Key facts in the answer",
    "cited_first": "Gold abstract cited first",
    "citation_precision_sentence": "Cited sentences that are gold",
    "citation_valid": "Citations that hold",
    "declined_answerable": "Answerable, but declined",
    "abstention_recall": "Not answerable, and declined",
    "auroc": "AUROC of confidence",
    "ndcg@10": "nDCG@10, abstracts",
}


def write_report(
    results: Sequence[Result], scores: Sequence[Score], groups: Sequence[Group], identity: Mapping[str, str]
) -> str:
    """The whole HTML page; ``groups`` and ``scores`` are those of ``eval.scoring`` for these results."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("eval.report", "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    overall = groups[0]
    shown = cases(results, scores)
    return environment.get_template("report.html").render(
        identity=identity,
        overall=overall,
        columns=[group for group in groups if not group.name.startswith("type:")],
        overview=[(label, overall.metrics.get(name), name) for name, label in OVERVIEW.items()],
        sections=SECTIONS,
        labels=LABELS,
        lower=LOWER_IS_BETTER,
        cases=shown,
        failures=sum(bool(case.reasons) for case in shown),
        reasons=sorted({reason for case in shown for reason in case.reasons}),
        types=list(_quality_by_type(scores)),
        plots=[
            (
                "Risk and coverage",
                "If only its most confident answers were given.",
                plots.risk_coverage(risk_curve(scores)),
            ),
            (
                "Calibration",
                "How often a confidence is right; on the diagonal it means what it says.",
                plots.calibration(
                    calibration_bins([each.confidence for each in scores], [each.answerable for each in scores])
                ),
            ),
            (
                "Quality by question type",
                "Key facts found; for questions without an answer, declined. Lines are 95% intervals.",
                plots.scores_by_type(_quality_by_type(scores)),
            ),
            ("Latency", "Median / 95th percentile by stage.", plots.latency_by_stage(overall.latency)),
        ],
    )


def _quality_by_type(scores: Sequence[Score]) -> dict[str, tuple[int, Interval]]:
    names = dict.fromkeys(each.type for each in scores)
    values = {name: [each.quality for each in scores if each.type == name] for name in names}
    return {name: (len(members), bootstrap_mean(members)) for name, members in values.items()}
