"""Labels against labels, for the checker and for yes/no/maybe."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConfusionMatrix:
    """``counts[i][j]``: how often gold label i was called label j. Labels are in a fixed order."""

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]

    @property
    def accuracy(self) -> float:
        """Right / all."""
        total = sum(map(sum, self.counts))
        return sum(self.counts[i][i] for i in range(len(self.labels))) / total if total else 0.0

    @property
    def balanced_accuracy(self) -> float:
        """The mean recall of the gold labels that occur (Brodersen et al., 2010); 0.5 for a constant yes of two."""
        recalls = [row[i] / sum(row) for i, row in enumerate(self.counts) if sum(row)]
        return sum(recalls) / len(recalls) if recalls else 0.0

    @property
    def macro_f1(self) -> float:
        """The mean over the gold labels that occur of 2 TP / (2 TP + FP + FN)."""
        scores = []
        for i in range(len(self.labels)):
            gold, called = sum(self.counts[i]), sum(row[i] for row in self.counts)
            if gold:
                scores.append(2 * self.counts[i][i] / (gold + called))
        return sum(scores) / len(scores) if scores else 0.0


def confusion(gold: Sequence[str], called: Sequence[str], labels: Sequence[str]) -> ConfusionMatrix:
    """The confusion matrix of two equally long lists; ValueError on a label that is not in ``labels``."""
    strangers = {*gold, *called} - set(labels)
    if strangers:
        raise ValueError(f"unknown labels: {sorted(strangers)}")
    pairs = Counter(zip(gold, called, strict=True))
    return ConfusionMatrix(tuple(labels), tuple(tuple(pairs[row, column] for column in labels) for row in labels))
