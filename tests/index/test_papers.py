"""One paper in several records: what ends together, what stays apart, and what remains when a record changes or goes."""

import hashlib
import json
import random
import sqlite3
import tempfile
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tried
from hypothesis import strategies as st

import rag.index.ingest
from rag import Assistant, Settings, UsageError
from tests.doubles import ToyEmbedder

TEXT = "Snails climb steep slopes slowly. We timed forty snails on glass, on bark and on slate, and found bark the fastest."
OTHER = "Graph networks learn on nodes and edges. They converge fast when degrees are normalised before aggregation."


def _write(path: Path, *records: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def _paper(number: int, variant: int) -> tuple[str, str]:
    """Title and text of a made paper; its variants differ in a few words, papers in all."""
    chance = random.Random(number)
    words = [f"word{chance.randrange(10**6)}" for _ in range(40)]
    title = " ".join(words[:5])
    words[variant] = f"variant{variant}"
    return title, " ".join(words) + "."


@st.composite
def record_sets(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Records of three papers, each with some of its paper's identifiers and one of its texts."""
    made = []
    for _ in range(draw(st.integers(2, 7))):
        number, variant = draw(st.integers(0, 2)), draw(st.integers(0, 2))
        title, text = _paper(number, variant)
        known = {"doi": f"10.1000/{number}", "pmid": str(number + 1), "arxiv_id": f"2101.0000{number}"}
        named = draw(st.sets(st.sampled_from(sorted(known))))
        made.append({"title": title, "abstract": text, **{name: known[name] for name in sorted(named)}})
    return made


def _expected(records: list[dict[str, Any]]) -> set[frozenset[str]]:
    """Which records are one abstract: the connected components over shared identifiers and texts."""
    groups: list[tuple[set[str], set[str]]] = []
    for number, record in enumerate(records):
        names = {f"{name}:{record[name]}" for name in ("doi", "pmid", "arxiv_id") if name in record}
        names, members = names | {record["abstract"]}, {str(number)}
        for group in [group for group in groups if group[0] & names]:
            groups.remove(group)
            names, members = names | group[0], members | group[1]
        groups.append((names, members))
    return {frozenset(members) for _, members in groups}


def _partition(assistant: Assistant) -> set[frozenset[str]]:
    return {frozenset(Path(source.path).stem for source in each.sources) for each in assistant.abstracts()}


@given(record_sets(), st.randoms(use_true_random=False), st.integers(1, 4))
@tried(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_order_does_not_matter_for_what_ends_together(
    monkeypatch: pytest.MonkeyPatch, records: list[dict[str, Any]], chance: random.Random, batch: int
) -> None:
    """Records that a chain of identifiers and texts connects are one abstract, whichever comes first; twice is as once."""
    monkeypatch.setattr(rag.index.ingest, "BATCH", batch)
    with tempfile.TemporaryDirectory() as folder:
        files = [_write(Path(folder) / f"{number}.jsonl", record) for number, record in enumerate(records)]
        chance.shuffle(files)
        settings = Settings(home=Path(folder) / "home")
        with Assistant.open(settings, embedder=ToyEmbedder()) as assistant:
            report = assistant.ingest(files)
            assert report.records == report.added + report.merged == len(records)
            assert report.added == assistant.count()
            assert not report.conflicts
            assert _partition(assistant) == _expected(records)
            before = list(assistant.abstracts())
            assert assistant.ingest(files[::-1]).unchanged == len(records)
            assert list(assistant.abstracts()) == before
            assert assistant.verify().sound


def test_a_chain_joins_what_was_apart(assistant: Assistant, tmp_path: Path) -> None:
    """A record with the DOI of one abstract and the arXiv id of another makes them one; the report names what went."""
    shared = {"title": "Slow snails on steep slopes"}
    one = _write(tmp_path / "1.jsonl", {**shared, "id": "one", "doi": "10.1000/s", "abstract": TEXT})
    two = _write(
        tmp_path / "2.jsonl", {**shared, "id": "two", "arxiv_id": "2101.00001", "abstract": TEXT[:90], "year": 2020}
    )
    bridge = {**shared, "id": "three", "doi": "10.1000/s", "arxiv_id": "2101.00001v2", "abstract": TEXT[:100]}
    assert assistant.ingest([one, two]).added == 2
    report = assistant.ingest([_write(tmp_path / "3.jsonl", bridge)])
    assert [(each.abstract_id, each.joined) for each in report.merges] == [("one", ("two",))]
    (paper,) = assistant.abstracts()
    assert (paper.id, paper.text, paper.year, paper.arxiv_id, len(paper.sources)) == (
        "one",
        TEXT,
        2020,
        "2101.00001v2",
        3,
    )
    assert assistant.verify().sound


def test_a_doi_on_two_papers_keeps_them_apart(assistant: Assistant, tmp_path: Path) -> None:
    """A proceedings' DOI, or a wrong one, merges nothing silently: both stay, and the report says so."""
    file = _write(
        tmp_path / "1.jsonl",
        {"id": "snails", "title": "Slow snails on steep slopes", "doi": "10.1000/p", "abstract": TEXT},
        {"id": "graphs", "title": "Networks over graphs", "doi": "10.1000/p", "abstract": OTHER},
        {"id": "again", "title": "Networks over graphs", "doi": "10.1000/p", "abstract": OTHER[:60] + " More."},
    )
    report = assistant.ingest([file])
    assert (report.added, report.merged) == (2, 1)
    assert ("graphs", "snails", "doi:10.1000/p") in [
        (assistant.get("graphs").id, each.abstract_id, each.identifier) for each in report.conflicts
    ]
    assert {paper.id for paper in assistant.abstracts()} == {"snails", "graphs"}
    assert assistant.ingest([file]).unchanged == 3


def test_one_text_under_many_titles_stays_many_papers(assistant: Assistant, tmp_path: Path) -> None:
    """A publisher's notice says the same of every paper."""
    notice = "This article has been retracted at the request of the editors. Please see the policy on withdrawal."
    names = [f"{first}{second} {second}{first}lo" for first in "abcdefgh" for second in "stuvwxyz"]
    papers = [{"title": name, "authors": [name], "doi": f"10.1000/{name[:2]}", "abstract": notice} for name in names]
    file = _write(tmp_path / "1.jsonl", *papers)
    report = assistant.ingest([file])
    assert (report.added, report.merged, report.conflicts) == (64, 0, [])
    assert all(paper.retracted and not paper.versions for paper in assistant.abstracts())
    assert assistant.ingest([file]).unchanged == 64


def test_a_record_that_changes_keeps_what_others_say(assistant: Assistant, tmp_path: Path) -> None:
    """Metadata of the other file survives an update, and goes with its own record."""
    one = {"id": "1", "title": "Slow snails", "doi": "10.1000/s", "abstract": TEXT}
    other = {"id": "9", "title": "Slow snails", "doi": "10.1000/s", "abstract": TEXT, "year": 2020, "venue": "Molluscs"}
    first, second = _write(tmp_path / "1.jsonl", one), _write(tmp_path / "2.jsonl", other)
    assistant.ingest([first, second])
    _write(first, {**one, "abstract": TEXT + " Rain helped.", "keywords": ["rain"]})
    assert assistant.ingest([first]).updated == 1
    (paper,) = assistant.abstracts()
    assert (paper.text, paper.year, paper.venue, paper.keywords) == (
        TEXT + " Rain helped.",
        2020,
        "Molluscs",
        ("rain",),
    )
    _write(second, {**other, "year": 2021, "venue": ""})
    assistant.ingest([second])
    (paper,) = assistant.abstracts()
    assert (paper.year, paper.venue, paper.text) == (2021, "", TEXT + " Rain helped.")
    assert assistant.verify().sound


def test_a_record_that_becomes_another_paper_leaves_the_other_file_its_own(
    assistant: Assistant, tmp_path: Path
) -> None:
    """Ids that count rows shift when a row is put in; what another file holds does not become the new row."""
    first = _write(tmp_path / "1.jsonl", {"id": "1", "abstract": TEXT})
    second = _write(tmp_path / "2.jsonl", {"id": "7", "abstract": TEXT})
    assistant.ingest([first, second])
    _write(first, {"id": "1", "abstract": OTHER})
    assert assistant.ingest([first]).added == 1
    held = {paper.text: [Path(source.path).stem for source in paper.sources] for paper in assistant.abstracts()}
    assert held == {TEXT: ["2"], OTHER: ["1"]}


def test_an_edited_line_is_an_update(assistant: Assistant, tmp_path: Path) -> None:
    """A line is known by its place and a like text; another text in its place is another abstract."""
    file = tmp_path / "lines.txt"
    file.write_text(f"{TEXT}\n{OTHER}\n")
    assistant.ingest([file])
    file.write_text(
        f"{TEXT.replace('forty', 'fifty')}\nQuite another abstract stands on the second line of this file now.\n"
    )
    report = assistant.ingest([file])
    assert (report.updated, report.added, report.gone) == (1, 1, 1)
    texts = [paper.text for paper in assistant.abstracts()]
    assert (len(texts), TEXT in texts, OTHER in texts) == (3, False, True)
    assert assistant.ingest([file], sync=True).removed == 1
    assert OTHER not in [paper.text for paper in assistant.abstracts()]


def test_versions_are_grouped_and_stay_apart(assistant: Assistant, tmp_path: Path) -> None:
    """A preprint and its published form are two abstracts that name each other; an edit that parts them shows at once."""
    shared = {"title": "Slow snails on steep slopes", "authors": ["Ada Lovelace"]}
    preprint = {**shared, "id": "pre", "arxiv_id": "2101.00001", "abstract": TEXT}
    published = {
        **shared,
        "id": "pub",
        "doi": "10.1000/s",
        "abstract": TEXT.replace("forty", "ninety") + " Rain helped.",
    }
    files = [_write(tmp_path / "1.jsonl", preprint), _write(tmp_path / "2.jsonl", published)]
    assert assistant.ingest(files).added == 2
    assert [paper.id for paper in assistant.versions("pre")] == ["pub"]
    assert assistant.get("pub").versions == ("pre",)
    answer = assistant.ask("Which was the fastest, bark or slate?")
    assert len({citation.abstract_id for each in answer.sentences for citation in each.citations}) <= 1
    assert len(answer.nearest) == 1
    assert len(assistant.search("snails on bark")) == 2
    _write(files[1], {**published, "abstract": OTHER})
    assistant.ingest(files)
    assert assistant.versions("pre") == ()
    _write(files[1], published)
    assistant.ingest(files)
    assert assistant.get("pre").versions == ("pub",)
    assistant.remove(["pub"])
    assert assistant.get("pre").versions == ()


def test_one_source_that_says_retracted_is_enough(assistant: Assistant, tmp_path: Path) -> None:
    """And when that source goes, the flag goes with it."""
    fine = _write(tmp_path / "1.jsonl", {"title": "Slow snails", "doi": "10.1000/s", "abstract": TEXT})
    flagged = _write(tmp_path / "2.jsonl", {"title": "RETRACTED: Slow snails", "doi": "10.1000/s", "abstract": TEXT})
    assistant.ingest([fine])
    assert not next(assistant.abstracts()).retracted
    assistant.ingest([flagged])
    (paper,) = assistant.abstracts()
    assert (paper.title, paper.retracted, len(paper.sources)) == ("Slow snails", True, 2)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A file of three papers."""
    third = "Diffusion models generate images. Sampling from them is slow unless steps are distilled."
    return _write(
        tmp_path / "library.jsonl",
        {"id": "a", "abstract": TEXT, "year": 2019, "venue": "Molluscs"},
        {"id": "b", "abstract": OTHER, "year": 2020, "venue": "Graphs"},
        {"id": "c", "abstract": third, "year": 2021},
    )


def _keep(file: Path, *ids: str) -> None:
    lines = [line for line in file.read_text().splitlines() if json.loads(line)["id"] in ids]
    file.write_text("".join(line + "\n" for line in lines))


def test_sync_removes_what_the_file_no_longer_has(assistant: Assistant, library: Path, tmp_path: Path) -> None:
    """Without it the report only says how many are gone; what another file holds stays, without this source."""
    other = _write(tmp_path / "other.jsonl", {"id": "x", "abstract": OTHER})
    assistant.ingest([library, other])
    _keep(library, "c")
    report = assistant.ingest([library])
    assert (report.unchanged, report.gone, report.removed) == (1, 1, 0)
    assert assistant.count() == 3
    report = assistant.ingest([library], sync=True)
    assert (report.gone, report.removed) == (0, 1)
    assert [paper.id for paper in assistant.abstracts()] == ["b", "c"]
    assert [Path(source.path).name for source in assistant.get("b").sources] == ["other.jsonl"]
    assert assistant.get("b").year is None, "what only the other record said went with it"
    assert assistant.verify().sound


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b"\x00\xff\xfe\x00", b'{"id": "c"', b'{"id": "c", "abstract": ""}\n']
)
def test_sync_with_what_cannot_be_read_removes_nothing(assistant: Assistant, library: Path, content: bytes) -> None:
    """An empty, broken or unreadable file says nothing of what it no longer has."""
    assistant.ingest([library])
    library.write_bytes(content)
    report = assistant.ingest([library], sync=True)
    assert (report.gone, report.removed) == (0, 0)
    assert assistant.count() == 3


def test_sync_with_a_broken_line_removes_nothing(assistant: Assistant, library: Path) -> None:
    """A file with a line that cannot be read may still hold what seems to be missing."""
    assistant.ingest([library])
    _keep(library, "c")
    library.write_text(library.read_text() + '{"id": "a", "abstr\n')
    assert assistant.ingest([library], sync=True).removed == 0
    first = library.read_text().splitlines(keepends=True)[0]
    library.write_text(first)
    assert assistant.ingest([library], sync=True).removed == 2


def test_sync_follows_a_folder(assistant: Assistant, library: Path, tmp_path: Path) -> None:
    """A file that is gone from a folder is missed there; a folder without any file is not believed."""
    folder = tmp_path / "folder"
    folder.mkdir()
    kept = _write(
        folder / "kept.jsonl", {"id": "k", "abstract": "A text that stays where it is, in a file that stays."}
    )
    library.rename(folder / "library.jsonl")
    assert assistant.ingest([folder]).added == 4
    (folder / "library.jsonl").unlink()
    assert assistant.ingest([folder]).gone == 3
    assert assistant.ingest([folder], sync=True).removed == 3
    kept.unlink()
    assert assistant.ingest([folder], sync=True).removed == 0
    assert assistant.count() == 1


def test_sync_follows_an_archive(assistant: Assistant, tmp_path: Path) -> None:
    """A member that is gone from a zip archive is missed; an archive that cannot be opened has lost nothing."""
    archive = tmp_path / "library.zip"

    def pack(*texts: str) -> None:
        with zipfile.ZipFile(archive, "w") as packed:
            for number, text in enumerate(texts):
                packed.writestr(f"{number}.jsonl", json.dumps({"id": str(number), "abstract": text}) + "\n")

    pack(OTHER, TEXT)
    assert assistant.ingest([archive]).added == 2
    archive.write_bytes(archive.read_bytes()[:100])
    assert assistant.ingest([archive], sync=True).removed == 0
    pack(OTHER)
    assert assistant.ingest([tmp_path], sync=True).removed == 1
    assert [paper.text for paper in assistant.abstracts()] == [OTHER]


def test_standard_input_cannot_be_followed(assistant: Assistant) -> None:
    """It is another file each time."""
    with pytest.raises(UsageError, match="name the file"):
        assistant.ingest(["-"], sync=True)


def test_removing_by_filter(assistant: Assistant, library: Path, tmp_path: Path) -> None:
    """Years and venues remove what they match; a source only takes itself away."""
    from rag import Filters

    other = _write(
        tmp_path / "other.jsonl", {"id": "x", "abstract": OTHER}, {"id": "y", "abstract": TEXT + " Rain helped."}
    )
    assistant.ingest([library, other])
    assert assistant.remove(filters=Filters(year_from=2021)) == 1
    assert assistant.remove(filters=Filters(venues=("Molluscs",))) == 1
    assert assistant.remove(filters=Filters(sources=("other.jsonl",))) == 1
    (paper,) = assistant.abstracts()
    assert (paper.id, [Path(source.path).name for source in paper.sources]) == ("b", ["library.jsonl"])
    assert assistant.verify().sound
    for wrong in ({}, {"ids": ["b"], "filters": Filters(year_from=1)}, {"filters": Filters()}):
        with pytest.raises(UsageError, match="what to remove"):
            assistant.remove(**wrong)  # type: ignore[arg-type]


VERSION_1 = Path(__file__).parent / "catalog_version_1.sql"
"""Makes a catalog of this version what version 1 of the schema held of it."""


def _as_version_1(settings: Settings) -> None:
    """Turn the catalog of a corpus back into one of version 1."""
    with closing(sqlite3.connect(settings.folder / "catalog.sqlite")) as connection:
        connection.executescript(VERSION_1.read_text())


def test_a_corpus_of_version_1_is_migrated(settings: Settings, tmp_path: Path) -> None:
    """It opens, knows its files, finds versions and retractions, keeps two papers with one DOI apart, and takes more."""
    shared = {"title": "Slow snails on steep slopes", "authors": ["Ada Lovelace"], "abstract": TEXT}
    file = _write(
        tmp_path / "1.jsonl",
        {**shared, "id": "pre"},
        {**shared, "id": "pub", "title": "RETRACTED: " + shared["title"], "abstract": TEXT + " Rain helped."},  # type: ignore[operator]
        {"id": "g", "title": "Networks over graphs", "doi": "10.1000/g", "abstract": OTHER},
    )
    with Assistant.open(settings, embedder=ToyEmbedder()) as assistant:
        assistant.ingest([file])
        before = list(assistant.abstracts())
    _as_version_1(settings)
    with Assistant.open(settings, embedder=ToyEmbedder()) as assistant:
        assert list(assistant.abstracts()) == before
        assert (assistant.get("pub").retracted, assistant.get("pre").versions) == (True, ("pub",))
        assert assistant.ingest([file]).unchanged == 3
        more = {
            "title": "Something else entirely",
            "doi": "10.1000/g",
            "abstract": "Rain fell on the roof all night long.",
        }
        assert len(assistant.ingest([_write(tmp_path / "2.jsonl", more)]).conflicts) == 1
        assert assistant.verify().sound
        assert assistant.search("snails on bark")


def test_a_backup_of_version_1_is_restored(settings: Settings, tmp_path: Path) -> None:
    """It is migrated on the way in; the corpus it replaces is of this version."""
    backup = tmp_path / "backup.zip"
    with Assistant.open(settings, embedder=ToyEmbedder()) as assistant:
        assistant.ingest([_write(tmp_path / "1.jsonl", {"id": "a", "title": "RETRACTED: Snails", "abstract": TEXT})])
        assistant.backup(backup)
    with zipfile.ZipFile(backup) as packed:
        manifest = json.loads(packed.read("manifest.json"))
        packed.extract("catalog.sqlite", tmp_path)
    old = tmp_path / "catalog.sqlite"
    with closing(sqlite3.connect(old)) as connection:
        connection.executescript(VERSION_1.read_text())
    manifest |= {"schema": 1, "bytes": old.stat().st_size, "sha256": hashlib.sha256(old.read_bytes()).hexdigest()}
    with zipfile.ZipFile(backup, "w") as packed:
        packed.write(old, "catalog.sqlite")
        packed.writestr("manifest.json", json.dumps(manifest))
    with Assistant.restore(backup, settings, force=True, embedder=ToyEmbedder()) as assistant:
        assert assistant.get("a").retracted
        assert assistant.verify().sound


def test_a_migration_happens_whole_or_not_at_all(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that breaks half way leaves the catalog as it was, and the next opening does it."""
    with Assistant.open(settings, embedder=ToyEmbedder()) as assistant:
        assistant.ingest([_write(tmp_path / "1.jsonl", {"id": "a", "abstract": TEXT})])
    _as_version_1(settings)
    monkeypatch.setattr("rag.index.likeness.bands", lambda abstract: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        Assistant.open(settings, embedder=ToyEmbedder())
    with closing(sqlite3.connect(settings.folder / "catalog.sqlite")) as connection:
        assert connection.execute("SELECT value FROM meta WHERE name = 'schema_version'").fetchone() == ("1",)
        assert "retracted" not in [row[1] for row in connection.execute("PRAGMA table_info(abstracts)")]
    monkeypatch.undo()
    with Assistant.open(settings, embedder=ToyEmbedder()) as assistant:
        assert assistant.get("a").text == TEXT


def test_a_newer_catalog_says_what_to_do(settings: Settings) -> None:
    """It is left alone, and the error names the command that helps."""
    from rag import CorpusError

    Assistant.open(settings, embedder=ToyEmbedder()).close()
    with closing(sqlite3.connect(settings.folder / "catalog.sqlite")) as connection:
        connection.execute("UPDATE meta SET value = '99' WHERE name = 'schema_version'")
        connection.commit()
    with pytest.raises(CorpusError, match="pip install -U footnote-rag"):
        Assistant.open(settings, embedder=ToyEmbedder())
