"""SciFact claims: finding the abstract and its rationale sentences, and declining claims without evidence."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eval.benchmarks.beir import PUBLISHED
from eval.benchmarks.collection import Collection, Document, collection, find, read_jsonl, watched
from eval.benchmarks.outcome import Options, Outcome
from eval.claims import verdicts
from eval.metrics.abstention import auroc
from eval.metrics.classification import ConfusionMatrix, confusion
from eval.metrics.retrieval import ranking_scores
from eval.results import Span, overlapping
from eval.statistics import bootstrap, bootstrap_mean
from rag.text import normalise

LABELS = {"supported": "SUPPORT", "quoted": "SUPPORT", "contradicted": "CONTRADICT", "unsupported": "NO EVIDENCE"}


def run(data: Path, options: Options) -> Outcome:
    """Recall of abstracts and rationale sentences over claims with evidence; AUROC of confidence against the others."""
    sentences = {
        str(each["doc_id"]): (str(each["title"]), list(each["abstract"]))
        for each in read_jsonl(find(data, "corpus_sentences.jsonl"), ["doc_id", "title", "abstract"])
    }
    claims = list(read_jsonl(find(data, "claims_*.jsonl"), ["id", "claim", "evidence", "cited_doc_ids"]))
    documents = (Document(id_, title, " ".join(parts)) for id_, (title, parts) in sentences.items())
    abstracts: dict[str, list[str]] = {}
    ranked: dict[str, list[str]] = {}
    confidences, proven = [], []
    with collection("scifact-claims", documents, options) as corpus:
        gold = {str(claim["id"]): _gold(claim, sentences, corpus) for claim in claims if claim["evidence"]}
        for claim in watched(claims, "claims", options):
            id_ = str(claim["id"])
            confidences.append(corpus.assistant.ask(claim["claim"]).confidence)
            proven.append(bool(claim["evidence"]))
            if claim["evidence"]:
                hits = corpus.assistant.search(claim["claim"], limit=10)
                abstracts[id_] = [hit.abstract.id for hit in hits]
                found = sorted((each for hit in hits for each in hit.evidence), key=lambda each: -each.score)
                spans = [Span(each.abstract.id, each.sentence.start, each.sentence.end) for each in found]
                ranked[id_] = [_name(each) for span in spans for each in (overlapping(span, gold[id_]) or (span,))]
    relevant = {id_: {span.abstract_id: 1 for span in gold[id_]} for id_ in abstracts}
    rationale = {id_: {_name(span): 1 for span in gold[id_]} for id_ in abstracts}
    by_abstract = ranking_scores(abstracts, relevant, ["nDCG@10", "R@1", "R@3", "R@10"])
    by_sentence = ranking_scores(ranked, rationale, ["R@3", "R@10", "nDCG@10"])
    measured = {
        f"abstract {label}": bootstrap_mean([each[measure] for each in by_abstract.values()])
        for measure, label in (("nDCG@10", "nDCG@10"), ("R@1", "recall@1"), ("R@3", "recall@3"), ("R@10", "recall@10"))
    } | {
        f"rationale sentence {label}": bootstrap_mean([each[measure] for each in by_sentence.values()])
        for measure, label in (("R@3", "recall@3"), ("R@10", "recall@10"), ("nDCG@10", "nDCG@10"))
    }
    separation = bootstrap(
        list(zip(confidences, proven, strict=True)), lambda pairs: auroc([c for c, _ in pairs], [p for _, p in pairs])
    )
    if separation:
        measured["AUROC of confidence: evidence or none"] = separation
    matrix = _verdicts(claims[: options.limit or None], sentences, options)
    return Outcome(
        "scifact-claims",
        measured,
        PUBLISHED,
        (
            "The published nDCG@10 is of the 300 test claims, and counts cited abstracts without evidence as relevant too.",
            f"{len(claims[: options.limit or None])} claims, {len(abstracts)} of them with evidence.",
            "On train claims the fusion was tuned, the checker fitted and the reader trained (on four fifths of them).",
            "Sentences are ranked over the whole corpus; most published selection is given the abstract.",
            "A claim without evidence in its cited abstracts may have some elsewhere in the corpus.",
            "The matrix: gold rationale sentences for claims with evidence; the cited abstract for claims without.",
        ),
        {"checker (rows gold, columns called)": matrix},
    )


def _gold(claim: Mapping[str, Any], sentences: Mapping[str, tuple[str, list[str]]], corpus: Collection) -> list[Span]:
    """The rationale sentences as spans of the abstract as shown; those whose text is not found whole are left out."""
    spans: dict[Span, None] = {}
    for document, sets in claim["evidence"].items():
        own_id = corpus.own_ids.get(str(document))
        shown = corpus.assistant.get(own_id).text if own_id else ""
        for number in (number for each in sets for number in each["sentences"]):
            text = normalise(sentences[str(document)][1][number])
            start = shown.find(text)
            if own_id and start >= 0:
                spans[Span(own_id, start, start + len(text))] = None
            else:
                spans[Span(own_id or f"(not taken) {document}", -1 - number, 0)] = None  # never found: counts as missed
    return list(spans)


def _verdicts(
    claims: Sequence[Mapping[str, Any]], sentences: Mapping[str, tuple[str, list[str]]], options: Options
) -> ConfusionMatrix:
    """What the checker says of each claim against its evidence, or against the cited abstract that holds none."""
    verdict = verdicts(options.settings)
    gold, called = [], []
    for claim in claims:
        evidence = [
            (document, sentences[str(document)][1][number], each["label"])
            for document, sets in claim["evidence"].items()
            for each in sets
            for number in each["sentences"]
        ]
        cited = [str(document) for document in claim["cited_doc_ids"] if str(document) in sentences]
        against = [text for _, text, _ in evidence] or [text for document in cited for text in sentences[document][1]]
        gold.append(evidence[0][2] if evidence else "NO EVIDENCE")
        called.append(LABELS[verdict(claim["claim"], against)])
    return confusion(gold, called, ["SUPPORT", "CONTRADICT", "NO EVIDENCE"])


def _name(span: Span) -> str:
    return f"{span.abstract_id}:{span.start}-{span.end}"
