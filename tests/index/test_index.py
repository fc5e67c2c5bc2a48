"""Catalog, vector store and text index in step: the life of an abstract from file to gone."""

import json
import sqlite3
import subprocess
import sys
import textwrap
import threading
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

import rag.index.database
from rag import Assistant, CorpusLockedError, EmbedderMismatchError, NotFoundError, Settings
from rag.errors import CorpusDamagedError, InputError
from rag.index.vectors import encode_int8
from tests.doubles import ToyEmbedder

ROOT = Path(__file__).parents[2]
PAPERS = [
    {"id": "a", "title": "Graph networks", "abstract": "Graph networks learn on nodes and edges. They converge fast."},
    {"id": "b", "title": "Counting", "abstract": "Counting objects in images is hard. We propose a counting module."},
    {"id": "c", "title": "Diffusion", "abstract": "Diffusion models generate images. Sampling from them is slow."},
]


def _write(path: Path, papers: list[dict[str, str]]) -> Path:
    path.write_text("".join(json.dumps(paper) + "\n" for paper in papers))
    return path


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    """Three papers as JSON Lines."""
    return _write(tmp_path / "papers.jsonl", PAPERS)


def test_seeds_are_twenty_abstracts_of_two_files(assistant: Assistant, seeds: Path) -> None:
    """The 22 lines are 20 abstracts; the two that come twice keep both sources, and the report names them."""
    report = assistant.ingest([seeds])
    assert (report.added, report.merged, report.rejected, report.files) == (20, 2, [], 2)
    assert len(report.merges) == 2
    for merge in report.merges:
        assert len({source.path for source in assistant.get(merge.abstract_id).sources}) == 2
    assert assistant.stats().abstracts == 20
    assert assistant.verify().sound


def test_ingesting_again_changes_nothing(assistant: Assistant, seeds: Path) -> None:
    """A second ingest of the same files finds every record unchanged."""
    assistant.ingest([seeds])
    before = list(assistant.abstracts())
    report = assistant.ingest([seeds])
    assert (report.added, report.updated, report.unchanged, report.merged) == (0, 0, 22, 0)
    assert list(assistant.abstracts()) == before


def test_a_home_that_nobody_has_is_a_path_that_is_not_there(assistant: Assistant) -> None:
    """A tilde that names no user is part of the name, as in a shell."""
    with pytest.raises(InputError, match=r"~nosuchuser/papers\.bib"):
        assistant.ingest(["~nosuchuser/papers.bib"])


def test_a_changed_record_is_updated_everywhere(assistant: Assistant, papers: Path) -> None:
    """The old text can no longer be found by either search; the new one can."""
    assistant.ingest([papers])
    changed = {**PAPERS[1], "abstract": "Zebras are counted from aeroplanes. The module is gone."}
    report = assistant.ingest([_write(papers, [PAPERS[0], changed, PAPERS[2]])])
    assert (report.updated, report.unchanged) == (1, 2)
    assert assistant.get("b").text == changed["abstract"]
    assert assistant.search("zebras aeroplanes", limit=1)[0].abstract.id == "b"
    assert assistant.verify().sound


def test_a_longer_version_and_a_shorter_one_leave_no_chunks_behind(assistant: Assistant, papers: Path) -> None:
    """Chunks of a text that became shorter are taken out of the vector store."""
    long = {**PAPERS[0], "abstract": " ".join(f"Sentence number {n} says something of its own." for n in range(40))}
    assistant.ingest([_write(papers, [long])])
    assert assistant.stats().chunks > 1
    assistant.ingest([_write(papers, [PAPERS[0]])])
    assert assistant.stats().chunks == 1
    assert assistant.verify().sound


def test_lines_that_move_are_unchanged(assistant: Assistant, tmp_path: Path) -> None:
    """A line put in front of others adds one abstract and leaves the rest as they were."""
    file = tmp_path / "lines.txt"
    lines = [paper["abstract"] + " It is a sentence that makes the abstract long enough." for paper in PAPERS]
    file.write_text("\n".join(lines[1:]) + "\n")
    assistant.ingest([file])
    file.write_text("\n".join(lines) + "\n")
    report = assistant.ingest([file])
    assert (report.added, report.unchanged, report.merged) == (1, 2, 0)
    assert all(len(abstract.sources) == 1 for abstract in assistant.abstracts())


def test_same_doi_is_one_abstract_with_merged_metadata(assistant: Assistant, tmp_path: Path) -> None:
    """Two files with the same paper make one abstract that knows what either knew."""
    one = {"title": "T", "abstract": "A text about things that matter in science.", "doi": "10.1000/XYZ"}
    other = {
        "abstract": "A text about things, which matter in science.",
        "doi": "https://doi.org/10.1000/xyz",
        "year": 2021,
    }
    report = assistant.ingest([_write(tmp_path / "1.jsonl", [one]), _write(tmp_path / "2.jsonl", [other])])
    assert (report.added, report.merged) == (1, 1)
    (abstract,) = assistant.abstracts()
    assert (abstract.title, abstract.year, len(abstract.sources)) == ("T", 2021, 2)


def test_two_files_may_count_from_one(assistant: Assistant, tmp_path: Path) -> None:
    """The same record id in two files names two papers, and neither overwrites the other."""
    first = _write(tmp_path / "1.jsonl", [{**PAPERS[0], "id": "1"}])
    second = _write(tmp_path / "2.jsonl", [{**PAPERS[1], "id": "1"}])
    assert assistant.ingest([first, second]).added == 2
    assert {abstract.text for abstract in assistant.abstracts()} == {PAPERS[0]["abstract"], PAPERS[1]["abstract"]}


def test_an_id_twice_in_a_file_loses_neither_record(assistant: Assistant, tmp_path: Path) -> None:
    """Also when the file is ingested again, as after a crash."""
    file = _write(tmp_path / "1.jsonl", [{**PAPERS[0], "id": "1"}, {**PAPERS[1], "id": "1"}])
    assert assistant.ingest([file]).added == 2
    assert assistant.ingest([file]).unchanged == 2
    assert assistant.stats().abstracts == 2


def test_a_text_twice_in_a_file_keeps_both_places(assistant: Assistant, tmp_path: Path) -> None:
    """Also when the second was appended later, or an ingest was stopped between the two."""
    file = tmp_path / "lines.txt"
    lines = [paper["abstract"] + " It is a sentence that makes the abstract long enough." for paper in PAPERS]
    file.write_text("\n".join(lines) + "\n")
    assistant.ingest([file])
    file.write_text("\n".join([*lines, lines[0]]) + "\n")
    report = assistant.ingest([file])
    assert (report.merged, report.unchanged) == (1, 3)
    assert assistant.ingest([file]).unchanged == 4
    first = next(assistant.abstracts())
    assert [source.record for source in first.sources] == [1, 4]


def test_a_record_that_becomes_another_paper_leaves_its_old_one(assistant: Assistant, papers: Path) -> None:
    """The abstract that no file holds any more is removed; the other one has both places."""
    assistant.ingest([papers])
    assistant.ingest([_write(papers, [PAPERS[0], PAPERS[1], {**PAPERS[0], "id": "c"}])])
    assert [abstract.id for abstract in assistant.abstracts()] == ["a", "b"]
    assert [source.record for source in assistant.get("a").sources] == [1, 3]
    assert assistant.verify().sound


def test_removing_takes_an_abstract_out_of_everything(assistant: Assistant, papers: Path) -> None:
    """A removed abstract is neither listed nor found, and an unknown id removes nothing."""
    assistant.ingest([papers])
    with pytest.raises(NotFoundError, match="nosuch"):
        assistant.remove(["a", "nosuch"])
    assert assistant.remove(["a"]) == 1
    assert [abstract.id for abstract in assistant.abstracts()] == ["b", "c"]
    assert all(hit.abstract.id != "a" for hit in assistant.search("graph networks nodes edges"))
    assert assistant.verify().sound


def test_another_assistant_notices_what_was_written(settings: Settings, papers: Path) -> None:
    """An open assistant finds what another one ingests, and no longer what it removes."""
    with (
        Assistant.open(settings, embedder=ToyEmbedder()) as writer,
        Assistant.open(settings, embedder=ToyEmbedder()) as asker,
    ):
        assert asker.search("counting") == []
        writer.ingest([papers])
        assert asker.search("counting objects")[0].abstract.id == "b"
        writer.remove(["b"])
        assert "b" not in [hit.abstract.id for hit in asker.search("counting objects")]


def test_opening_finishes_what_a_crash_left(settings: Settings, papers: Path) -> None:
    """Abstracts that reached the catalog but not the indexes are indexed when the corpus is opened next."""
    with Assistant.open(settings, embedder=ToyEmbedder()) as first:
        first.ingest([papers])
        first._index.catalog.mark_all_pending()
        first._index.store.clear()
    with Assistant.open(settings, embedder=ToyEmbedder()) as second:
        assert second.verify().sound
        assert second.search("diffusion sampling")[0].abstract.id == "c"


@pytest.mark.parametrize("name", ["chroma", "lexical"])
def test_damaged_indexes_are_said_and_rebuilt(settings: Settings, papers: Path, name: str) -> None:
    """Overwritten index files are reported with the remedy, and the remedy works."""
    with Assistant.open(settings, embedder=ToyEmbedder()) as first:
        first.ingest([papers])
    for path in (settings.folder / name).rglob("*"):
        if path.is_file():
            path.write_bytes(b"damaged")
    with Assistant.open(settings, embedder=ToyEmbedder()) as second:
        with pytest.raises(CorpusDamagedError, match="rag rebuild"):
            second.search("counting")
        second.rebuild()
        assert second.verify().sound
        assert second.search("counting objects")[0].abstract.id == "b"


def test_a_damaged_catalog_is_said(settings: Settings) -> None:
    """A catalog that is not a database, or another one's, says so and what to do."""
    settings.folder.mkdir(parents=True)
    catalog = settings.folder / "catalog.sqlite"
    catalog.write_bytes(b"not a database, " * 100)
    with pytest.raises(CorpusDamagedError, match="cannot be read"):
        Assistant.open(settings)
    catalog.unlink()
    with closing(sqlite3.connect(catalog)) as other:
        other.execute("CREATE TABLE meta (key, content)")
    with pytest.raises(CorpusDamagedError, match="no such column"):
        Assistant.open(settings)


def test_another_embedder_is_refused(settings: Settings, papers: Path) -> None:
    """Vectors of two embedders are never mixed; the error names the one to go back to."""
    with Assistant.open(settings, embedder=ToyEmbedder(64)) as first:
        first.ingest([papers])
    with (
        Assistant.open(settings, embedder=ToyEmbedder(32)) as second,
        pytest.raises(EmbedderMismatchError, match="RAG_EMBED_MODEL"),
    ):
        second.ingest([papers])


def test_a_second_process_is_refused_while_one_writes(settings: Settings, papers: Path) -> None:
    """The error names the holder; when the holder has died, its lock is free."""
    settings.folder.mkdir(parents=True)
    holder = textwrap.dedent(f"""
        from pathlib import Path
        from rag.index.lock import WriterLock
        with WriterLock(Path({str(settings.folder)!r})).held():
            print("held", flush=True)
            input()
    """)
    with subprocess.Popen(
        [sys.executable, "-c", holder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with Assistant.open(settings, embedder=ToyEmbedder()) as second:
            with pytest.raises(CorpusLockedError, match=f"process {process.pid}"):
                second.ingest([papers])
            process.kill()
            process.wait()
            assert second.ingest([papers]).added == 3


def test_two_may_make_a_corpus_at_once(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever finds the catalog being made waits until it is, and not for ever."""
    settings.folder.mkdir(parents=True)
    with closing(sqlite3.connect(settings.folder / "catalog.sqlite", check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        with monkeypatch.context() as impatient:
            impatient.setattr(rag.index.database, "WAIT", 0.1)
            with pytest.raises(CorpusLockedError, match="Another process has been writing"):
                Assistant.open(settings, embedder=ToyEmbedder())
        made = threading.Timer(0.3, other.rollback)
        made.start()
        with Assistant.open(settings, embedder=ToyEmbedder()) as assistant:
            assert assistant.stats().abstracts == 0
        made.join()


def test_int8_vectors_keep_their_direction() -> None:
    """Cosine to the float32 vector stays above 0.9999."""
    vectors = np.random.default_rng(0).normal(size=(200, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    codes, scales = encode_int8(vectors)
    restored = codes.astype(np.float32) * scales[:, None]
    cosine = (restored * vectors).sum(axis=1) / np.linalg.norm(restored, axis=1)
    assert cosine.min() > 0.9999
