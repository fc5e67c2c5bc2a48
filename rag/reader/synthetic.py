"""Questions made by rule over machine-learning abstracts, answered and unanswered, to train on.

Each kind of question has the words that betray its answer: a sentence that has them answers, and where no sentence of
the abstract has them, a question after a detail is a true near miss: the right paper, but not stated.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from rag.reader.data import Example, held_out, read_lines, seeded
from rag.text import normalise, split_sentences

SOURCE = "ml_abstracts"
UNTOLD = 0.3
"""Share of questions that the abstract does not answer."""
KEPT_PARTS = 10
"""One paper in so many is asked about: about 8,000 questions are far more than are drawn."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Ways to ask one thing ({it}: the paper's method), and what its answer looks like.

    ``detail`` says that an abstract in which nothing matches surely does not answer.
    """

    answer: re.Pattern[str]
    questions: tuple[str, ...]
    detail: bool = True


def _kind(answer: str, *questions: str, detail: bool = True) -> Kind:
    return Kind(re.compile(answer, re.IGNORECASE), questions, detail)


KINDS = (
    _kind(
        r"\bwe (?:propose|introduce|present|develop|devise)\b|\bthis (?:paper|work) (?:proposes|introduces|presents)\b",
        "What do the authors propose?",
        "What is {it}?",
        "What is the main idea of {it}?",
        "what is new in {it}",
        detail=False,
    ),
    _kind(
        r"^however\b|\bsuffers? from\b|\bunfortunately\b|\bremains? (?:a |an )?(?:challeng|open|difficult|unclear)",
        "Which problem does {it} address?",
        "What is wrong with existing methods?",
        "Why is this hard?",
        "What motivates {it}?",
        detail=False,
    ),
    _kind(
        r"\boutperform|\bstate[- ]of[- ]the[- ]art (?:performance|results)"
        r"|\b(?:experiments|results|evaluations?)\b.{0,60}\b(?:show|demonstrate|indicate|reveal|confirm)",
        "How well does {it} do?",
        "What do the experiments show?",
        "Does {it} beat earlier methods?",
        "Is {it} better than the alternatives, and was that tested?",
        detail=False,
    ),
    _kind(
        r"github|\b(?:code|implementation|source|models?|weights|dataset)\b.{0,80}"
        r"\b(?:available|released|open[- ]sourced?|public)",
        "Is the code of {it} available?",
        "Where can I download {it}?",
        "Did they release their code?",
    ),
    _kind(
        r"\bon (?:the )?[\w\-, ]{0,90}(?:data ?sets?|benchmarks?|corpora)\b"
        r"|\b(?:data ?sets?|benchmarks?)\b.{0,40}\bsuch as\b",
        "On which data sets was {it} evaluated?",
        "Which benchmarks were used?",
        "What was {it} tested on?",
        detail=False,
    ),
    _kind(r"\b[GT]PUs?\b", "How many GPUs were used to train {it}?", "What hardware does {it} run on?"),
    _kind(
        r"\b\d[\d.,]*\s?(?:[kKMB]|thousand|million|billion)?\s?(?:learnable |trainable )?parameters\b"
        r"|\bfewer parameters\b",
        "How many parameters does {it} have?",
        "How large is the model?",
    ),
    _kind(
        r"\b\d+(?:\.\d+)?\s?(?:x|×|times|-fold)\s(?:faster|speed|fewer|less|more)|\b\d+(?:\.\d+)?\s?(?:fps|ms|Hz)\b|\bspeed-?up\b",
        "How fast is {it}?",
        "By what factor is {it} faster?",
        "How much time does {it} save?",
    ),
    _kind(
        r"\b(?:human (?:evaluat|stud|subject|participant|annotat|rater)|user stud|crowd|participants)",
        "How many people took part in the evaluation?",
        "Was there a user study?",
        "Who annotated the data?",
    ),
    _kind(
        r"\bwe (?:prove|show theoretically)\b|\btheoretical(?:ly)?\b|\bguarantees?\b"
        r"|\b(?:regret|error|upper|lower) bound",
        "Are there theoretical guarantees for {it}?",
        "What is proved about {it}?",
        "Does {it} come with a proof?",
    ),
    _kind(
        r"\breal[- ](?:world )?(?:robots?|hardware)\b|\bphysical robot"
        r"|\breal[- ]world (?:experiments|deployment|trials)",
        "Was {it} tried on a real robot?",
        "Has {it} been deployed in the real world?",
    ),
    _kind(r"\binspired by\b|\bmotivated by\b", "What inspired {it}?", "Where does the idea behind {it} come from?"),
    _kind(
        r"\blearning rate\b|\bstep[- ]size\b", "What learning rate was used for {it}?", "How is the step size chosen?"
    ),
    _kind(
        r"\b\d+\s?(?:hours|minutes|days|seconds)\b",
        "How long does it take to train {it}?",
        "how many hours of training",
    ),
)

_NAME = re.compile(r"([A-Z][\w+-]{1,15}|\w*[A-Z]\w*[A-Z][\w+-]*)\s*:")
_GENERIC = ("the method", "the proposed method", "the model", "the approach", "this work")


def read_synthetic(folder: Path, excluded: Collection[str]) -> Iterator[Example]:
    """One question over each of a tenth of ml_abstracts' papers, less those whose id is ``excluded``."""
    for paper in read_lines(folder / "ml_abstracts" / "papers.jsonl.gz"):
        if paper["id"] in excluded or not held_out(paper["id"], KEPT_PARTS):
            continue
        example = ask(paper["id"], normalise(paper["title"]), normalise(paper["abstract"]))
        if example is not None:
            yield example


def ask(key: str, title: str, text: str) -> Example | None:
    """A question over one abstract, always the same for the same ``key``; None when nothing fits."""
    rng = seeded(key)
    sentences = tuple(sentence.text for sentence in split_sentences(text))
    found = {
        kind: frozenset(number for number, each in enumerate(sentences) if kind.answer.search(each)) for kind in KINDS
    }
    told = [kind for kind, answers in found.items() if 0 < len(answers) <= 3]
    details = [kind for kind in told if kind.detail]
    untold = [kind for kind, answers in found.items() if kind.detail and not answers]
    # details are seldom stated: asked wherever they are, or "how many" would come to mean "not stated"
    pool = untold if rng.random() < UNTOLD else details if details and rng.random() < 0.7 else told
    if not pool or not sentences:
        return None
    kind = rng.choice(pool)
    named = _NAME.match(title)
    it = named[1] if named else rng.choice((*_GENERIC, title.lower().removeprefix("a ").removeprefix("the ")))
    return Example(SOURCE, rng.choice(kind.questions).format(it=it), title, sentences, found[kind])
