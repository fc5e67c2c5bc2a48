"""Training data for the reader: files grouped by passage → examples → groups of an example and its near misses.

The files are ``DIR/reader/NAME.jsonl.gz`` (one passage a line: title, sentences, questions with the numbers of the
answering sentences) and ``DIR/scifact/claims_train.jsonl``, which only says which claims are held out.
"""

import gzip
import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from rag.errors import InputError
from rag.text import words


@dataclass(frozen=True, slots=True)
class Example:
    """A question over one passage; no ``answers`` means that the passage does not answer it.

    ``answers`` and ``maybe`` are sentence numbers; those in ``maybe`` count neither as right nor as wrong.
    """

    source: str
    question: str
    title: str
    sentences: tuple[str, ...]
    answers: frozenset[int]
    maybe: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Source:
    """One file: its share of the draws, and its usual window in tokens.

    Most windows are cut short, because twice the examples teach more than whole passages do.
    """

    share: float
    tokens: int
    science: bool = False


SOURCES: Mapping[str, Source] = {
    "squad11_train": Source(40, 144),
    "squad11_train_otherparagraph_neg": Source(2, 144),
    "squad11_dev_not_in_v2": Source(3, 144),
    "squad20_dev_noNormans": Source(12, 144),
    "qed": Source(6, 144),
    "selqa_dev_test": Source(4, 192),
    "ei2_abstract": Source(3, 256, science=True),
    "ei2_body": Source(2, 192, science=True),
    "ei2_methods_neg": Source(1, 192, science=True),
    "covidqa_2020_04": Source(5, 224, science=True),
    "covidqa_otherparagraph_neg": Source(1, 192, science=True),
    "checkcovid_train_dev": Source(3, 256, science=True),
    "scifact_train": Source(6, 256, science=True),
    "ml_abstracts": Source(5, 224),
    "written": Source(100, 256, science=True),
}
"""General questions and those written for Footnote lead; clinical trials, drawn more often, teach to pick whatever
reports a result."""
UNFILED = {"ml_abstracts", "written"}
"""Sources that are made from abstracts (``synthetic.py``, ``written.py``) instead of read from a file of their name."""


def seeded(key: object) -> Random:
    """A generator of random numbers that depends on nothing but ``key``, for sampling."""
    return Random(str(key))  # noqa: S311 (nothing here is secret)


def held_out(key: str, parts: int) -> bool:
    """Whether ``key`` belongs to the one part in ``parts`` that is never trained on; depends on nothing but the key."""
    return int(hashlib.sha256(key.encode()).hexdigest(), 16) % parts == 0


def read_source(folder: Path, name: str) -> Iterator[Example]:
    """The examples of one file, in its order."""
    path = folder / "reader" / f"{name}.jsonl.gz"
    if not path.is_file():
        raise InputError(f"{path} is not there; give the folder that holds reader/{name}.jsonl.gz.")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                passage = json.loads(line)
                title, sentences = passage["title"], tuple(passage["sentences"])
                asked = passage["questions"]
            except (ValueError, KeyError, TypeError) as exc:
                raise InputError(f"{path}, line {number}: not a passage with title, sentences and questions.") from exc
            for each in asked:
                answers, maybe = (
                    frozenset(each["answers"]),
                    frozenset(each.get("maybe", ())) - frozenset(each["answers"]),
                )
                yield Example(name, each["question"], title, sentences, answers, maybe)


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a gzipped JSON Lines file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def read_claim_ids(folder: Path) -> dict[str, int]:
    """SciFact's claim ids by the claim's text, its white space made single."""
    with (folder / "scifact" / "claims_train.jsonl").open(encoding="utf-8") as lines:
        return {" ".join(claim["claim"].split()): claim["id"] for claim in map(json.loads, lines)}


def split(folder: Path) -> tuple[list[Example], list[Example]]:
    """Examples to train on and examples held out.

    Held out are a fifth of SciFact's claims by claim id, and of the others a tenth (science) or a twentieth by title,
    so that no passage of a held-out paper or article is trained on.
    """
    claims = read_claim_ids(folder)
    train: list[Example] = []
    kept: list[Example] = []
    for name in [name for name in SOURCES if name not in UNFILED]:
        for example in read_source(folder, name):
            if name == "scifact_train":
                apart = held_out(str(claims[example.question]), 5)
            else:
                apart = held_out(example.title, 10 if SOURCES[name].science else 20)
            (kept if apart else train).append(soften(example))
    return train, kept


def soften(example: Example) -> Example:
    """Evidence Inference marks one sentence of an abstract; the last (the conclusion) often says it again: maybe."""
    last = len(example.sentences) - 1
    if example.source == "ei2_abstract" and example.answers and last not in example.answers:
        return replace(example, maybe=example.maybe | {last})
    return example


def select(example: Example, keep: Sequence[int]) -> Example:
    """The example with only the sentences ``keep``, in that order."""
    return replace(
        example,
        sentences=tuple(example.sentences[number] for number in keep),
        answers=frozenset(place for place, number in enumerate(keep) if number in example.answers),
        maybe=frozenset(place for place, number in enumerate(keep) if number in example.maybe),
    )


def crop(lengths: Sequence[int], answers: Collection[int], room: int, rng: Random) -> range:
    """A random run of whole sentences within ``room`` tokens; it holds an answer when there is one."""
    if sum(lengths) <= room:
        return range(len(lengths))
    start = rng.choice(sorted(answers)) if answers else rng.randrange(len(lengths))
    end, used = start + 1, lengths[start]
    while True:
        ways = [side for side in (start - 1, end) if 0 <= side < len(lengths) and used + lengths[side] <= room]
        if not ways:
            return range(start, end)
        side = rng.choice(ways)
        used += lengths[side]
        start, end = min(start, side), max(end, side + 1)


def without_answer(example: Example, strangers: Sequence[str], rng: Random) -> Example | None:
    """The near miss: the same passage less every sentence that answers or may; None when too little is left.

    For Evidence Inference all from the first answer on goes, because results are repeated in the conclusion. Now and
    then one of ``strangers`` (sentences of a related passage) stands in, so that a gap is no sign by itself.
    """
    gone = example.answers | example.maybe
    first = min(example.answers)
    cut = example.source == "ei2_abstract" or rng.random() < 0.15
    keep = [n for n in range(len(example.sentences)) if n not in gone and not (cut and n > first)]
    if len(keep) < 2:
        return None
    miss = select(example, keep)
    if strangers and rng.random() < 0.4:
        sentences = list(miss.sentences)
        sentences.insert(rng.randrange(len(sentences) + 1), rng.choice(strangers))
        miss = replace(miss, sentences=tuple(sentences))
    return miss


def reword(example: Example, rng: Random) -> str:
    """The question less some of the words that its answer repeats: a user's words are seldom the abstract's."""
    repeated = {word for number in example.answers for word in words(example.sentences[number])}
    kept = [each for each in example.question.split() if not repeated & set(words(each)) or rng.random() < 0.5]
    return " ".join(kept) if len(kept) >= 3 else example.question


def disturb(example: Example, strangers: Sequence[str], rng: Random) -> Example:
    """The same example told a little differently: title or question mark gone, a sentence less or a foreign one more.

    What makes a near miss (a gap, a stranger) must happen to answerable passages as well, or it gives them away.
    """
    if rng.random() < 0.3:
        example = replace(example, title=example.sentences[0][:80] if rng.random() < 0.3 else "")
    if rng.random() < 0.1:
        example = replace(example, question=example.question.rstrip(" ?."))
    if rng.random() < 0.2:
        example = replace(example, question=reword(example, rng))
    others = [n for n in range(len(example.sentences)) if n not in example.answers]
    if len(others) > 2 and rng.random() < 0.3:
        gone = rng.choice(others)
        example = select(example, [n for n in range(len(example.sentences)) if n != gone])
    if strangers and rng.random() < 0.2:
        place = rng.randrange(len(example.sentences) + 1)
        sentences = list(example.sentences)
        sentences.insert(place, rng.choice(strangers))
        moved = {True: 1, False: 0}
        example = replace(
            example,
            sentences=tuple(sentences),
            answers=frozenset(n + moved[n >= place] for n in example.answers),
            maybe=frozenset(n + moved[n >= place] for n in example.maybe),
        )
    return example
