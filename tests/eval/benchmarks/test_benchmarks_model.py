"""Every benchmark end to end over a few records in its own format, with the real engine."""

import gzip
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from eval.benchmarks import run_benchmark
from eval.benchmarks.outcome import Options
from rag.errors import InputError
from rag.settings import Settings

pytestmark = pytest.mark.model

TEXTS = {
    "11": ("Sleep in bees", "Bees sleep longer after long flights. The effect vanishes in winter."),
    "12": ("Pruning", "The method removes forty percent of the weights of a network. Accuracy stays the same."),
    "13": ("Rivers", "We present a corpus of river recordings. Experts labelled every bird in them."),
    "14": ("", "Bees sleep longer after long flights. The effect vanishes in winter."),
    "15": ("Nothing", ""),
}
OPTIONS = Options(Settings(llm="quotes"))


def _jsonl(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@pytest.fixture
def beir(tmp_path: Path) -> Path:
    """A folder in BEIR's format: a duplicate, and a document without text."""
    corpus = [{"_id": id_, "title": title, "text": text} for id_, (title, text) in TEXTS.items()]
    (tmp_path / "corpus.jsonl.gz").write_bytes(
        gzip.compress("".join(json.dumps(each) + "\n" for each in corpus).encode())
    )
    _jsonl(
        tmp_path / "queries.jsonl",
        [{"_id": "q1", "text": "how do flights change the sleep of bees"}, {"_id": "q2", "text": "pruning a network"}],
    )
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\t14\t1\nq2\t12\t1\nq2\t15\t1\n")
    return tmp_path


def test_a_beir_folder_is_searched(beir: Path) -> None:
    """The judged duplicate counts as the abstract it was merged with; the empty document cannot be found."""
    outcome = run_benchmark("beir", beir, OPTIONS)
    assert outcome.measured["nDCG@10"].count == 2
    assert outcome.measured["MRR@10"].value == 1.0
    assert outcome.measured["recall@10"].value == 0.75
    assert any("1 documents were not taken" in note for note in outcome.protocol)


def test_a_query_that_is_judged_but_missing_is_refused(beir: Path) -> None:
    """A broken folder must not lower the score in silence."""
    (beir / "qrels" / "dev.tsv").write_text("q9\t11\t1\n")
    with pytest.raises(InputError, match="'q9'"):
        run_benchmark("beir", beir, OPTIONS)


def test_scifact_claims_are_searched_and_checked(tmp_path: Path) -> None:
    """One claim with a rationale, one without: recall, the AUROC between them, and the checker's matrix."""
    split = [(id_, title, text.split(". ")) for id_, (title, text) in TEXTS.items() if id_ in ("11", "12", "13")]
    _jsonl(
        tmp_path / "corpus_sentences.jsonl",
        [
            {"doc_id": int(id_), "title": title, "abstract": [f"{part.rstrip('.')}." for part in parts]}
            for id_, title, parts in split
        ],
    )
    evidence = {"11": [{"sentences": [0], "label": "SUPPORT"}]}
    _jsonl(
        tmp_path / "claims_train.jsonl",
        [
            {"id": 1, "claim": "Bees sleep longer after long flights.", "evidence": evidence, "cited_doc_ids": [11]},
            {"id": 2, "claim": "Aspirin lowers the fever of children.", "evidence": {}, "cited_doc_ids": [13]},
        ],
    )
    outcome = run_benchmark("scifact-claims", tmp_path, OPTIONS)
    assert outcome.measured["abstract recall@1"].value == 1.0
    assert outcome.measured["rationale sentence recall@3"].value == 1.0
    assert outcome.measured["AUROC of confidence: evidence or none"].value == 1.0
    (matrix,) = outcome.matrices.values()
    assert matrix.counts[0][0] == 1
    assert matrix.counts[2][2] == 1


def test_pubmedqa_finds_the_abstract_of_a_question(tmp_path: Path) -> None:
    """Without a language model only the search is measured, and the notes say so."""
    records = {
        "11": {
            "QUESTION": "Do bees sleep longer after flights?",
            "CONTEXTS": [TEXTS["11"][1]],
            "final_decision": "yes",
        },
        "12": {"QUESTION": "Does pruning hurt accuracy?", "CONTEXTS": [TEXTS["12"][1]], "final_decision": "no"},
    }
    (tmp_path / "dev.json.gz").write_bytes(gzip.compress(json.dumps(records).encode()))
    outcome = run_benchmark("pubmedqa", tmp_path, OPTIONS)
    assert outcome.measured["abstract recall@1"].value == 1.0
    assert "accuracy" not in outcome.measured
    assert any("--llm" in note for note in outcome.protocol)


def test_the_checker_is_measured_on_wice_and_attributionbench(tmp_path: Path) -> None:
    """A copied claim is supported and a foreign one is not, in both formats."""
    true, false = "Bees sleep longer after long flights.", "Aspirin lowers the fever of 12 children."
    labelled = [(true, "supported", "attributable"), (false, "not_supported", "not attributable")]
    _jsonl(
        tmp_path / "claim_dev.jsonl",
        [{"label": label, "claim": claim, "evidence": [true, TEXTS["13"][1]]} for claim, label, _ in labelled],
    )
    _jsonl(
        tmp_path / "dev.jsonl",
        [
            {"claim": claim, "references": [TEXTS["11"][1]], "attribution_label": label, "src_dataset": "made up"}
            for claim, _, label in labelled
        ],
    )
    for name in ("wice", "attributionbench"):
        outcome = run_benchmark(name, tmp_path, OPTIONS)
        assert outcome.measured["balanced accuracy"].value == 1.0
        assert outcome.measured["macro-F1"].value == 1.0
