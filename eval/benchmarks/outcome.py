"""What every benchmark takes and gives."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from eval.metrics.classification import ConfusionMatrix
from eval.statistics import Interval
from rag.records import Progress
from rag.settings import Settings


def _silent(_: Progress) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a benchmark is run.

    ``limit`` takes only that many questions or claims (all of the corpus is searched all the same); 0 takes all.
    ``keep`` is a folder where the corpus stays for the next time; None throws it away.
    """

    settings: Settings
    limit: int = 0
    keep: Path | None = None
    progress: Callable[[Progress], None] = _silent


@dataclass(frozen=True, slots=True)
class Published:
    """A figure from the literature: whose, of which metric, and where it is printed."""

    system: str
    metric: str
    value: float
    source: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was measured, beside what was published. ``protocol`` says where the two are not the same task."""

    name: str
    measured: Mapping[str, Interval]
    published: tuple[Published, ...]
    protocol: tuple[str, ...]
    matrices: Mapping[str, ConfusionMatrix] = field(default_factory=dict)
