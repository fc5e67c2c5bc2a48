"""Public benchmarks, each printed beside published figures and with what differs in its protocol."""

from collections.abc import Callable, Mapping
from pathlib import Path

from eval.benchmarks.outcome import Options, Outcome
from rag.errors import InputError


def run_benchmark(name: str, data: Path, options: Options) -> Outcome:
    """Run the benchmark of that name over its data; InputError for an unknown name or unusable data."""
    from eval.benchmarks import beir, checking, pubmedqa, scifact

    benchmarks: Mapping[str, Callable[[Path, Options], Outcome]] = {
        "beir": beir.run,
        "scifact-claims": scifact.run,
        "pubmedqa": pubmedqa.run,
        "wice": checking.run_wice,
        "attributionbench": checking.run_attributionbench,
    }
    if name not in benchmarks:
        raise InputError(f"There is no benchmark {name!r}; use one of: {', '.join(benchmarks)}.")
    if not data.is_dir():
        raise InputError(f"There is no folder {data}; give the folder of the benchmark's files with --data.")
    return benchmarks[name](data, options)
