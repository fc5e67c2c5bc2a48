"""metrics.json and the baselines: the scores of a run, without any text of questions or abstracts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from pydantic import TypeAdapter, ValidationError

from eval.scoring import Group, Score
from rag.errors import InputError
from rag.records import as_json


@dataclass(frozen=True, slots=True)
class Scored:
    """A run as numbers: what was measured, the score of each question, and the metrics of each group.

    ``claims`` says for each test claim of the checker (1 or 0) whether it was judged rightly; only the gate fills it.
    """

    run: Mapping[str, str]
    scores: tuple[Score, ...]
    groups: tuple[Group, ...] = ()
    claims: Mapping[str, float] = field(default_factory=dict)

    @property
    def overall(self) -> Group:
        """The group of all questions; InputError when the file holds none, as a baseline's does."""
        for group in self.groups:
            if group.name == "overall":
                return group
        raise InputError("These scores hold no metrics; name the folder of a `rag eval run`.")


_SCORED = TypeAdapter(Scored)


def dump(scored: Scored) -> bytes:
    """JSON with one score and one group a line, so that two versions can be compared by eye."""
    parts = [b'{\n"run": ' + orjson.dumps(scored.run), b'"claims": ' + orjson.dumps(scored.claims)]
    for name, records in (("groups", scored.groups), ("scores", scored.scores)):
        lines = b",\n".join(orjson.dumps(_rounded(as_json(record))) for record in records)
        parts.append(f'"{name}": ['.encode() + (b"\n" + lines + b"\n" if lines else b"") + b"]")
    return b",\n".join(parts) + b"\n}\n"


def parse(content: bytes) -> Scored:
    """The scores that ``dump`` wrote; orjson's or pydantic's error when it did not."""
    return _SCORED.validate_python(orjson.loads(content))


def load(path: Path) -> Scored:
    """The scores of a run's folder, of a metrics.json or of a baseline; InputError when there are none."""
    file = path / "metrics.json" if path.is_dir() else path
    try:
        return parse(file.read_bytes())
    except OSError as error:
        if (path / "results.jsonl").exists():
            raise InputError(
                f"The run in {path} was stopped; finish it with the `rag eval run` that began it."
            ) from error
        raise InputError(f"There are no scores at {path}; name the folder of a `rag eval run`.") from error
    except (orjson.JSONDecodeError, ValidationError) as error:
        raise InputError(f"{file} does not hold the scores of a run; make it again with `rag eval run`.") from error


def _rounded(value: object) -> object:
    """Six digits after the point: the last bits differ between machines, and say nothing."""
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return value
