"""From results to numbers: the metrics of each question, and of all of them with their intervals."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from eval.metrics import abstention, citations, latency
from eval.metrics.answers import key_fact_recall, rouge_l, token_f1
from eval.metrics.retrieval import ranking_scores
from eval.results import Result, Span, Usage, overlapping, sources
from eval.statistics import Interval, bootstrap, bootstrap_mean
from rag.records import Answer
from rag.text import split_sentences

RETRIEVAL = {"R@1": "recall@1", "R@5": "recall@5", "R@10": "recall@10", "RR@10": "mrr@10", "nDCG@10": "ndcg@10"}
SENTENCES = {
    "Success@1": "sentence_hit@1",
    "Success@3": "sentence_hit@3",
    "R@10": "sentence_recall@10",
    "RR@10": "sentence_mrr@10",
    "nDCG@10": "sentence_ndcg@10",
}
LOWER_IS_BETTER = frozenset({"declined_answerable", "unsupported", "contradicted", "aurc", "ece", "judge_unreadable"})
"""Metrics of which less is better; ``quoted`` and ``supported`` are two ways of being backed, neither better."""


@dataclass(frozen=True, slots=True)
class Score:
    """What one question came to. ``values`` holds only the metrics that apply to it; all are 0..1.

    ``quality`` is 1 for a right answer: the key facts that stand in it (or, without key facts, the gold evidence
    cited); for an unanswerable question, whether it was declined. ``question`` is the question's digest.
    """

    id: str
    type: str
    split: str
    answerable: bool
    abstained: bool
    confidence: float
    quality: float
    values: Mapping[str, float]
    timings: Mapping[str, float] = field(default_factory=dict)
    usage: Usage | None = None
    question: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """The metrics of some of the questions: all, a type, or a split.

    ``latency`` is in milliseconds by stage; ``usage`` sums the tokens, None when no language model reported any.
    """

    name: str
    questions: int
    metrics: Mapping[str, Interval]
    latency: Mapping[str, latency.Latency]
    usage: Usage | None = None


def score(results: Sequence[Result]) -> list[Score]:
    """One Score a result, in order."""
    retrieval = _rankings(results)
    return [_score(result, retrieval.get(result.question.id, {})) for result in results]


def summarise(scores: Sequence[Score], *, resamples: int = 2000) -> list[Group]:
    """The groups: overall first, then the splits, then the types, each with its metrics and their intervals."""
    groups = {"overall": list(scores)}
    for name in ("dev", "test"):
        groups[name] = [each for each in scores if each.split == name]
    for each in scores:
        groups.setdefault(f"type:{each.type}", []).append(each)
    return [
        Group(
            name,
            len(members),
            _intervals(members, resamples),
            latency.by_stage([each.timings for each in members]),
            _total([each.usage for each in members if each.usage]),
        )
        for name, members in groups.items()
        if members
    ]


def _total(usages: Sequence[Usage]) -> Usage | None:
    if not usages:
        return None
    return Usage(
        sum(each.calls for each in usages),
        sum(each.prompt_tokens for each in usages),
        sum(each.completion_tokens for each in usages),
    )


def _only(*types: str) -> Callable[[Sequence[Score]], list[Score]]:
    return lambda scores: [each for each in scores if each.answerable or not types or each.type in types]


def _auroc(*types: str) -> Callable[[Sequence[Score]], float | None]:
    """How well confidence tells the answerable from the unanswerable ones of ``types`` (all, when none is named)."""
    chosen = _only(*types)

    def statistic(scores: Sequence[Score]) -> float | None:
        members = chosen(scores)
        return abstention.auroc([each.confidence for each in members], [each.answerable for each in members])

    return statistic


def risk_curve(scores: Sequence[Score]) -> list[abstention.RiskAtCoverage]:
    """The risk-coverage curve of the answers that were given; the loss is 1 - quality."""
    answered = [each for each in scores if not each.abstained]
    return abstention.risk_coverage(
        [each.confidence for each in answered], [1 - each.quality for each in answered], len(scores)
    )


SET_METRICS: Mapping[str, Callable[[Sequence[Score]], float | None]] = {
    "abstention_precision": lambda scores: abstention.abstention_precision(
        [each.abstained for each in scores], [each.answerable for each in scores]
    ),
    "abstention_recall": lambda scores: abstention.abstention_recall(
        [each.abstained for each in scores], [each.answerable for each in scores]
    ),
    "auroc": _auroc(),
    "auroc_nearmiss": _auroc("nearmiss"),
    "auroc_offtopic": _auroc("offtopic"),
    "aurc": lambda scores: abstention.aurc(risk_curve(scores)),
    "ece": lambda scores: abstention.expected_calibration_error(
        [each.confidence for each in scores], [each.answerable for each in scores]
    ),
}
"""Metrics that only a set of questions has."""


COUNTED: Mapping[str, Callable[[Sequence[Score]], list[Score]]] = {
    "abstention_precision": lambda scores: [each for each in scores if each.abstained],
    "abstention_recall": lambda scores: [each for each in scores if not each.answerable],
    "auroc_nearmiss": _only("nearmiss"),
    "auroc_offtopic": _only("offtopic"),
    "aurc": lambda scores: [each for each in scores if not each.abstained],
}
"""The questions that such a metric is over, where it is not all of them."""


def _intervals(scores: Sequence[Score], resamples: int) -> dict[str, Interval]:
    names = dict.fromkeys(name for each in scores for name in each.values)
    found: dict[str, Interval] = {}
    for name in names:
        found[name] = bootstrap_mean([each.values[name] for each in scores if name in each.values], resamples=resamples)
    for name, statistic in SET_METRICS.items():
        interval = bootstrap(scores, statistic, resamples=max(1, resamples // 4))
        if interval is not None:
            found[name] = replace(interval, count=len(COUNTED.get(name, list)(scores)))
    return found


def _score(result: Result, ranked: Mapping[str, float]) -> Score:
    question, answer = result.question, result.answer
    values = {"abstention_correct": float(answer.abstained != question.answerable), **ranked, **result.judged}
    if result.judged or result.unreadable:
        values["judge_unreadable"] = float(bool(result.unreadable))
    if question.answerable:
        values["declined_answerable"] = float(answer.abstained)
        values |= _against_gold(result)
    if not answer.abstained:
        values |= citations.verdict_shares([sentence.verdict for sentence in answer.sentences])
        values["citation_valid"] = _valid_share(answer)
    if not question.answerable:
        quality = float(answer.abstained)
    elif question.key_facts:
        quality = values["key_facts"]
    else:
        quality = values["citation_recall_sentence"]
    return Score(
        question.id,
        question.type,
        question.split,
        question.answerable,
        answer.abstained,
        answer.confidence,
        quality,
        values,
        {**answer.timings, "total": result.milliseconds},
        result.usage,
        question.digest,
    )


def _against_gold(result: Result) -> dict[str, float]:
    """An answer to an answerable question, against its gold; one that was declined misses all of it."""
    question, answer = result.question, result.answer
    said = "" if answer.abstained else " ".join(sentence.text for sentence in answer.sentences)
    cited = [] if answer.abstained else cited_sentences(answer)
    gold_ids = set(question.gold_abstract_ids)
    gold_spans = {span for abstract in result.gold for span in abstract.gold}
    # The gold sentences of one abstract are alternatives as often as parts: one of each abstract is asked for.
    shown = {span.abstract_id for span in cited if span in gold_spans}
    cited_ids = list(dict.fromkeys(span.abstract_id for span in cited))
    values = {
        "cited_first": float(bool(cited_ids) and cited_ids[0] in gold_ids),
        "citation_recall_abstract": citations.citation_recall(cited_ids, gold_ids),
        "citation_recall_sentence": citations.citation_recall(list(shown), gold_ids),
        "f1": token_f1(said, question.reference_answer),
        "rouge_l": rouge_l(said, question.reference_answer),
    }
    if question.key_facts:
        values["key_facts"] = key_fact_recall(said, question.key_facts)
    if not answer.abstained:
        values["citation_precision_abstract"] = citations.citation_precision(cited_ids, gold_ids)
        values["citation_precision_sentence"] = citations.citation_precision(cited, gold_spans)
    return values


def cited_sentences(answer: Answer) -> list[Span]:
    """The sentences of the abstracts that an answer's citations stand on, in order, each once.

    A citation that stands on no sentence of a source counts as itself, so that it is never right.
    """
    abstracts = sources(answer)
    found: dict[Span, None] = {}
    for citation in (citation for sentence in answer.sentences for citation in sentence.citations):
        span = Span(citation.abstract_id, citation.start, citation.end)
        abstract = abstracts.get(citation.abstract_id)
        sentences = (
            [Span(abstract.id, each.start, each.end) for each in split_sentences(abstract.text)] if abstract else []
        )
        found.update(dict.fromkeys(overlapping(span, sentences) or (span,)))
    return list(found)


def _valid_share(answer: Answer) -> float:
    """The share of citations that hold: a marker that names their abstract, and a quote that stands at its offsets.

    1 when there is no citation: none is wrong.
    """
    checks = [
        1 <= citation.marker <= len(answer.sources)
        and answer.sources[citation.marker - 1].id == citation.abstract_id
        and bool(citation.quote)
        and answer.sources[citation.marker - 1].text[citation.start : citation.end] == citation.quote
        for sentence in answer.sentences
        for citation in sentence.citations
    ]
    return sum(checks) / len(checks) if checks else 1.0


def _rankings(results: Sequence[Result]) -> dict[str, dict[str, float]]:
    """The retrieval metrics of the answerable questions, abstracts and sentences."""
    able = [result for result in results if result.question.answerable]
    abstracts = ranking_scores(
        {result.question.id: [hit.abstract_id for hit in result.abstracts] for result in able},
        {result.question.id: dict.fromkeys(result.question.gold_abstract_ids, 1) for result in able},
        list(RETRIEVAL),
    )
    sentences = ranking_scores(
        {result.question.id: _sentence_ranking(result) for result in able},
        {result.question.id: {_name(span): 1 for abstract in result.gold for span in abstract.gold} for result in able},
        list(SENTENCES),
    )
    return {
        id_: {RETRIEVAL[measure]: value for measure, value in abstracts[id_].items()}
        | {SENTENCES[measure]: value for measure, value in sentences[id_].items()}
        for id_ in abstracts
    }


def _sentence_ranking(result: Result) -> list[str]:
    """Names of the retrieved sentences, best first; one that stands on a gold sentence bears that one's name."""
    gold = [span for abstract in result.gold for span in abstract.gold]
    ranked = sorted(result.sentences, key=lambda each: -each.score)
    names: list[str] = []
    for each in ranked:
        span = Span(each.abstract_id, each.start, each.end)
        names += [_name(found) for found in overlapping(span, gold)] or [_name(span)]
    return names


def _name(span: Span) -> str:
    return f"{span.abstract_id}:{span.start}-{span.end}"
