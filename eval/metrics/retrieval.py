"""Ranked retrieval, computed by trec_eval's own code through ir_measures (https://ir-measur.es).

The same functions serve abstracts and sentences: an item is whatever has an id.
"""

from collections.abc import Mapping, Sequence
from typing import Any


def ranking_scores(
    rankings: Mapping[str, Sequence[str]], relevant: Mapping[str, Mapping[str, int]], measures: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Every measure for every question of ``relevant``: ``{question id: {measure: value}}``.

    ``rankings`` are item ids, best first; an item that comes again keeps its first place, and a question without a
    ranking scores 0. ``relevant`` grades the items (0 is not relevant). Measures as ir_measures spells them:

    - ``R@k``: relevant items within the first k, over all relevant items.
    - ``Success@k``: 1 when a relevant item is within the first k, else 0.
    - ``RR`` or ``RR@k``: 1 / rank of the first relevant item, 0 when there is none (within k); its mean is MRR.
    - ``nDCG@k``: sum of grade / log2(rank + 1) over the first k, over the same sum of the ideal order
      (Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", TOIS 2002; trec_eval's ndcg_cut).
    """
    import ir_measures  # its providers import pandas-sized things

    wanted: list[Any] = [ir_measures.parse_measure(name) for name in measures]
    scores = {question: dict.fromkeys(measures, 0.0) for question in relevant}
    names = {str(measure): name for measure, name in zip(wanted, measures, strict=True)}
    for found in ir_measures.iter_calc(wanted, relevant, _as_run(rankings)):
        scores[found.query_id][names[str(found.measure)]] = float(found.value)
    return scores


def _as_run(rankings: Mapping[str, Sequence[str]]) -> dict[str, dict[str, float]]:
    """trec_eval sorts by score and breaks ties by id, so each rank gets a score of its own."""
    return {
        question: {item: -float(rank) for rank, item in enumerate(dict.fromkeys(items))}
        for question, items in rankings.items()
    }
