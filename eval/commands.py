"""The terminal's door to the evaluation: `rag eval ...`. Only arguments and printing; the work is done elsewhere."""

import sys
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.markup import escape

from eval.speed.commands import app as speed_app
from eval.terminal import PEERS_EXTRA, open_assistant, progress_bar, question_files, require
from rag.errors import InputError

app = typer.Typer(
    name="eval",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="Measure answers: runs with intervals and a report, comparisons, a gate, benchmarks, peers.",
)

app.add_typer(speed_app)

EVAL_EXTRA = ("ir_measures", "rouge_score", "jinja2")
QuestionFiles = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[QUESTIONS]...", help="Question sets (JSONL); without one, the bundled seeds set."),
]
LLM = Annotated[str | None, typer.Option("--llm", help="What composes the answers, as in RAG_LLM.")]
CorpusName = Annotated[str | None, typer.Option("--corpus", help="Ask this corpus of yours.")]
Ingest = Annotated[
    list[Path] | None,
    typer.Option("--ingest", help="Take a throw-away corpus made of these files; where no corpus is named, of seeds/."),
]


@app.callback()
def _needs_eval() -> None:
    require(EVAL_EXTRA, "eval")


@app.command("run")
def run_command(
    questions: QuestionFiles = None,
    corpus: CorpusName = None,
    ingest: Ingest = None,
    llm: LLM = None,
    out: Annotated[Path, typer.Option(help="Folder for results.jsonl, metrics.json and report.html.")] = Path(
        "eval-run"
    ),
    split: Annotated[str, typer.Option(help="dev, test or all.")] = "all",
    judge: Annotated[str, typer.Option(help="A language model that grades the answers too, as in RAG_LLM.")] = "",
    price: Annotated[
        str, typer.Option(help="Dollars per million tokens, PROMPT,COMPLETION, to print what the run cost.")
    ] = "",
) -> None:
    """Ask every question, and write the answers, the metrics and a report.

    Stopped half-way, the same command goes on where it was.

    - `rag eval run`
    - `rag eval run --llm smollm2 --out runs/smollm2`
    - `rag eval run my-questions.jsonl --corpus papers --split dev`
    """
    from eval.corpus import identify
    from eval.judge import connect_judge
    from eval.questions import load, select
    from eval.runner import REPORT, run
    from eval.tables import run_table, type_table
    from eval.usage import parse_prices

    if split not in ("dev", "test", "all"):
        raise InputError(f"There is no split {split!r}; use dev, test or all.")
    paths = question_files(questions)
    asked = select(load(paths), split)
    if not asked:
        raise InputError(f"No question is in the split {split!r}; use --split all.")
    prices = parse_prices(price) if price else None
    with open_assistant(corpus, ingest, llm) as (assistant, name), progress_bar() as progress:
        identity = identify(assistant, paths, name) | {"split": split} | ({"judge": judge} if judge else {})
        grade = connect_judge(judge, assistant.settings) if judge else None
        groups = run(asked, assistant, out, identity=identity, judge=grade, progress=progress)
    console = Console()
    console.print(run_table(groups))
    console.print()
    console.print(type_table(groups))
    ungraded = groups[0].metrics.get("judge_unreadable")
    if ungraded and ungraded.value:
        console.print(
            f"\n{round(ungraded.value * ungraded.count)} of {ungraded.count} answers lack a grade: the judge was asked twice "
            "and wrote none; the report shows what it wrote."
        )
    usage = groups[0].usage
    if usage:
        bill = f", {prices.dollars(usage):.4f} dollars" if prices else ""
        console.print(
            f"\n{usage.prompt_tokens:,} tokens read, {usage.completion_tokens:,} written, {usage.calls} replies{bill}."
        )
    console.print(f"\nThe report is at {out / REPORT}", soft_wrap=True)


@app.command("compare")
def compare_command(
    first: Annotated[Path, typer.Argument(metavar="A", help="Folder of a run, or a metrics.json.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="Folder of another run over the same questions.")],
) -> None:
    """Test for each metric whether B differs from A, and list the questions that got better and worse.

    A paired randomisation test over the questions both have; "better" and "worse" are said at p < 0.05.

    - `rag eval compare runs/quotes runs/smollm2`
    """
    from eval.compare import compare
    from eval.scored import load
    from eval.tables import comparison_table

    before, after = load(first), load(second)
    comparison = compare(before, after)
    console = Console()
    others = f"; {comparison.only_in_one} are in one run only" if comparison.only_in_one else ""
    console.print(f"{comparison.questions} questions in common{others}.")
    other = [key for key in {**before.run, **after.run} if before.run.get(key) != after.run.get(key)]
    console.print(f"A is {first}, B is {second}; they differ in: {', '.join(other) or 'nothing'}.\n", soft_wrap=True)
    console.print(comparison_table(comparison))
    console.print("\nQuestions by the share of key facts found; those without an answer by whether it was declined.")
    for word, moved in (("better", comparison.better), ("worse", comparison.worse)):
        console.print(f"\n{len(moved)} questions got {word}{':' if moved else '.'}")
        for each in moved[:20]:
            console.print(f"  {each.before:.2f} → {each.after:.2f}  {each.id} ({each.type})", highlight=False)
        if len(moved) > 20:
            console.print(f"  and {len(moved) - 20} more")


@app.command("gate")
def gate_command(
    update: Annotated[bool, typer.Option("--update", help="Make the baseline again from this run.")] = False,
    gates: Annotated[Path | None, typer.Option(help="The gates; without it, eval/gates.toml.")] = None,
    baseline: Annotated[Path | None, typer.Option(help="The baseline; without it, the committed one.")] = None,
) -> None:
    """Fail when a metric falls below its gate, or significantly below the committed baseline.

    Asks the seeds questions of a throw-away corpus of seeds/ with `quotes`, and tries the checker on claims made from
    them. Exit status 1 when a gate does not hold.

    - `rag eval gate`
    - `rag eval gate --update` after a change that is meant to move the numbers
    """
    from eval import gate, scored

    gates_path = gates or gate.GATES
    baseline_path = baseline or gate.BASELINE
    rules = gate.load_gates(gates_path)
    before = None if update else scored.load(baseline_path)
    with progress_bar() as progress:
        now = gate.measure_seeds(progress=progress)
    console = Console()
    if update:
        baseline_path.parent.mkdir(parents=True, exist_ok=True)
        baseline_path.write_bytes(scored.dump(now))
        console.print(f"The baseline is written to {baseline_path}.", soft_wrap=True)
    failures = gate.check_gates(now, before or now, rules)
    for failure in failures:
        console.print(f"[red]fails[/red]  {failure.metric}: {failure.reason}", soft_wrap=True, highlight=False)
    if failures:
        raise typer.Exit(1)
    console.print(f"[green]All gates hold[/green] over {len(now.scores)} questions and {len(now.claims)} claims.")


@app.command("benchmark")
def benchmark_command(
    name: Annotated[str, typer.Argument(help="beir, scifact-claims, pubmedqa, wice or attributionbench.")],
    data: Annotated[Path, typer.Option(help="Folder of the benchmark's files.")],
    llm: LLM = None,
    limit: Annotated[int, typer.Option(min=0, help="Only so many questions or claims; 0 takes all.")] = 0,
    keep: Annotated[Path | None, typer.Option(help="Keep the corpus in this folder for the next time.")] = None,
) -> None:
    """Run a public benchmark, and print its numbers beside published ones.

    - `rag eval benchmark beir --data scifact/ --keep bench/`
    - `rag eval benchmark pubmedqa --data pubmedqa/ --llm smollm2 --limit 100`
    """
    from eval.benchmarks import run_benchmark
    from eval.benchmarks.outcome import Options
    from eval.tables import matrix_table, outcome_table
    from rag.settings import Settings

    settings = Settings(**({} if llm is None else {"llm": llm}))
    with progress_bar() as progress:
        outcome = run_benchmark(name, data, Options(settings, limit, keep, progress))
    console = Console()
    console.print(outcome_table(outcome))
    for title, matrix in outcome.matrices.items():
        console.print()
        console.print(matrix_table(title, matrix))
    console.print()
    for note in outcome.protocol:
        console.print(f"- {note}", highlight=False)


@app.command("peers")
def peers_command(
    questions: QuestionFiles = None,
    ingest: Ingest = None,
    llm: Annotated[str, typer.Option("--llm", help="The language model that writes for every system.")] = "smollm2",
    limit: Annotated[int, typer.Option(min=1, help="How many questions, spread evenly over the set.")] = 60,
    out: Annotated[Path, typer.Option(help="Folder for the run of each system.")] = Path("eval-peers"),
) -> None:
    """Put others' stock systems to the same work: same embedder, same language model, same questions.

    LlamaIndex's CitationQueryEngine, a LangChain retrieval chain on Chroma, and txtai; needs the extra [peers].
    Stopped half-way, or after a failure of some system, the same command goes on where it was.

    - `rag eval peers`
    - `rag eval peers --llm openai-like/my-model --limit 100`
    """
    from rag.settings import Settings

    require(PEERS_EXTRA, "peers")
    from eval.corpus import SEEDS
    from eval.peers import contest
    from eval.questions import load
    from eval.tables import standings_table

    files = question_files(questions)
    asked = load(files)
    spread = [asked[number * len(asked) // limit] for number in range(limit)] if limit < len(asked) else asked
    with progress_bar() as progress:
        found = contest(spread, files, ingest or [SEEDS], Settings(llm=llm), out, progress=progress)
    console = Console()
    console.print(standings_table(found.standings))
    console.print(
        f"\n{len(spread)} questions; {llm} wrote for all systems but the first. Ratios with 95% intervals.",
        soft_wrap=True,
    )
    for system, reason in found.failures.items():
        console.print(f"[red]{system} failed[/red]: {escape(reason)}", soft_wrap=True, highlight=False)
    if found.failures:
        console.print("The same command goes on where they stopped.")
        raise typer.Exit(1)


@app.command("draft")
def draft_command(
    corpus: CorpusName = None,
    ingest: Ingest = None,
    count: Annotated[int, typer.Option(min=1, help="How many questions to propose.")] = 30,
    out: Annotated[Path | None, typer.Option(help="File to write; without it, standard output.")] = None,
    llm: LLM = None,
) -> None:
    """Propose a question set for your own corpus, for a person to edit.

    With a language model, questions as people ask them; without one, keywords of a sentence. Each comes with its gold
    sentence. Rewrite them in your words, and add some that the abstracts do not answer.

    - `rag eval draft --corpus papers --llm openai-like/my-model --out questions.jsonl`
    """
    from eval.draft import Ask, draft, keyword_question, llm_question
    from eval.questions import to_json
    from rag.answer.llm import connect, preflight

    if out and out.exists():
        raise InputError(f"{out} exists, perhaps with edits of yours; name another --out.")
    with open_assistant(corpus, ingest, llm) as (assistant, _):
        settings = assistant.settings
        ask: Ask = keyword_question
        if settings.llm != "quotes":
            preflight(settings)
            ask = llm_question(connect(settings))
        lines = [orjson.dumps(to_json(each)) for each in draft(list(assistant.abstracts()), count, ask)]
    content = b"".join(line + b"\n" for line in lines)
    if out is None:
        sys.stdout.write(content.decode())
    else:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(content)
        Console().print(f"{len(lines)} questions are in {out}; edit them before you trust them.", soft_wrap=True)
    if len(lines) < count:
        Console(stderr=True).print(f"Only {len(lines)} of {count} could be made; ingest more, or use another --llm.")


@app.command("table")
def table_command(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Folders of runs, one a column.")],
    write: Annotated[Path | None, typer.Option(help="Put the table between the markers of this Markdown file.")] = None,
) -> None:
    """Print the quality table of the README from metrics.json, or put it there.

    - `rag eval table runs/quotes runs/smollm2 --write README.md`
    """
    from eval.scored import load
    from eval.tables import readme_table, write_between_markers

    scored = [load(path) for path in runs]
    names = [run.run.get("llm", path.name) for path, run in zip(runs, scored, strict=True)]
    alike = len({path.name for path in runs}) < len(runs)
    folders = [str(path) if alike else path.name for path in runs]
    heads = [f"{name} ({each})" if names.count(name) > 1 else name for each, name in zip(folders, names, strict=True)]
    table = readme_table(dict(zip(heads, scored, strict=True)))
    if write:
        write_between_markers(write, table)
    else:
        sys.stdout.write(table + "\n")
