"""Any BEIR-format folder: corpus.jsonl, queries.jsonl, qrels/*.tsv, plain or gzipped (Thakur et al., NeurIPS 2021)."""

from pathlib import Path

from eval.benchmarks.collection import Document, collection, find, read_jsonl, read_qrels, watched
from eval.benchmarks.outcome import Options, Outcome, Published
from eval.metrics.retrieval import ranking_scores
from eval.statistics import bootstrap_mean
from rag.errors import InputError

MEASURES = {"nDCG@10": "nDCG@10", "R@10": "recall@10", "R@100": "recall@100", "RR@10": "MRR@10"}
_MTEB = "MTEB leaderboard"
_PYSERINI = "BEIR regressions of Anserini and Pyserini"
PUBLISHED = (
    Published("BM25", "nDCG@10", 0.679, _PYSERINI),
    Published("all-MiniLM-L6-v2", "nDCG@10", 0.645, _MTEB),
    Published("SPLADE++ ED", "nDCG@10", 0.704, _PYSERINI),
    Published("bge-small-en-v1.5", "nDCG@10", 0.713, _MTEB),
    Published("Qwen3-Embedding-8B", "nDCG@10", 0.785, _MTEB),
    Published("NV-Embed-v2", "nDCG@10", 0.801, _MTEB),
)
"""On SciFact's 300 test queries."""
_ON_TRAIN = (
    "The published figures are of SciFact's 300 test queries.",
    "The weights of the fusion were chosen on the train queries.",
)


def run(data: Path, options: Options) -> Outcome:
    """nDCG@10, recall@10 and @100 and MRR@10 of the search over the judged queries."""
    documents = (
        Document(str(each["_id"]), str(each.get("title") or ""), str(each["text"]))
        for each in read_jsonl(find(data, "corpus.jsonl"), ["_id", "text"])
    )
    texts = {str(each["_id"]): str(each["text"]) for each in read_jsonl(find(data, "queries.jsonl"), ["_id", "text"])}
    judged = read_qrels(data)
    unknown = sorted(judged.keys() - texts.keys())
    if unknown:
        raise InputError(f"{data / 'qrels'} judges the query {unknown[0]!r}, which queries.jsonl does not hold.")
    name = f"beir-{data.name}" if data.name else "beir"
    with collection(name, documents, options) as corpus:
        rankings, relevant = {}, {}
        for query in watched(sorted(judged), "searching", options):
            hits = corpus.assistant.search(texts[query], limit=100)
            # BEIR's own evaluation leaves out a document that is the query itself (ArguAna, Quora).
            rankings[query] = [hit.abstract.id for hit in hits if hit.abstract.id != query]
            relevant[query] = {corpus.own_ids.get(id_, f"(not taken) {id_}"): n for id_, n in judged[query].items()}
        rejected = corpus.rejected
    scores = ranking_scores(rankings, relevant, list(MEASURES))
    splits = ", ".join(sorted(path.name.split(".")[0] for path in (data / "qrels").iterdir()))
    scifact = "scifact" in data.name.lower()
    return Outcome(
        name,
        {label: bootstrap_mean([scores[query][measure] for query in scores]) for measure, label in MEASURES.items()},
        PUBLISHED if scifact else (),
        (
            f"{len(rankings)} queries of the {splits} split over {len(texts)} given.",
            *(_ON_TRAIN if scifact and splits != "test" else ()),
            f"{rejected} documents were not taken and count as not found." if rejected else "All documents were taken.",
            f"The search fuses {options.settings.embed_model} with BM25; the published systems are one of the two.",
        ),
    )
