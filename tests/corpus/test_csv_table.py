"""CSV and TSV: delimiters, quotes, line numbers, tables without names, fields named by the user."""

from collections.abc import Callable
from pathlib import Path

import pytest

from rag.corpus import Record, clean, read
from rag.errors import InputError
from rag.records import Abstract, Rejection

FIXTURES = Path(__file__).parent / "fixtures"
TEXT = "We measure, quickly, how snails cross a garden. They are slow."
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file under the test's folder."""

    def written(content: str, name: str = "a.csv", encoding: str = "utf-8") -> Path:
        (tmp_path / name).write_bytes(content.encode(encoding))
        return tmp_path / name

    return written


def cleaned(path: Path, **fields: str) -> list[Abstract | Rejection]:
    """What becomes of every record."""
    return [clean(each) if isinstance(each, Record) else each for each in read(path, fields or None)]


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.dat"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_delimiters(write: Write, delimiter: str, name: str, encoding: str) -> None:
    """What parts the cells is told by the first row, whatever the file is called and whatever stands in the texts."""
    rows = [["Title", "Year", "Abstract"], ["One; two|three", "2020", f'"{TEXT}"']]
    if delimiter in ";|":
        rows[1][0] = f'"{rows[1][0]}"'
    (found,) = cleaned(write("\r\n".join(map(delimiter.join, rows)), name, encoding))
    assert isinstance(found, Abstract)
    assert (found.title, found.year, found.text) == ("One; two|three", 2020, TEXT)


def test_cells_over_several_lines_and_their_numbers(write: Write) -> None:
    """A row is numbered by its first line; quotes inside are doubled; blank rows and missing last cells are nothing."""
    content = f'title,abstract,year\n"A ""quoted"" title","{TEXT}\nAnd more.",2020\n\nB,"{TEXT}"\n,,\n'
    found = list(read(write(content)))
    assert [(each.number, dict(each.fields)) for each in found if isinstance(each, Record)] == [
        (2, {"title": 'A "quoted" title', "abstract": f"{TEXT}\nAnd more.", "year": "2020"}),
        (5, {"title": "B", "abstract": TEXT}),
    ]


def test_excel_says_its_delimiter(write: Write) -> None:
    """The line "sep=;" is no row."""
    (found,) = cleaned(write(f"sep=;\nNumber;Abstract\n1,2,3,4;{TEXT}\n"))
    assert isinstance(found, Abstract)
    assert found.text == TEXT


def test_dimensions_says_what_was_exported(write: Write) -> None:
    """The line before the names is no row, whatever is written in it."""
    about = (
        "\"About the data: Exported on Jun 05, 2023, Criteria: 'snails; slow'. © 2023 Digital Science, all rights.\""
    )
    (found,) = cleaned(write(f'{about}\nRank,Title,Abstract,PubYear\n500,Snails,"{TEXT}",2020\n'))
    assert isinstance(found, Abstract)
    assert (found.title, found.text, found.year) == ("Snails", TEXT, 2020)


@pytest.mark.parametrize("name", ["Year", "Published Year", "Publication Year", "PubYear", "yearPublished"])
def test_names_of_the_year(write: Write, name: str) -> None:
    """Covidence, CORE and others call it differently."""
    (found,) = cleaned(write(f'Title,{name},Abstract\nSnails,2020,"{TEXT}"\n'))
    assert isinstance(found, Abstract)
    assert found.year == 2020


@pytest.mark.parametrize("name", ["a.csv", "a.txt"])
@pytest.mark.parametrize("before", ["Literature review May 2024;;;\n;;;\n", "Bibliographic data;;Content;\n", "\n\n"])
def test_rows_before_the_names(write: Write, before: str, name: str) -> None:
    """A title and groups of columns are no names, and no records; rows keep their numbers."""
    path = write(f"{before}Title;Author;Year;Abstract\nSnails;Quarrow, Ines;2020;{TEXT}\n", name)
    (found,) = cleaned(path)
    assert isinstance(found, Abstract), found
    assert (found.title, found.authors, found.year, found.text) == ("Snails", ("Ines Quarrow",), 2020, TEXT)
    assert found.sources[0].record == before.count("\n") + 2


def test_names_over_two_lines(write: Write) -> None:
    """Names that a line parts are names from the first line on."""
    (found,) = read(write(f'"Full\nreference","Title","Abstract"\nQ 1,Snails,"{TEXT}"\n'))
    assert isinstance(found, Record)
    assert dict(found.fields) == {"Full\nreference": "Q 1", "Title": "Snails", "Abstract": TEXT}


def test_a_row_that_would_lose_text_is_rejected(write: Write) -> None:
    """More cells than columns mean an unquoted comma; the row is named and the next one read."""
    long, good = cleaned(write(f'title,abstract\nA,{TEXT}\nB,"{TEXT}"\n'))
    assert isinstance(long, Rejection)
    assert long.record == 2
    assert "quotes" in long.reason
    assert isinstance(good, Abstract)


def test_a_quote_that_nothing_closes_costs_one_row(write: Write) -> None:
    """The rows behind it are read all the same."""
    rows = "".join(f"T{number},{number} and a text that is long enough.\n" for number in range(2000))
    found = cleaned(write(f'title,abstract\nA,"lost\n{rows}'))
    assert isinstance(found[0], Rejection)
    assert found[0].record == 2
    assert "never closed" in found[0].reason
    assert sum(isinstance(each, Abstract) for each in found[1:]) == 2000


def test_one_column_needs_no_name(write: Write) -> None:
    """Texts alone are abstracts, quoted or, under their name, not."""
    assert [each.text for each in cleaned(write(f'"{TEXT}"\n"{TEXT}"\n')) if isinstance(each, Abstract)] == [TEXT] * 2
    assert [each.text for each in cleaned(write(f"abstract\n{TEXT}\n")) if isinstance(each, Abstract)] == [TEXT]


def test_columns_without_names_are_told(write: Write) -> None:
    """Values in the place of names reject the file as a whole; a row of names alone is no record."""
    (found,) = cleaned(write(f'1,2020,"{TEXT}"\n2,2021,"{TEXT}"\n'))
    assert isinstance(found, Rejection)
    assert "does not name" in found.reason
    (found,) = cleaned(write("title,abstract\n"))
    assert "no records" in str(found)


def test_fields_named_by_the_user() -> None:
    """A mapping says what no name does; without it the records are told to have no abstract."""
    (found,) = cleaned(FIXTURES / "columns.csv")
    assert isinstance(found, Rejection)
    assert found.no_abstract
    (found,) = cleaned(FIXTURES / "columns.csv", text="c", title="B", id="a")
    assert isinstance(found, Abstract)
    assert (found.id, found.title) == ("x-1", "Bees like blue")
    assert found.text.startswith("Bees visit blue flowers first.")
    (found,) = cleaned(FIXTURES / "european.csv", text="Zusammenfassung", title="Titel", year="Jahr", authors="Autoren")
    assert isinstance(found, Abstract)
    assert (found.title, found.year, found.authors) == ("Über Moose", 2014, ("Sölve Härting",))
    assert found.text == "Moose wachsen langsam; wir messen, wie langsam. Es sind 3 mm im Jahr."


def test_a_mapping_reaches_into_objects_and_wins(write: Write) -> None:
    """Every format with named fields can be mapped, dots lead inside, and another mapping is another record."""
    path = write('[{"abstract": "The wrong one of two texts.", "x": {"y": "The right one of two texts."}}]', "a.json")
    (found,) = cleaned(path, text="x.y")
    assert isinstance(found, Abstract)
    assert found.text == "The right one of two texts."
    digests = {
        each.digest for fields in (None, {"text": "x.y"}) for each in read(path, fields) if isinstance(each, Record)
    }
    assert len(digests) == 2


def test_a_misspelt_mapping_is_told(write: Write) -> None:
    """An unknown target stops before anything is read; a field that no record has is named at the end."""
    path = write(f'title,abstract\nA,"{TEXT}"\n')
    with pytest.raises(InputError, match=r"no field 'txt'.*text, title"):
        read(path, {"txt": "abstract"})
    found, told = cleaned(path, title="Titel")
    assert isinstance(found, Abstract)
    assert found.title == "A"
    assert "'Titel'" in str(told)


def test_lists_as_pandas_leaves_them(write: Write) -> None:
    """A cell that is a list of strings, as Python or JSON writes it, is that list; other brackets are text."""
    content = (
        "titles,authors,terms,summaries\n"
        f"""[A] title,"['Ines Quarrow', ""Wren O'Dell""]","[""cs.CV"", ""cs.AI""]","{TEXT}"\n"""
        f"""B,[Ines Quarrow],"['x', 3]","{TEXT} Again."\n"""
    )
    first, second = cleaned(write(content))
    assert isinstance(first, Abstract)
    assert (first.title, first.authors, first.keywords) == (
        "[A] title",
        ("Ines Quarrow", "Wren O'Dell"),
        ("cs.CV", "cs.AI"),
    )
    assert isinstance(second, Abstract)
    assert second.authors == ("[Ines Quarrow]",)


def test_objects_as_pandas_leaves_them(write: Write) -> None:
    """Semantic Scholar's authors and identifiers are read, as Python or JSON writes them."""
    people = ["[{'authorId': '1', 'name': \"Wren O'Dell\"}, {'authorId': None, 'name': 'Ines Quarrow'}]"]
    people += ['[{"authorId": null, "name": "Wren O\'Dell"}, {"name": "Ines Quarrow"}]']
    names = "{'DOI': '10.5555/x', 'PubMed': '123'}"
    quoted = [each.replace('"', '""') for each in people]
    rows = [f'"{each}","{names}","{TEXT} {number}"' for number, each in enumerate(quoted)]
    for found in cleaned(write("\n".join(["authors,externalIds,abstract", *rows]))):
        assert isinstance(found, Abstract)
        assert (found.authors, found.doi, found.pmid) == (("Wren O'Dell", "Ines Quarrow"), "10.5555/x", "123")


@pytest.mark.parametrize(
    "cell",
    [
        "{NER} in gardens",
        "{1, 2}",
        "{[]: 1}",
        "[{1: \\d}]",
        "{'\\d': 1",
        "[{" * 5000,
        "{1:" + "-" * 15_000 + "1",
        "{1if 2}",
    ],
)
def test_what_only_begins_like_an_object_is_text(cell: str, write: Write) -> None:
    """It is told to nobody, and ends nothing."""
    (found,) = read(write(f"title\tabstract\n{cell}\t{TEXT}\n"))
    assert isinstance(found, Record)
    assert found.fields["title"] == cell


def test_an_object_with_odd_names(write: Write) -> None:
    """Python's may have numbers for names."""
    (found,) = cleaned(write(f"authors\tabstract\n[{{1: 2, 'name': 'Ines Quarrow'}}]\t{TEXT}\n"))
    assert isinstance(found, Abstract)
    assert found.authors == ("Ines Quarrow",)
