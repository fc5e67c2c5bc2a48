"""Asking every question of a set, once; what was asked before is not asked again."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import orjson
from pydantic import TypeAdapter, ValidationError

from eval import results
from eval.gold import gold_abstracts
from eval.judge import Judge
from eval.questions import Question
from eval.report import write_report
from eval.results import RankedAbstract, RankedSentence, Result
from eval.scored import Scored, dump
from eval.scoring import Group, score, summarise
from eval.usage import counting_tokens
from rag.errors import InputError
from rag.records import Abstract, Answer, Hit, Progress

RESULTS, METRICS, REPORT, RUN = "results.jsonl", "metrics.json", "report.html", "run.json"
_IDENTITY = TypeAdapter(dict[str, str])
RANKED = 10
"""Abstracts of a search that are scored: the deepest cut-off of the metrics."""


class Answering(Protocol):
    """What a run needs of an assistant; ``rag.Assistant`` is one, and so is anything a test makes."""

    def ask(self, question: str, *, history: Sequence[tuple[str, str]] = ()) -> Answer:
        """The answer, or an abstention."""
        ...

    def search(self, query: str, *, limit: int = 10) -> list[Hit]:
        """The best abstracts with their sentences, best first."""
        ...

    def get(self, abstract_id: str) -> Abstract:
        """The abstract of that id; NotFoundError when there is none."""
        ...


def run(
    questions: Sequence[Question],
    assistant: Answering,
    out: Path,
    *,
    identity: Mapping[str, str] | None = None,
    judge: Judge | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> list[Group]:
    """Ask the questions, and write results.jsonl, metrics.json and report.html into ``out``; the metrics.

    ``identity`` says what is measured (model, corpus, ...): an ``out`` that holds results of something else is
    refused with InputError, otherwise its results are kept and only the missing questions are asked.
    """
    for question in questions:  # all gold is looked up before the first answer, which may take a minute
        gold_abstracts(question, assistant.get)
    done = _resume(questions, out, dict(identity or {}))
    with (out / RESULTS).open("ab") as file:
        for number, question in enumerate(questions):
            if question.id not in done:
                result = ask(question, assistant)
                done[question.id] = judge(result) if judge else result
                file.write(done[question.id].to_line())
                file.flush()
            if progress:
                progress(Progress("asking", number + 1, len(questions)))
    return summarise_run([done[question.id] for question in questions], out, dict(identity or {}))


def ask(question: Question, assistant: Answering) -> Result:
    """One question, asked and timed; then the search alone, for the query that the answer was made from."""
    gold = gold_abstracts(question, assistant.get)
    with counting_tokens() as tokens:
        started = time.perf_counter()
        answer = assistant.ask(question.question, history=question.history)
        milliseconds = (time.perf_counter() - started) * 1000
    hits = assistant.search(answer.query, limit=RANKED)
    return Result(
        question,
        answer,
        tuple(RankedAbstract(hit.abstract.id, hit.score) for hit in hits),
        tuple(
            RankedSentence(hit.abstract.id, each.sentence.start, each.sentence.end, each.score)
            for hit in hits
            for each in hit.evidence
        ),
        gold,
        milliseconds,
        tokens.usage,
    )


def summarise_run(found: Sequence[Result], out: Path, identity: Mapping[str, str]) -> list[Group]:
    """Score the results and write metrics.json and report.html."""
    scores = score(found)
    groups = summarise(scores)
    replace(out / METRICS, dump(Scored(dict(identity), tuple(scores), tuple(groups))))
    replace(out / REPORT, write_report(found, scores, groups, identity).encode())
    return groups


def _resume(questions: Sequence[Question], out: Path, identity: dict[str, str]) -> dict[str, Result]:
    """The results in ``out`` that still hold; results.jsonl is left with exactly these."""
    claim(out, identity)
    asked = {question.id: question for question in questions}
    kept: dict[str, Result] = {}
    if (out / RESULTS).exists():
        for line in (out / RESULTS).read_bytes().splitlines():
            result = _whole(line)
            if result and asked.get(result.question.id) == result.question:
                kept[result.question.id] = result
    replace(out / RESULTS, b"".join(result.to_line() for result in kept.values()))
    return kept


def claim(out: Path, identity: Mapping[str, str]) -> None:
    """Make the folder, or see that what it holds measures the same; InputError when it does not."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"The folder {out} cannot be made ({error.strerror}); choose another --out.") from error
    if (out / RUN).exists():
        try:
            before = _IDENTITY.validate_json((out / RUN).read_bytes())
        except ValidationError as error:
            raise InputError(
                f"{out / RUN} does not say what was run; choose another --out, or delete the folder."
            ) from error
        changed = sorted(key for key in before.keys() | identity.keys() if before.get(key) != identity.get(key))
        if changed:
            was, now = (each.get(changed[0], "none").split(", ") for each in (before, identity))
            raise InputError(
                f"{out} holds a run with another {changed[0]} ({_besides(was, now)!r}, now {_besides(now, was)!r}); "
                "choose another --out, or delete the folder."
            )
    elif (out / RESULTS).exists():
        raise InputError(f"{out / RESULTS} is of something else than a run; choose another --out.")
    replace(out / RUN, orjson.dumps(identity, option=orjson.OPT_INDENT_2))


def _besides(parts: Sequence[str], others: Sequence[str]) -> str:
    return ", ".join(part for part in parts if part not in others)


def _whole(line: bytes) -> Result | None:
    """The result of a line; None for one that was cut short when the run was stopped, to be asked again."""
    try:
        return results.parse(orjson.loads(line))
    except (orjson.JSONDecodeError, ValidationError):
        return None


def replace(path: Path, content: bytes) -> None:
    """Write the file whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(content)
    os.replace(partial, path)  # noqa: PTH105 (Path.replace is the same call; this one says it is atomic)
