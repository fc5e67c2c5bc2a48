"""Claims with evidence and whether it supports them: public sets, and faults planted in real sentences."""

import gzip
import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.claims import make_claims
from eval.corpus import SEEDS
from eval.gold import gold_abstracts
from eval.questions import bundled, load, select
from rag.answer.numbers import quantities
from rag.answer.statement import names
from rag.corpus import Record, clean, read
from rag.records import Abstract
from rag.text import content_words, normalise, split_sentences

SEED = 20_240_917
OFFERED = 8
"""Evidence sentences beside a planted claim, as many as an answer is checked against."""


@dataclass(frozen=True, slots=True)
class Example:
    """A claim, its evidence sentences and whether they support it; ``group`` keeps what belongs together in one fold."""

    dataset: str
    kind: str
    group: str
    claim: str
    evidence: tuple[str, ...]
    supported: bool


def read_lines(path: Path) -> Iterator[Any]:
    """The records of a JSON Lines file, gzipped or not."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def wice(folder: Path) -> list[Example]:
    """WiCE claims against their whole article; partially supported counts as not supported, as in LLM-AggreFact."""
    return [
        Example(
            "wice", row["label"], f"wice{number}", row["claim"], tuple(row["evidence"]), row["label"] == "supported"
        )
        for number, row in enumerate(read_lines(folder / "wice" / "claim_dev.jsonl.gz"))
    ]


def attribution_bench(folder: Path) -> list[Example]:
    """AttributionBench claims against the sentences of their references."""
    examples = []
    for row in read_lines(folder / "attributionbench" / "dev.jsonl.gz"):
        evidence = tuple(
            sentence.text for reference in row["references"] for sentence in split_sentences(normalise(reference))
        )
        supported = row["attribution_label"] == "attributable"
        if evidence and row["claim"].strip():
            examples.append(
                Example("attributionbench", row["src_dataset"], row["question"], row["claim"], evidence, supported)
            )
    return examples


def scifact(folder: Path) -> list[Example]:
    """SciFact claims against the abstracts they cite: SUPPORT, CONTRADICT, or no evidence in it."""
    abstracts = {
        str(row["doc_id"]): tuple(row["abstract"])
        for row in read_lines(folder / "scifact" / "corpus_sentences.jsonl.gz")
    }
    examples = []
    for row in read_lines(folder / "scifact" / "claims_train.jsonl"):
        labels = {document: spans[0]["label"] for document, spans in row["evidence"].items()}
        for document in {*map(str, row["cited_doc_ids"]), *labels}:
            if document in abstracts:
                label = labels.get(document, "NO_EVIDENCE")
                examples.append(
                    Example("scifact", label, document, row["claim"], abstracts[document], label == "SUPPORT")
                )
    return sorted(examples, key=lambda example: (example.group, example.claim))


def answers(folder: Path, split: str) -> list[Example]:
    """The reference answers of the bundled question sets against their gold sentences.

    Not supported: spoiled ones and those of other questions against the same, and the answers against the sentences of
    the right abstract that do not answer.
    """
    abstracts = {
        row["id"]: normalise(row["abstract"]) for row in read_lines(folder / "ml_abstracts" / "papers.jsonl.gz")
    }
    known = {identity: Abstract(identity, text, "") for identity, text in abstracts.items()}
    for record in read([str(SEEDS)]):
        made = clean(record) if isinstance(record, Record) else record
        if isinstance(made, Abstract):
            known[made.id] = made
    asked = select(load([bundled("seeds"), bundled("ml")]), split)
    gold = {each.id: gold_abstracts(each, known.__getitem__) for each in asked}
    groups = {each.id: " ".join(each.gold_abstract_ids) for each in asked}
    examples = []
    for claim in make_claims(asked, gold):
        kind, _, identity = claim.id.rpartition(":")
        kind = kind.rpartition("_")[2].rpartition(":")[2]
        examples.append(Example("answers", kind, groups[identity], claim.text, claim.evidence, claim.supported))
        beside = tuple(
            each.text[span.start : span.end]
            for each in gold[identity]
            for span in each.sentences
            if span not in each.gold
        )
        if claim.supported and beside:
            examples.append(Example("answers", "beside", groups[identity], claim.text, beside[:OFFERED], False))
    return [example for example in examples if example.evidence]


def planted(folder: Path, count: int, seed: int = SEED) -> list[Example]:
    """Real sentences of ``count`` abstracts: kept, trimmed or reworded (supported), or spoiled (not).

    Each against eight sentences of its abstract and, as a stranger, of another abstract on the same topic.
    """
    generator = random.Random(seed)  # noqa: S311  # reproducible, not secret
    rows = [row for row in read_lines(folder / "ml_abstracts" / "papers.jsonl.gz") if len(row["abstract"]) > 400]
    generator.shuffle(rows)
    chosen = [(row["id"], tuple(s.text for s in split_sentences(normalise(row["abstract"])))) for row in rows[:count]]
    pool = [name.written for _, sentences in chosen for text in sentences for name in names(text) if name.certain]
    topics = [set(content_words(" ".join(sentences))) for _, sentences in chosen]
    examples = []
    for number, (identity, sentences) in enumerate(chosen):
        others = generator.sample(range(len(chosen)), min(60, len(chosen)))
        near = max((o for o in others if o != number), key=lambda o: len(topics[o] & topics[number]))
        for text in generator.sample(sentences, min(3, len(sentences))):
            if len(text.split()) < 6:
                continue
            offered = _around(sentences, text, generator)
            stranger = _around(chosen[near][1], "", generator)
            reworded = _reworded(text)
            base = reworded or text  # faults are planted in a rewording where there is one
            made = {
                ("verbatim", True): text,
                ("trimmed", True): _trimmed(text),
                ("reworded", True): reworded,
                ("number", False): _other_number(base, generator),
                ("negation", False): _negated(base),
                ("direction", False): _turned(base),
                ("name", False): _other_name(base, pool, generator),
            }
            examples += [
                Example("planted", kind, str(identity), claim, offered, supported)
                for (kind, supported), claim in made.items()
                if claim
            ]
            examples.append(Example("planted", "stranger", str(identity), text, stranger, False))
    return examples


def _around(sentences: Sequence[str], text: str, generator: random.Random) -> tuple[str, ...]:
    rest = [other for other in sentences if other != text]
    offered = [*([text] if text else []), *generator.sample(rest, min(OFFERED - bool(text), len(rest)))]
    generator.shuffle(offered)
    return tuple(offered)


def _trimmed(text: str) -> str:
    """The longest clause of six words and more between commas, when it is not the whole."""
    clauses = [clause.strip(" .") for clause in re.split(r"[;,]\s", text)]
    longest = max(clauses, key=len)
    whole = len(clauses) == 1 or len(longest.split()) < 6 or re.match(r"(?i)\W*(?:whether|if|unless)\b", longest)
    return "" if whole else longest[0].upper() + longest[1:] + "."


_REWORDINGS = (
    (r"\b[Ww]e (propose|present|introduce)\b", r"The authors \1"),
    (r"\b[Ww]e (?:show|demonstrate|find) that\b", "The paper reports that"),
    (r"\b[Oo]ur\b", "the proposed"),
    (r"\b[Ii]n this (?:paper|work),? we\b", "The paper says that the authors"),
    (r"\b[Ww]e\b", "they"),
    (r"\b(?:However|Moreover|Furthermore|In addition|Therefore|Specifically|Additionally),\s*", ""),
    (r"\b(?:significantly|substantially|considerably)\b ?", ""),
    (r"\b(?:improves|boosts|enhances)\b", "increases"),
    (r"\b(?:reduces|lowers)\b", "decreases"),
    (r"\boutperforms?\b", "does better than"),
    (r"\b(?:utilize|leverage|employ)(s?)\b", r"use\1"),
    (r"\bsuch as\b", "like"),
    (r"\ba variety of\b|\bnumerous\b|\bvarious\b", "many"),
    (r"(\d)\s?%", r"\1 percent"),
    (r"\bfive\b", "5"),
    (r"\bthree\b", "3"),
    (r"\btwo\b", "2"),
    (r"\bfour\b", "4"),
)


def _reworded(text: str) -> str:
    changed, count = text, 0
    for pattern, instead in _REWORDINGS:
        changed, times = re.subn(pattern, instead, changed)
        count += times
    return changed[:1].upper() + changed[1:] if count else ""


def _other_number(text: str, generator: random.Random) -> str:
    found = [number for number in quantities(text) if number.written.lower() not in ("one", "zero")]
    if not found:
        return ""
    number = generator.choice(found)
    value = number.value
    other = generator.choice([value + 7, value * 2, value + 1, max(value - 1, 0.5), value * 10])
    if any(other == each.value for each in found):
        return ""
    written = f"{other:g}" if other < 1e6 else f"{other:.0f}"
    return re.sub(rf"(?<!\w){re.escape(number.written)}(?!\w)", written + " percent" * number.percent, text, count=1)


_NEGATED = re.compile(
    r"\b(?:no|not|never|without|cannot|nor|neither|fails?|failed|lacks?|hardly)\b|n['’]t\b|\bnon-", re.I
)
_VERB = re.compile(r"\b(is|are|was|were|can|will|has|have|could|should|may)\b(?! not)")
_PLAIN_VERB = re.compile(r"\b(we|it|they|method|model|approach|framework|results|experiments)\s+([a-z]+)\b", re.I)


def _negated(text: str) -> str:
    """The text with its first negation taken out, or with one put in after its first auxiliary, or before its verb."""
    if re.search(r"\bnot only\b", text, re.I):
        return ""
    if taken := re.search(r"\b(?:not|never) |\b(?:do|does|did) not ", text):
        return text[: taken.start()] + text[taken.end() :]
    if _NEGATED.search(text):
        return ""
    changed, count = _VERB.subn(r"\1 not", text, count=1)
    if count:
        return changed
    changed, count = re.subn(r"\b(we) (?=[a-z]+\b)", r"\1 do not ", text, count=1, flags=re.I)
    return changed if count else ""


_TURNS = {
    "increase": "decrease", "increases": "decreases", "increased": "decreased", "increasing": "decreasing",
    "decrease": "increase", "decreases": "increases", "improve": "worsen", "improves": "worsens", "improved": "worsened",
    "improving": "worsening", "higher": "lower", "lower": "higher", "better": "worse", "worse": "better",
    "more": "less", "less": "more", "outperforms": "underperforms", "outperform": "underperform", "reduce": "increase",
    "reduces": "increases", "reducing": "increasing", "reduced": "increased", "faster": "slower", "slower": "faster",
    "larger": "smaller", "smaller": "larger", "superior": "inferior", "high": "low", "low": "high", "small": "large",
    "large": "small", "enhance": "impair", "enhances": "impairs", "positive": "negative", "negative": "positive",
    "supervised": "unsupervised", "unsupervised": "supervised", "effective": "ineffective", "weak": "strong",
}  # fmt: skip
_TURNED = re.compile(r"\b(" + "|".join(_TURNS) + r")\b")


def _turned(text: str) -> str:
    changed, count = _TURNED.subn(lambda found: _TURNS[found[0]], text, count=1)
    return changed if count else ""


def _other_name(text: str, pool: Sequence[str], generator: random.Random) -> str:
    certain = [name for name in names(text) if name.certain]
    if not certain:
        return ""
    name = generator.choice(certain)
    other = generator.choice(pool)
    if other.lower().rstrip("s") in text.lower() or len(other) < 3:
        return ""
    return re.sub(re.escape(name.written), lambda _: other, text)
