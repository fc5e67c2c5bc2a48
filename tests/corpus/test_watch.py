"""Watched folders: what settles is told once, what is half written or no paper is not."""

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from rag.corpus.watch import Changed, watch
from rag.errors import InputError


def _told(changes: Iterator[list[Changed]], count: int) -> list[Changed]:
    """The next ``count`` changes; fails when they do not come within some hundred looks."""
    found: list[Changed] = []
    for some in islice(changes, 200):
        found += some
        if len(found) >= count:
            return found
    raise AssertionError(found)


def test_files_that_come_change_move_and_go_are_told(tmp_path: Path) -> None:
    """Each once, with its path; a folder that is moved in stands for its files."""
    folder = tmp_path / "papers"
    folder.mkdir()
    changes = watch([folder])
    assert next(changes) == []
    (folder / "a.txt").write_text("one")
    assert _told(changes, 1) == [Changed(str(folder / "a.txt"))]
    (folder / "a.txt").write_text("one and two")
    assert _told(changes, 1) == [Changed(str(folder / "a.txt"))]
    (folder / "a.txt").rename(folder / "b.txt")
    assert _told(changes, 2) == [Changed(str(folder / "a.txt"), gone=True), Changed(str(folder / "b.txt"))]
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "c.txt").write_text("three")
    (tmp_path / "more").rename(folder / "more")
    assert _told(changes, 1) == [Changed(str(folder / "more"))]


def test_a_file_is_told_when_nothing_more_is_written_to_it(tmp_path: Path) -> None:
    """It grows between looks, and is whole when it is told."""
    changes = watch([tmp_path])
    next(changes)
    file = tmp_path / "growing.txt"
    for part in range(5):
        with file.open("a") as growing:
            growing.write(f"part {part}\n")
        assert next(changes) == []
    assert _told(changes, 1) == [Changed(str(file))]
    assert file.read_text().count("\n") == 5


def test_what_holds_no_abstracts_is_passed_over(tmp_path: Path) -> None:
    """Hidden files and folders, READMEs, unfinished downloads and editors' leavings."""
    changes = watch([tmp_path])
    next(changes)
    (tmp_path / ".git").mkdir()
    for name in (".hidden", ".git/x.txt", "README.md", "a.crdownload", "b.part", "c.txt~", "last.txt"):
        (tmp_path / name).write_text("text")
    assert _told(changes, 1) == [Changed(str(tmp_path / "last.txt"))]


def test_one_file_is_watched_also_when_it_is_replaced(tmp_path: Path) -> None:
    """Its neighbours are not."""
    file = tmp_path / "library.bib"
    file.write_text("old")
    changes = watch([file])
    next(changes)
    (tmp_path / "other.bib").write_text("other")
    (tmp_path / "saved").write_text("new")
    os.replace(tmp_path / "saved", file)  # noqa: PTH105 - as an editor does
    assert _told(changes, 1) == [Changed(str(file))]


def test_what_is_not_there_cannot_be_watched(tmp_path: Path) -> None:
    """Said at once, and when a watched folder goes away."""
    with pytest.raises(InputError, match="nosuch"):
        next(watch([tmp_path / "nosuch"]))
    folder = tmp_path / "papers"
    folder.mkdir()
    changes = watch([folder])
    next(changes)
    folder.rmdir()
    with pytest.raises(InputError, match="papers"):
        _told(changes, 1)
