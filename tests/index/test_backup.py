"""Backups: whole or refused, restored under open processes, and never a corpus between two."""

import json
import sqlite3
import threading
import zipfile
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from rag import Assistant, CorpusError, Settings
from rag.errors import CorpusDamagedError, InputError, UsageError
from tests.doubles import ToyEmbedder


class NeverEmbeds(ToyEmbedder):
    """A backup holds the vectors; nothing may be embedded again but questions."""

    def encode(self, texts: Sequence[str], done: Callable[[int], None] | None = None) -> NDArray[np.float32]:
        """One text at a time: a question."""
        assert len(texts) == 1
        return super().encode(texts, done)


@pytest.fixture
def saved(assistant: Assistant, seeds: Path, tmp_path: Path) -> Path:
    """A backup of the seeds."""
    assistant.ingest([seeds])
    file = tmp_path / "saved.zip"
    assert assistant.backup(file).abstracts == 20
    return file


def test_a_backup_restored_elsewhere_is_the_same_corpus(assistant: Assistant, saved: Path, tmp_path: Path) -> None:
    """Abstracts with their sources, feedback, hits; the same files are known again, and ids are not given twice."""
    assistant.add_feedback(assistant.ask("What does ACTS measure?"), good=True)
    assistant.backup(saved)
    elsewhere = Settings(home=tmp_path / "elsewhere")
    with Assistant.restore(saved, elsewhere, embedder=NeverEmbeds()) as restored:
        assert list(restored.abstracts()) == list(assistant.abstracts())
        assert restored.feedback() == assistant.feedback()
        question = "robustness metrics"
        assert [hit.abstract.id for hit in restored.search(question)] == [
            hit.abstract.id for hit in assistant.search(question)
        ]
        assert restored.verify().sound
        assert not (elsewhere.folder / "restoring.sqlite").exists()


def test_a_backup_may_have_any_name(assistant: Assistant, saved: Path, tmp_path: Path) -> None:
    """Also that of the catalog inside it."""
    file = tmp_path / "catalog.sqlite"
    assert assistant.backup(file).bytes > 0
    with Assistant.restore(file, Settings(home=tmp_path / "elsewhere"), embedder=NeverEmbeds()) as restored:
        assert list(restored.abstracts()) == list(assistant.abstracts())


def test_a_catalog_damaged_inside_is_said_and_restored(settings: Settings, saved: Path) -> None:
    """Pages that opening reads, not only the first one: the error names the remedy, and the remedy works."""
    with closing(sqlite3.connect(settings.folder / "catalog.sqlite")) as catalog:
        catalog.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = catalog.execute("PRAGMA page_size").fetchone()[0]
        (page,) = catalog.execute("SELECT rootpage FROM sqlite_master WHERE name = 'abstracts_state'").fetchone()
    with (settings.folder / "catalog.sqlite").open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"damaged!" * (size // 8))
    with pytest.raises(CorpusDamagedError, match="rag restore FILE --force"):
        Assistant.open(settings, embedder=NeverEmbeds())
    with Assistant.restore(saved, settings, force=True, embedder=NeverEmbeds()) as restored:
        assert restored.verify().sound


def test_whoever_has_the_corpus_open_sees_what_was_restored(
    assistant: Assistant, settings: Settings, saved: Path, tmp_path: Path
) -> None:
    """What came after the backup is neither listed nor found any more, and what was removed is back."""
    removed = next(assistant.abstracts())
    assistant.remove([removed.id])
    (tmp_path / "more.txt").write_text("A further abstract speaks of lemurs and of where they live in Madagascar.\n")
    assistant.ingest([tmp_path / "more.txt"])
    assert "lemurs" in assistant.search("lemurs in Madagascar")[0].abstract.text
    with Assistant.restore(saved, settings, force=True, embedder=NeverEmbeds()):
        pass
    assert assistant.count() == 20
    assert assistant.get(removed.id) == removed
    assert assistant.search(removed.text)[0].abstract.id == removed.id
    assert all("lemurs" not in hit.abstract.text for hit in assistant.search("lemurs in Madagascar"))
    assert assistant.verify().sound
    assert assistant.ingest([tmp_path / "more.txt"]).added == 1


def test_a_corpus_that_holds_something_is_not_replaced_by_accident(
    assistant: Assistant, settings: Settings, saved: Path
) -> None:
    """Without force it stays as it is."""
    before = list(assistant.abstracts())
    with pytest.raises(UsageError, match="--force"):
        Assistant.restore(saved, settings)
    assert list(assistant.abstracts()) == before


def _cut(part: float) -> Callable[[Path], None]:
    return lambda file: file.write_bytes(file.read_bytes()[: int(part * file.stat().st_size)])


def _flipped(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 255
    file.write_bytes(content)


def _foreign(file: Path) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("catalog.sqlite", "something else")


def _rewritten(**changes: object) -> Callable[[Path], None]:
    """A backup whose manifest says something else."""

    def change(file: Path) -> None:
        with zipfile.ZipFile(file) as archive:
            manifest, catalog = json.loads(archive.read("manifest.json")), archive.read("catalog.sqlite")
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("manifest.json", json.dumps({**manifest, **changes}))
            archive.writestr("catalog.sqlite", catalog)

    return change


@pytest.mark.parametrize(
    "spoil",
    [
        _cut(0), _cut(0.3), _cut(0.99), _flipped, _foreign, _rewritten(sha256="0"), _rewritten(format="other"),
        _rewritten(bytes=100), lambda file: file.write_text("no backup at all\n"), Path.unlink,
    ],
)  # fmt: skip
def test_a_spoilt_backup_is_refused_and_nothing_is_touched(
    assistant: Assistant, settings: Settings, saved: Path, spoil: Callable[[Path], None]
) -> None:
    """One sentence that names the file; the corpus and its folder stay as they were."""
    before = list(assistant.abstracts())
    spoil(saved)
    with pytest.raises(InputError, match=r"saved\.zip.*rag backup") as refused:
        Assistant.restore(saved, settings, force=True)
    assert str(refused.value).count("\n") == 0
    assert list(assistant.abstracts()) == before
    assert assistant.verify().sound
    assert not (settings.folder / "restoring.sqlite").exists()


@pytest.mark.parametrize("left", [0.0, 0.4, 0.8])
def test_a_damaged_catalog_is_moved_aside(settings: Settings, seeds: Path, tmp_path: Path, left: float) -> None:
    """Cut short or overwritten, with force the backup takes its place and the remains are kept."""
    with Assistant.open(settings, embedder=ToyEmbedder()) as first:
        first.ingest([seeds])
        first.backup(tmp_path / "saved.zip")
    catalog = settings.folder / "catalog.sqlite"
    whole = catalog.read_bytes()
    catalog.write_bytes(whole[: int(left * len(whole))] if left else b"overwritten, " * 1000)
    with pytest.raises((CorpusDamagedError, UsageError)):
        Assistant.restore(tmp_path / "saved.zip", settings)
    with Assistant.restore(tmp_path / "saved.zip", settings, force=True, embedder=NeverEmbeds()) as restored:
        assert restored.verify().sound
        assert restored.count() == 20
    assert len(list(settings.folder.glob("damaged-*.sqlite"))) == 1


def test_a_backup_during_an_ingest_is_a_moment_of_it(
    assistant: Assistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taken between its batches, it restores to a sound corpus, and the same ingest completes it."""
    monkeypatch.setattr("rag.index.ingest.BATCH", 10)
    papers = tmp_path / "papers.txt"
    papers.write_text("".join(f"Paper {n} is about kernel{n}. {'It says more of it. ' * 9}\n" for n in range(100)))
    taken: list[Path] = []
    asked = threading.Event()

    def take(_: object) -> None:
        asked.set()
        if len(taken) < 3:
            taken.append(tmp_path / f"{len(taken)}.zip")
            thread = threading.Thread(target=assistant.backup, args=(taken[-1],))
            thread.start()
            thread.join(60)

    assistant.ingest([papers], progress=take)
    for number, file in enumerate(taken):
        settings = Settings(home=tmp_path / "home", corpus=f"moment{number}")
        with Assistant.restore(file, settings, embedder=ToyEmbedder()) as restored:
            assert restored.verify().sound
            assert restored.count() < 100
            restored.ingest([papers])
            assert restored.count() == 100
            assert restored.verify().sound
    assert len(taken) == 3


def test_a_backup_that_cannot_be_written_is_said(assistant: Assistant, tmp_path: Path) -> None:
    """Nothing is left behind."""
    with pytest.raises(CorpusError, match="could not be written"):
        assistant.backup(tmp_path / "no such folder" / "saved.zip")
    (tmp_path / "folder.zip").mkdir()
    with pytest.raises(CorpusError, match="could not be written"):
        assistant.backup(tmp_path / "folder.zip")
    assert not list(tmp_path.glob(".backup-*"))
