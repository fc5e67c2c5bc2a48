"""Two runs over the same questions: which metrics differ, and which questions got better or worse."""

from collections.abc import Sequence
from dataclasses import dataclass

from eval.scored import Scored
from eval.scoring import LOWER_IS_BETTER, SET_METRICS, Score
from eval.statistics import Difference, paired_randomisation, paired_randomisation_of
from rag.errors import InputError

ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Change:
    """A metric in A and in B, over the questions that have it in both."""

    metric: str
    before: float
    after: float
    difference: Difference

    @property
    def better(self) -> bool:
        """Whether B's value is the better one (significantly or not)."""
        return (self.difference.value > 0) != (self.metric in LOWER_IS_BETTER) and self.difference.value != 0

    @property
    def worse(self) -> bool:
        """Whether B's value is the worse one (significantly or not)."""
        return self.difference.value != 0 and not self.better

    def significant(self, alpha: float = ALPHA) -> bool:
        """Whether the difference would come by chance in less than ``alpha`` of cases."""
        return self.difference.p < alpha


@dataclass(frozen=True, slots=True)
class Moved:
    """A question whose quality changed, from ``before`` to ``after``."""

    id: str
    type: str
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """All changes of metrics, in the order of the metrics; and the questions, largest change first."""

    questions: int
    only_in_one: int
    changes: tuple[Change, ...]
    better: tuple[Moved, ...]
    worse: tuple[Moved, ...]


def compare(before: Scored, after: Scored, *, rounds: int = 10_000) -> Comparison:
    """B (``after``) against A (``before``), question by question; InputError when they share no question.

    An id alone says little, as two sets may number alike: text and gold have to be the same too.
    """
    first = {(each.id, each.question): each for each in before.scores}
    second = {(each.id, each.question): each for each in after.scores}
    pairs = [(first[key], second[key]) for key in first if key in second]
    if not pairs:
        raise InputError(
            "The two runs have no question in common, with the same id, text and gold; run the same question set in both "
            "(a run of an earlier version: again, into its folder)."
        )
    moved = [Moved(a.id, a.type, a.quality, b.quality) for a, b in pairs if a.quality != b.quality]
    moved.sort(key=lambda each: -abs(each.after - each.before))
    return Comparison(
        len(pairs),
        len(first.keys() ^ second.keys()),
        (*_claim_changes(before, after, rounds), *_changes(pairs, rounds)),
        tuple(each for each in moved if each.after > each.before),
        tuple(each for each in moved if each.after < each.before),
    )


def _changes(pairs: Sequence[tuple[Score, Score]], rounds: int) -> list[Change]:
    names = dict.fromkeys(name for a, _ in pairs for name in a.values)
    changes = []
    for name in names:
        both = [(a.values[name], b.values[name]) for a, b in pairs if name in a.values and name in b.values]
        if both:
            changes.append(_change(name, [x for x, _ in both], [y for _, y in both], rounds))
    befores, afters = [a for a, _ in pairs], [b for _, b in pairs]
    for name, statistic in SET_METRICS.items():
        difference = paired_randomisation_of(befores, afters, statistic, rounds=max(1, rounds // 10))
        before, after = statistic(befores), statistic(afters)
        if difference and before is not None and after is not None:
            changes.append(Change(name, before, after, difference))
    return changes


def _claim_changes(before: Scored, after: Scored, rounds: int) -> list[Change]:
    """The checker's hits on the claims it should support and on those it should refuse, apart."""
    changes = []
    for kind in ("check_supported", "check_refused"):
        ids = [id_ for id_ in before.claims if id_.startswith(kind) and id_ in after.claims]
        if ids:
            hits = [before.claims[id_] for id_ in ids], [after.claims[id_] for id_ in ids]
            changes.append(_change(kind, *hits, rounds))
    return changes


def _change(name: str, before: Sequence[float], after: Sequence[float], rounds: int) -> Change:
    difference = paired_randomisation(before, after, rounds=rounds)
    return Change(name, sum(before) / len(before), sum(after) / len(after), difference)
