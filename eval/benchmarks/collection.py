"""Reading the benchmarks' files, and making a corpus of their abstracts."""

import csv
import gzip
import io
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from eval.benchmarks.outcome import Options
from rag.errors import InputError

if TYPE_CHECKING:
    from rag.assistant import Assistant


@dataclass(frozen=True, slots=True)
class Document:
    """An abstract of a benchmark, under the benchmark's id."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Collection:
    """A benchmark's documents in a corpus.

    ``own_ids`` gives the corpus's id of each document that was taken: documents with the same text are one abstract.
    ``rejected`` counts those that were not taken (no text, say); they cannot be found.
    """

    assistant: "Assistant"
    own_ids: dict[str, str]
    rejected: int


def find(folder: Path, pattern: str) -> Path:
    """The one file that fits the pattern, plain or gzipped; InputError when there is none."""
    for path in sorted([*folder.glob(pattern), *folder.glob(f"{pattern}.gz")]):
        return path
    raise InputError(f"{folder} holds no {pattern} (or {pattern}.gz); check --data.")


def read_jsonl(path: Path, fields: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The objects of a JSON Lines file; InputError with the line of one that is not an object with these fields."""
    for number, line in enumerate(_text(path).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise InputError(f"{path}:{number}: not JSON ({error}); check the file.") from error
        missing = [field for field in fields if not isinstance(record, dict) or field not in record]
        if missing:
            raise InputError(f"{path}:{number}: no field {missing[0]!r}; is this the benchmark's file?")
        yield record


def read_json(path: Path) -> Any:
    """The JSON of a whole file; InputError when it is none."""
    try:
        return json.loads(_text(path))
    except json.JSONDecodeError as error:
        raise InputError(f"{path} is not JSON ({error}); check the file.") from error


def read_qrels(folder: Path) -> dict[str, dict[str, int]]:
    """The judgements of all qrels/*.tsv: {query: {document: grade}}; a heading line is skipped, grade 0 is left out."""
    paths = sorted([*(folder / "qrels").glob("*.tsv"), *(folder / "qrels").glob("*.tsv.gz")])
    if not paths:
        raise InputError(f"{folder / 'qrels'} holds no .tsv file; check --data.")
    found: dict[str, dict[str, int]] = {}
    for path in paths:
        for number, row in enumerate(csv.reader(io.StringIO(_text(path)), delimiter="\t"), start=1):
            if number == 1 and row[-1:] == ["score"]:
                continue
            try:
                query, document, grade = row[0], row[1], int(row[2])
            except (IndexError, ValueError) as error:
                raise InputError(f"{path}:{number}: not query, document and grade; check the file.") from error
            if grade > 0:
                found.setdefault(query, {})[document] = grade
    return found


@contextmanager
def collection(name: str, documents: Iterable[Document], options: Options) -> Iterator[Collection]:
    """The documents in a corpus of their own, kept or thrown away as the options say."""
    from rag.assistant import Assistant

    with tempfile.TemporaryDirectory(prefix="footnote-benchmark-") as folder:
        path = Path(folder) / f"{name}.jsonl"
        ids = []
        with path.open("wb") as file:
            for document in documents:
                ids.append(document.id)
                record = {"id": document.id, "title": document.title, "text": document.text}
                file.write(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))
        changes = {"home": options.keep or Path(folder) / "home", "corpus": name}
        with Assistant.open(options.settings.model_copy(update=changes)) as assistant:
            report = assistant.ingest([path], progress=options.progress)
            own_ids = {id_: id_ for id_ in ids}
            for merge in report.merges:
                own_ids[ids[merge.record - 1]] = merge.abstract_id
            for rejection in report.rejected:
                own_ids.pop(ids[rejection.record - 1], None)
            yield Collection(assistant, own_ids, len(report.rejected))


def watched(items: Sequence[Any], stage: str, options: Options) -> Iterator[Any]:
    """The items, as many as the options allow, reporting how far it is."""
    from rag.records import Progress

    chosen = items[: options.limit] if options.limit else items
    for number, item in enumerate(chosen, start=1):
        yield item
        options.progress(Progress(stage, number, len(chosen)))


def _text(path: Path) -> str:
    opened: Callable[[Path], Any] = gzip.open if path.suffix == ".gz" else Path.open
    try:
        with opened(path) as file:
            content = file.read()
    except (OSError, EOFError) as error:
        raise InputError(f"{path} cannot be read ({error}); check the file.") from error
    return content.decode("utf-8") if isinstance(content, bytes) else str(content)
