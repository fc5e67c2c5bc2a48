"""The gate: a run may not fall below fixed values, nor significantly below the committed baseline."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked_dataclass

from eval import questions
from eval.claims import Supports, checker, judge, make_claims
from eval.compare import compare
from eval.corpus import SEEDS, throw_away
from eval.questions import Question
from eval.runner import Answering, ask
from eval.scored import Scored, dump, parse
from eval.scoring import score, summarise
from rag.errors import InputError
from rag.records import Progress
from rag.settings import Settings

GATES = Path(__file__).parent / "gates.toml"
BASELINE = Path(__file__).parent / "baseline" / "seeds-quotes.json"

_STRICT = ConfigDict(extra="forbid")


@checked_dataclass(frozen=True, config=_STRICT)
class BaselineRule:
    """The metrics that are held against the baseline."""

    metrics: tuple[str, ...]


@checked_dataclass(frozen=True, config=_STRICT)
class Gates:
    """What gates.toml says."""

    alpha: Annotated[float, Field(gt=0, lt=1)]
    tolerance: Annotated[float, Field(ge=0, lt=1)]
    baseline: BaselineRule
    minimum: Mapping[str, float] = Field(default_factory=dict)
    maximum: Mapping[str, float] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failure:
    """A gate that did not hold, in a sentence."""

    metric: str
    reason: str


def load_gates(path: Path) -> Gates:
    """The gates of a TOML file; InputError says what cannot be used."""
    try:
        return TypeAdapter(Gates).validate_python(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise InputError(f"The gates {path} cannot be read ({error.strerror}); check the path.") from error
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        reason = str(error).splitlines()[0] if isinstance(error, tomllib.TOMLDecodeError) else error.errors()[0]["msg"]
        raise InputError(f"The gates {path} cannot be used: {reason}; correct the file.") from error


def measure_seeds(*, progress: Callable[[Progress], None] | None = None) -> Scored:
    """The bundled questions asked of a throw-away corpus of seeds/, with ``quotes`` and the settings as they are."""
    asked = questions.load([questions.bundled("seeds")])
    settings = Settings(llm="quotes")
    with throw_away(settings, [SEEDS], progress=progress) as assistant:
        return measure(asked, assistant, checker(settings), progress=progress)


def measure(
    asked: Sequence[Question],
    assistant: Answering,
    supports: Supports,
    *,
    progress: Callable[[Progress], None] | None = None,
) -> Scored:
    """The scores of the questions and of the claims made from them, rounded as a baseline is."""
    results = []
    for number, question in enumerate(asked, start=1):
        results.append(ask(question, assistant))
        if progress:
            progress(Progress("asking", number, len(asked)))
    claims = make_claims(asked, {result.question.id: result.gold for result in results})
    # Timings differ from run to run and between machines; a baseline holds none.
    scores = tuple(replace(each, timings={}) for each in score(results))
    return parse(dump(Scored({"questions": str(len(asked))}, scores, (), judge(claims, supports))))


def check_gates(now: Scored, baseline: Scored, gates: Gates) -> list[Failure]:
    """The gates that do not hold, fixed ones first; none when the run may pass.

    InputError when a gate names a metric that the run does not have, or the run has other questions than the baseline.
    """
    asked, before = ({(each.id, each.question) for each in scored.scores} for scored in (now, baseline))
    if asked != before or now.claims.keys() != baseline.claims.keys():
        raise InputError("The questions are not those of the baseline; make it again with `rag eval gate --update`.")
    values = metric_values(now)
    changes = compare(baseline, now).changes
    missing = sorted({*gates.minimum, *gates.maximum} - values.keys())
    missing += sorted({*gates.baseline.metrics} - {change.metric for change in changes})
    if missing:
        raise InputError(
            f"The gates name {missing[0]!r}, which this run, or the baseline, does not have; correct gates.toml, or make the "
            "baseline again with `rag eval gate --update`."
        )
    failures = [
        Failure(name, f"{values[name]:.3f}, under the minimum of {least:.3f}")
        for name, least in gates.minimum.items()
        if values[name] < least
    ]
    failures += [
        Failure(name, f"{values[name]:.3f}, over the maximum of {most:.3f}")
        for name, most in gates.maximum.items()
        if values[name] > most
    ]
    failures += [
        Failure(
            change.metric,
            f"{change.after:.3f}, significantly worse than the baseline's {change.before:.3f} "
            f"(p = {change.difference.p:.4f} over {change.difference.count})",
        )
        for change in changes
        if change.metric in gates.baseline.metrics
        and change.worse
        and abs(change.difference.value) > gates.tolerance
        and change.significant(gates.alpha)
    ]
    return failures


def metric_values(scored: Scored) -> dict[str, float]:
    """Every metric over all questions, the checker's included; those of a type as TYPE.METRIC ("offtopic.f1")."""
    overall, *groups = summarise(scored.scores, resamples=1)
    values = {name: interval.value for name, interval in overall.metrics.items()}
    for group in groups:
        kind = group.name.removeprefix("type:")
        values |= {f"{kind}.{name}": interval.value for name, interval in group.metrics.items()}
    for kind in ("check_supported", "check_refused"):
        hits = [hit for id_, hit in scored.claims.items() if id_.startswith(kind)]
        if hits:
            values[kind] = sum(hits) / len(hits)
    return values
