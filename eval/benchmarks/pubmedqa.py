"""PubMedQA: finding the abstract a question was made from, and yes/no/maybe where a language model answers."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.benchmarks.collection import Document, collection, find, read_json, watched
from eval.benchmarks.outcome import Options, Outcome, Published
from eval.metrics.classification import ConfusionMatrix, confusion
from eval.metrics.retrieval import ranking_scores
from eval.statistics import Interval, bootstrap, bootstrap_mean
from rag.errors import InputError

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

DECISIONS = ("yes", "no", "maybe")
UNREADABLE = "none of them"
PUBLISHED = (Published("human", "accuracy", 0.780, "Jin et al., PubMedQA, EMNLP 2019, reasoning-required, test half"),)


def run(data: Path, options: Options) -> Outcome:
    """Recall and MRR of the question's own abstract; with a language model, accuracy and macro-F1 of its decision."""
    records = read_json(find(data, "*.json"))
    if not isinstance(records, dict) or not all(
        isinstance(each, dict) and {"QUESTION", "CONTEXTS", "final_decision"} <= each.keys()
        for each in records.values()
    ):
        raise InputError(f"{data}: not PubMedQA's JSON of questions by PMID; check --data.")
    chosen = list(records.items())
    documents = (Document(pmid, "", " ".join(record["CONTEXTS"])) for pmid, record in chosen)
    rankings, relevant = {}, {}
    with collection("pubmedqa", documents, options) as corpus:
        for pmid, record in watched(chosen, "searching", options):
            rankings[pmid] = [hit.abstract.id for hit in corpus.assistant.search(record["QUESTION"], limit=10)]
            relevant[pmid] = {corpus.own_ids.get(pmid, f"(not taken) {pmid}"): 1}
    scores = ranking_scores(rankings, relevant, ["R@1", "R@10", "RR@10"])
    measured: dict[str, Interval] = {
        f"abstract {label}": bootstrap_mean([each[measure] for each in scores.values()])
        for measure, label in (("R@1", "recall@1"), ("R@10", "recall@10"), ("RR@10", "MRR@10"))
    }
    matrices: dict[str, ConfusionMatrix] = {}
    llm = options.settings.llm
    if llm != "quotes":
        pairs = _decide(chosen, options)
        labels = (*DECISIONS, UNREADABLE)
        matrix = confusion([gold for gold, _ in pairs], [called for _, called in pairs], labels)
        accuracy = bootstrap_mean([float(gold == called) for gold, called in pairs])
        macro_f1 = bootstrap(
            pairs, lambda some: confusion([gold for gold, _ in some], [called for _, called in some], labels).macro_f1
        )
        measured["accuracy"] = accuracy
        if macro_f1:
            measured["macro-F1"] = macro_f1
        matrices[f"{llm} (rows gold, columns called)"] = matrix
    return Outcome(
        "pubmedqa",
        measured,
        PUBLISHED,
        (
            f"{len(rankings)} labelled questions, not of the official test half; {len(records)} abstracts searched.",
            "Questions are titles of the papers, so their words help the search more than a user's would.",
            "The abstracts have no title and no conclusion, as in the reasoning-required setting.",
            "No language model was asked for a decision (--llm)."
            if llm == "quotes"
            else f"{llm} read the whole abstract and was asked for one word, without examples.",
        ),
        matrices,
    )


def _decide(chosen: Sequence[tuple[str, Mapping[str, Any]]], options: Options) -> list[tuple[str, str]]:
    from rag.answer.llm import connect, preflight

    preflight(options.settings)
    llm = connect(options.settings)
    return [
        (record["final_decision"], _decision(llm, record["QUESTION"], " ".join(record["CONTEXTS"])))
        for _, record in watched(chosen, "deciding", options)
    ]


def _decision(llm: "LLM", question: str, abstract: str) -> str:
    from llama_index.core.llms import ChatMessage

    prompt = f"Abstract: {abstract}\n\nQuestion: {question}\n\nAnswer with one word: yes, no or maybe."
    reply = llm.chat([ChatMessage(role="user", content=prompt)]).message.content or ""
    found = re.search(r"\b(yes|no|maybe)\b", reply.lower())
    return found.group() if found else UNREADABLE
