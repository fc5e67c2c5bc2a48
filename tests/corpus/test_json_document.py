"""JSON documents: lists, envelopes, tables, broken and cut-off ones."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.corpus import Record, read
from rag.corpus.json_items import Items
from rag.corpus.lines import LONGEST_RECORD, PIECE
from rag.records import Rejection

TEXT = "We measure how quickly snails cross a garden. They are slow."
ONE = {"title": 'A "quoted" [title] \\', "abstract": TEXT}
TWO = {"title": "Two", "abstract": TEXT, "authors": [{"name": "A", "at": ["x", {"y": 1}]}]}
Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a JSON file under the test's folder."""

    def written(content: str) -> Path:
        (tmp_path / "a.json").write_text(content)
        return tmp_path / "a.json"

    return written


def fields(path: Path) -> list[dict[str, Any]]:
    """The fields of all records, numbered from one; the test fails on a rejection."""
    found = list(read(path))
    assert all(isinstance(each, Record) for each in found), found
    assert [each.number for each in found if isinstance(each, Record)] == list(range(1, len(found) + 1))
    return [dict(each.fields) for each in found if isinstance(each, Record)]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize(
    "document",
    [
        [ONE, TWO],
        {"data": [ONE, TWO]},
        {"total": 2, "next": ["data", {"x": []}], "results": [ONE, TWO], "after": {"more": True}},
        {"status": "ok", "message": {"facets": {}, "items": [ONE, TWO]}},
        {"hits": {"total": 2, "hits": [ONE, TWO]}},
        {"messages": [{"status": "ok"}], "collection": [ONE, TWO]},
        {"first": ONE, "second": TWO},
    ],
)
def test_lists_wherever_services_put_them(write: Write, document: object, indent: int | None) -> None:
    """Records are found at the top, under the usual names, or by their ids, however the file is laid out."""
    found = fields(write(json.dumps(document, indent=indent)))
    named = isinstance(document, dict) and "first" in document
    assert found == ([{"id": "first", **ONE}, {"id": "second", **TWO}] if named else [ONE, TWO])


def test_objects_one_after_the_other(write: Write) -> None:
    """Objects over several lines, with or without commas between them, are records; a lone one is too."""
    assert fields(write(json.dumps(TWO, indent=2))) == [TWO]
    assert fields(write("\n".join(json.dumps(each, indent=2) for each in (ONE, TWO)))) == [ONE, TWO]
    assert fields(write(",\n".join(map(json.dumps, (ONE, TWO))) + ",\n")) == [ONE, TWO]


def test_a_table_as_pandas_writes_it(write: Write) -> None:
    """Columns of rows become rows."""
    table = {"title": {"0": "A", "1": "B"}, "abstract": {"0": TEXT, "1": TEXT}}
    assert fields(write(json.dumps(table))) == [{"title": "A", "abstract": TEXT}, {"title": "B", "abstract": TEXT}]


def test_a_list_of_texts(write: Write) -> None:
    """Strings in a list are abstracts; anything else in it is rejected by its place."""
    found = list(read(write(json.dumps([TEXT, 3, None, [TEXT]]))))
    assert isinstance(found[0], Record)
    assert found[0].fields == {"abstract": TEXT}
    assert [each.record for each in found if isinstance(each, Rejection)] == [2, 3, 4]


def test_a_broken_record_costs_only_itself(write: Write) -> None:
    """A mistake inside a record, NaN and control characters included, leaves the others as they are."""
    found = list(read(write(f'[{json.dumps(ONE)}, {{"abstract": "x" "y"}}, {{"abstract": "tab\there", "n": NaN}}]')))
    assert [type(each) for each in found] == [Record, Rejection, Record]
    assert "2" in str(found[1])


@pytest.mark.parametrize("cut", [1, 3, 40])
def test_what_comes_before_a_cut_is_kept(write: Write, cut: int) -> None:
    """A file that breaks off gives its whole records and says that it does."""
    found = list(read(write(json.dumps([ONE, TWO])[:-cut])))
    assert isinstance(found[0], Record)
    assert isinstance(found[-1], Rejection)
    assert "ends in the middle" in found[-1].reason
    assert len(found) == (3 if cut == 1 else 2)


@pytest.mark.parametrize("empty", ["[]", '{"total": 0, "data": []}', '{"meta": {},\n "results": []}'])
def test_no_records_are_told(write: Write, empty: str) -> None:
    """An empty list is not silence."""
    (found,) = read(write(empty))
    assert isinstance(found, Rejection)


@pytest.mark.parametrize("form", ["{}", "[{}]", '{{"items": [{}]}}'])
def test_an_empty_list_makes_no_record_nothing(write: Write, form: str) -> None:
    """Better BibTeX gives every item empty notes, and calls its text abstractNote; each is a record all the same."""
    rows = [{"title": "Snails", "abstractNote": TEXT, "notes": []}, {"Title": "Tides", "AB": TEXT, "data": []}]
    for some in (rows[:1], rows[1:]) if form == "{}" else (rows,):
        assert fields(write(form.format(", ".join(map(json.dumps, some))))) == list(some)


def test_endless_nesting_is_told(write: Write) -> None:
    """Brackets without end stop the reading of the file."""
    (found,) = read(write("[" * 100_000))
    assert isinstance(found, Rejection)
    assert "nested" in found.reason


def test_a_giant_record_is_passed_over(tmp_path: Path) -> None:
    """A record over the limit, in a file of one line, is rejected without being held."""
    path = tmp_path / "a.json"
    with path.open("w") as stream:
        stream.write(f"[{json.dumps(ONE)}, {{" + '"abstract": "')
        for _ in range(LONGEST_RECORD // 1_000_000 + 2):
            stream.write("x" * 1_000_000)
        stream.write(f'"}}, {json.dumps(TWO)}]')
    found = list(read(path))
    assert [type(each) for each in found] == [Record, Rejection, Record]
    assert "longer" in str(found[1])


def test_pieces_of_a_long_line_keep_their_characters(write: Write) -> None:
    """Characters of several bytes survive wherever a long line is cut."""
    text = "é€𝄞" * (PIECE // 9 + 5)
    for shift in range(4):
        assert fields(write(json.dumps([{"abstract": "x" * shift + text}], ensure_ascii=False))) == [
            {"abstract": "x" * shift + text}
        ]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text('ab"\\[]{},: \n\u2028é', max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abdt", max_size=4), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.dictionaries(st.text(max_size=5), VALUES, min_size=1), min_size=1),
    st.sampled_from(["{}", '{{"total": 1, "data": {}}}', '{{"a": {{"items": {}, "b": [1]}}}}']),
    st.integers(1, 40),
    st.sampled_from([None, 1]),
)
def test_items_are_cut_right_wherever_the_text_is(
    rows: list[dict[str, Any]], around: str, size: int, indent: int | None
) -> None:
    """Whatever stands in the records and however the text is cut into pieces, each record comes out whole."""
    document = around.format(json.dumps(rows, ensure_ascii=False, indent=indent))
    items = Items()
    found = [each for start in range(0, len(document), size) for each in items.feed(document[start : start + size])]
    assert [json.loads(each or "") for each in found] == rows
    assert items.complete


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text('[]{}",:\\ \nab1', max_size=120))
def test_any_brackets_give_a_report(write: Write, content: str) -> None:
    """Reading ends with records or reasons, in order of their numbers."""
    found = list(read(write("[" + content)))
    numbers = [each.number if isinstance(each, Record) else each.record for each in found]
    assert numbers == sorted(numbers)
    assert found
