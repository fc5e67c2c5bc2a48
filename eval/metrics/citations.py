"""Citations against gold evidence, and what the check said of an answer's sentences.

After ALCE (Gao et al., "Enabling Large Language Models to Generate Text with Citations", EMNLP 2023), which asks an
NLI model whether a passage supports a statement. Here the gold evidence is known, so no model judges: a citation is
right when it points at gold, and what recall counts is the gold that was cited.
"""

from collections import Counter
from collections.abc import Collection, Hashable, Sequence
from typing import get_args

from rag.records import Verdict

VERDICTS: tuple[str, ...] = get_args(Verdict)


def citation_precision(cited: Sequence[Hashable], gold: Collection[Hashable]) -> float:
    """|cited and gold| / |cited|: the share of the cited items (each once) that are gold; 0 when nothing is cited."""
    items = set(cited)
    return len(items & set(gold)) / len(items) if items else 0.0


def citation_recall(cited: Sequence[Hashable], gold: Collection[Hashable]) -> float:
    """|cited and gold| / |gold|: the share of the gold items that are cited. ValueError when there is no gold.

    Over sentences the items are the gold abstracts, and one counts when a gold sentence of it is cited: its sentences
    may be alternatives.
    """
    if not gold:
        raise ValueError("citation recall needs gold")
    items = set(gold)
    return len(set(cited) & items) / len(items)


def verdict_shares(verdicts: Sequence[str]) -> dict[str, float]:
    """The share of an answer's sentences with each verdict of ``VERDICTS``; all 0 when there is no sentence."""
    counts = Counter(verdicts)
    return {verdict: counts[verdict] / len(verdicts) if verdicts else 0.0 for verdict in VERDICTS}
