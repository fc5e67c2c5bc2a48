"""What the metrics are called where people read them, and in which order they stand."""

SECTIONS = {
    "Finding abstracts": {
        "recall@1": "recall@1",
        "recall@5": "recall@5",
        "recall@10": "recall@10",
        "mrr@10": "MRR@10",
        "ndcg@10": "nDCG@10",
    },
    "Finding sentences": {
        "sentence_hit@1": "a gold sentence first",
        "sentence_hit@3": "a gold sentence in the first 3",
        "sentence_recall@10": "recall@10, sentences",
        "sentence_mrr@10": "MRR@10, sentences",
        "sentence_ndcg@10": "nDCG@10, sentences",
    },
    "Answers": {
        "key_facts": "key-fact recall",
        "f1": "token F1",
        "rouge_l": "ROUGE-L",
        "judged_correctness": "correctness, judged by an LLM",
        "judged_faithfulness": "faithfulness, judged by an LLM",
        "judge_unreadable": "no grade from the judge",
    },
    "Citations": {
        "cited_first": "gold abstract cited first",
        "citation_precision_abstract": "precision, abstracts",
        "citation_recall_abstract": "recall, abstracts",
        "citation_precision_sentence": "precision, sentences",
        "citation_recall_sentence": "recall, by a gold sentence",
        "citation_valid": "quotes that stand where cited",
    },
    "Sentences of answers": {
        "quoted": "quoted",
        "supported": "supported",
        "unsupported": "unsupported",
        "contradicted": "contradicted",
    },
    "Declining": {
        "abstention_correct": "right to answer or decline",
        "declined_answerable": "answerable ones declined",
        "abstention_precision": "abstention precision",
        "abstention_recall": "abstention recall",
        "auroc": "AUROC of confidence",
        "auroc_nearmiss": "AUROC, near misses",
        "auroc_offtopic": "AUROC, off topic",
        "aurc": "area under risk-coverage",
        "ece": "expected calibration error",
    },
}
LABELS = {name: label for metrics in SECTIONS.values() for name, label in metrics.items()} | {
    "check_supported": "checker: supported claims accepted",
    "check_refused": "checker: unsupported claims refused",
}
