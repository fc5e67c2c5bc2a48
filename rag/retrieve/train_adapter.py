"""Train the question adapter: ``python -m rag.retrieve.train_adapter --data DIR [--out FILE]``.

Contrastive (InfoNCE): a written question is to lie nearer to its own abstract than to the abstracts that were nearest to it
before and to random ones. How far questions move is part of the loss, so that those of other fields lose little.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rag.index.embed import Embedder, load
from rag.reader.data import Example, held_out, read_lines, seeded
from rag.reader.train import EVALUATED
from rag.reader.written import MEDICINE, read_papers, read_written
from rag.retrieve.adapter import TRAINED
from rag.settings import Settings
from rag.text import normalise

if TYPE_CHECKING:
    from numpy.typing import NDArray

OTHERS = {"learning": 4_000, "medicine": 1_000}
"""Abstracts that no question asks about."""
TEMPERATURE = 0.05
HARD, HARD_DRAWN, RANDOM_DRAWN = 64, 16, 1024
"""Nearest abstracts of a question that are negatives; how many of them a step takes, and how many random ones."""
BATCH, EPOCHS, PEAK = 128, 12, 3e-4


def passages(folder: Path, asked: Sequence[Example], exclude: Path) -> list[str]:
    """The abstracts asked about, in the order of ``asked`` and each once, then others to tell them from."""
    known = {*exclude.read_text(encoding="utf-8").split(), *(paper["id"] for paper in read_papers())}
    learning = [
        (paper["title"], paper["abstract"])
        for paper in read_lines(folder / "ml_abstracts" / "papers.jsonl.gz")
        if paper["id"] not in known
    ]
    medicine = [
        (paper["title"], " ".join(paper["abstract"]))
        for paper in read_lines(folder / "scifact" / "corpus_sentences.jsonl.gz")
        if f"{MEDICINE}{paper['doc_id']}" not in known
    ]
    rng = seeded(5)
    others = rng.sample(learning, OTHERS["learning"]) + rng.sample(medicine, OTHERS["medicine"])
    return [
        *dict.fromkeys(_text(each.title, " ".join(each.sentences)) for each in asked),
        *(_text(normalise(title), normalise(text)) for title, text in others),
    ]


def _text(title: str, text: str) -> str:
    return f"{title}. {text}"


def recall(
    questions: "NDArray[np.float32]", own: "NDArray[np.int64]", pool: "NDArray[np.float32]", depth: int
) -> float:
    """The share of ``questions`` (n, d) with their ``own`` row among the ``depth`` nearest rows of ``pool`` (m, d)."""
    scores = questions @ pool.T
    return float(((scores > scores[np.arange(len(own)), own][:, None]).sum(axis=1) < depth).mean())


def train(
    questions: "NDArray[np.float32]", own: "NDArray[np.int64]", pool: "NDArray[np.float32]", epochs: int = EPOCHS
) -> "tuple[NDArray[np.float32], NDArray[np.float32]]":
    """Weights (d, d) and bias (d,) of the adapter for unit vectors: ``questions`` (n, d), answered by ``pool[own]``."""
    import torch
    from torch.nn import functional

    torch.manual_seed(5)
    rng = np.random.default_rng(5)
    hard = np.concatenate(
        [
            np.argpartition(-(questions[start : start + 256] @ pool.T), HARD, axis=1)[:, :HARD]
            for start in range(0, len(questions), 256)
        ]
    )
    given, answers = torch.from_numpy(questions), torch.from_numpy(pool)
    adapter = torch.nn.Linear(questions.shape[1], questions.shape[1])
    torch.nn.init.zeros_(adapter.weight)
    torch.nn.init.zeros_(adapter.bias)
    optimizer = torch.optim.AdamW(adapter.parameters(), lr=PEAK, weight_decay=0.0)
    steps = epochs * (len(questions) // BATCH)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / steps)
    for _ in range(epochs):
        order = rng.permutation(len(questions))
        for start in range(0, len(order) - BATCH + 1, BATCH):
            rows = order[start : start + BATCH]
            drawn = hard[rows][:, rng.choice(HARD, HARD_DRAWN, replace=False)].ravel()
            candidates = np.concatenate([own[rows], drawn, rng.integers(0, len(pool), RANDOM_DRAWN)])
            moved = functional.normalize(given[rows] + adapter(given[rows]), dim=-1)
            again = candidates[None, :] == own[rows][:, None]  # its own abstract, drawn for another question
            again[np.arange(BATCH), np.arange(BATCH)] = False
            scores = (moved @ answers[candidates].T / TEMPERATURE).masked_fill(torch.from_numpy(again), -1e4)
            distance = 1 - (moved * given[rows]).sum(-1)
            loss = functional.cross_entropy(scores, torch.arange(BATCH)) + distance.mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return adapter.weight.detach().numpy(), adapter.bias.detach().numpy()


def measure(questions: "NDArray[np.float32]", own: "NDArray[np.int64]", pool: "NDArray[np.float32]", when: str) -> None:
    """Print how often the own abstract is the nearest, and among the five nearest."""
    first, five = (recall(questions, own, pool, depth) for depth in (1, 5))
    print(f"{when}: nearest of {len(pool)} for {first:.3f}, among five for {five:.3f} of {len(own)} held-out questions")


def main() -> None:
    """Read the command line, embed, train and write the adapter."""
    parser = argparse.ArgumentParser(
        prog="python -m rag.retrieve.train_adapter", description="Train the question adapter."
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of ml_abstracts/ and scifact/")
    parser.add_argument("--exclude", type=Path, default=EVALUATED, help="ids of ml_abstracts kept for evaluation")
    parser.add_argument("--out", type=Path, default=TRAINED, help="file to write (default: %(default)s)")
    arguments = parser.parse_args()
    embedder: Embedder = load(Settings())
    asked = [example for example in read_written(arguments.data) if example.answers]
    texts = passages(arguments.data, asked, arguments.exclude)
    print(f"Embedding {len(texts)} abstracts, some forty a second.", flush=True)
    pool = embedder.encode(texts)
    questions = embedder.encode([example.question for example in asked])
    places = {text: place for place, text in enumerate(texts)}
    own = np.array([places[_text(each.title, " ".join(each.sentences))] for each in asked])
    apart = np.array([held_out(example.title, 10) for example in asked])
    measure(questions[apart], own[apart], pool, "before")
    weights, bias = train(questions[~apart], own[~apart], pool)
    moved = questions[apart] @ (np.eye(len(bias), dtype=np.float32) + weights.T) + bias
    measure(moved / np.linalg.norm(moved, axis=1, keepdims=True), own[apart], pool, "after")
    np.savez(
        arguments.out, digest=embedder.identity.digest, weights=weights.astype(np.float16), bias=bias.astype(np.float16)
    )


if __name__ == "__main__":
    main()
