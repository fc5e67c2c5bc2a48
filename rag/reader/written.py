"""Questions written for Footnote over abstracts of machine learning and medicine, to train on.

``written.jsonl`` holds one paper a line: its id, how many sentences it has, and the questions with the numbers of the
sentences that answer. The abstracts themselves are read from the data folder: ``ml_abstracts/papers.jsonl.gz``, and
``scifact/corpus_sentences.jsonl.gz`` for the ids that begin with ``scifact-``.
"""

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from rag.errors import InputError
from rag.reader.data import Example, read_lines
from rag.text import normalise, split_sentences

SOURCE = "written"
QUESTIONS = Path(__file__).parent / "written.jsonl"
MEDICINE = "scifact-"


def read_papers(questions: Path = QUESTIONS) -> list[dict[str, Any]]:
    """The lines of ``questions``: ``id``, ``sentences`` (their count) and ``questions`` of each paper."""
    return [json.loads(line) for line in questions.read_text(encoding="utf-8").splitlines()]


def read_written(folder: Path, questions: Path = QUESTIONS) -> Iterator[Example]:
    """Every written question with its abstract; raises InputError when the data folder holds other abstracts."""
    papers = read_papers(questions)
    abstracts = _abstracts(folder, {paper["id"] for paper in papers})
    for paper in papers:
        if paper["id"] not in abstracts:
            raise InputError(f"{folder} has no abstract {paper['id']}, about which {questions.name} asks.")
        title, text = abstracts[paper["id"]]
        sentences = tuple(sentence.text for sentence in split_sentences(normalise(text)))
        if len(sentences) != paper["sentences"]:
            raise InputError(
                f"The abstract {paper['id']} has {len(sentences)} sentences, where {questions.name} counts "
                f"{paper['sentences']}; its numbers would point at wrong ones."
            )
        for each in paper["questions"]:
            yield Example(
                SOURCE,
                each["question"],
                normalise(title),
                sentences,
                frozenset(each["answers"]),
                frozenset(each.get("maybe", ())),
            )


def _abstracts(folder: Path, wanted: Collection[str]) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for paper in read_lines(folder / "ml_abstracts" / "papers.jsonl.gz"):
        if paper["id"] in wanted:
            found[paper["id"]] = (paper["title"], paper["abstract"])
    for paper in read_lines(folder / "scifact" / "corpus_sentences.jsonl.gz"):
        if (key := f"{MEDICINE}{paper['doc_id']}") in wanted:
            found[key] = (paper["title"], " ".join(paper["abstract"]))
    return found
