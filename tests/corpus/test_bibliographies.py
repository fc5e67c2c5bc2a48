"""Reference managers' and databases' own formats: every field of every fixture, told by content, broken records told."""

from dataclasses import replace
from pathlib import Path

import pytest

from rag.corpus import clean, read
from rag.corpus.export import to_bibtex, to_ris
from rag.records import Abstract, Rejection
from rag.text import derived_id

FIXTURES = Path(__file__).parent / "fixtures"
SLATE = "We time 120 garden snails over one metre of slate. Wet nights are faster than dry ones."
FERNS = "We compare five estimators of how many ferns stand in a square kilometre of forest."
BOATS = "Tides move boats. We weigh the boats as they move, and find that they are heavy."
MOSS = "Of 2,000 trees in three forests, 61% carry more moss on the north side than on any other."
LAMPS = "Logs of 14 lighthouse keepers predict storms a day ahead better than chance, with an accuracy of 71%."
TEA = "BACKGROUND: Meetings are long. METHODS: We served tea at 60 of 120 meetings. RESULTS: Meetings with tea ran four"
COFFEE = "Coffee shortened meetings by six minutes on average in a crossover trial of 80 meetings."
NO_ABSTRACT = "The record of “"


def expected(text: str, title: str, id: str = "", **known: object) -> Abstract:
    """An abstract with an id of its own, or with the one that its text gives."""
    return replace(Abstract(id or derived_id(text), text, title), **known)  # type: ignore[arg-type]


KEEPERS = expected(
    LAMPS,
    "Lighthouse keepers and the weather",
    "WOS:000400000000001",
    authors=("Ivo Lamp", "Rhea Wick", "Keepers Study Grp"),
    year=2017,
    venue="COASTAL STUDIES",
    doi="10.5555/coast.2017.3",
    pmid="28400001",
    keywords=("lighthouses", "storms", "weather logs", "PREDICTION"),
)
"""One record in both of Web of Science's own exports."""
EXPECTED: dict[str, dict[int, Abstract | str]] = {
    "plain.bib": {
        7: expected(
            "We time 120 garden snails over one metre of slate, at 15% humidity and above. A hierarchical model of pace "
            "per night shows that Cornu aspersum crosses it in 4.2 ± 0.3 minutes; wet nights are faster than dry ones. "
            r"R&D on \slate is discussed.",
            "The Bayesian pace of Snails: a naïve model with p < 0.05",
            "krill2021pace",
            authors=("Ottoline Krill", "Piét van der Moor", "The Snail & Slug Consortium", "Hob Drummle Jr."),
            year=2021,
            venue="Journal of Garden Snails, Series B",
            doi="10.5555/jgs.2021_12",
            pmid="31234567",
            url="https://snails.example/pace_2021",
            keywords=("snails", "slow, steady movement", "Bayesian models"),
        ),
        24: expected(
            BOATS,
            "Weighing boats by tide",
            "drummle2020boats",
            authors=("Hob Drummle", "Ludwig von Tide"),
            year=2020,
            venue="Proceedings of the 3rd Workshop on Boats",
            arxiv_id="2007.01234v2",
        ),
        32: expected(
            "Entries may stand in parentheses instead of braces (like this one), and they are read all the same.",
            "Entries in parentheses",
            "paren2019",
            authors=("Ada Quill",),
            year=2019,
            venue="CoRR",
            arxiv_id="1905.04321",
        ),
    },
    "biblatex.bib": {
        1: expected(
            f"{FERNS} The ratio estimator has the smallest error.",
            "Counting Ferns. A Field Guide to Estimators",
            "ferrow2022",
            authors=("Lin Ferrow", "Björn Ostrava"),
            year=2022,
            arxiv_id="2204.00999",
            url="https://ferns.example/guide",
            keywords=("ferns", "estimators"),
        ),
        14: expected(
            MOSS,
            "Moss on the North Side of Trees",
            "moss2023",
            authors=("Ida Moss",),
            year=2023,
            venue="Annals of Moss",
            doi="10.5555/moss.2023",
            pmid="36123456",
        ),
    },
    "exported.bib": {  # in the manner of Zotero, the ACL Anthology, IEEE Xplore and Google Scholar
        1: expected(
            "Background: 10% of β-cells at 37°C and 5 μg (p<0.05) with α and CO2, H_2O. It’s 50 % > 20%. © 2020 & others.",
            'SNAIL – a study of 5 µm E. coli in São Paulo\'s "north"',
            "zot_2020",
            authors=("José García Pájaro", "Søren Østergaard", "Thi Nguyễn", "Slug Organization"),
            year=2020,
            doi="10.5555/a_b",
            arxiv_id="2001.00001",
            url="https://doi.org/10.5555/a_b",
            keywords=("Computer Science - Computation and Language", "Foo"),
        ),
        17: expected(
            'We introduce a "new" language model called X, which stands for things. It\'s 7.7% better, "quoted", and '
            "obtains F_1 of 93.2.",
            'X: Pre-training of "Deep" Things',
            "devon-etal-2019-x",
            authors=("Jay Devon", "Mia Chung"),
            year=2019,
            venue="Proceedings of the Conference",
            doi="10.18653/v1/n00-0001",
            url="https://aclanthology.org/N00-0001/",
        ),
        30: expected(
            "The abstract isn't escaped: 5% & a_b, costs $5 to $10 at x^2 for #1 users ~ 10 of them",
            "Some IEEE Paper",
            "9000000",
            authors=("Q. Li", "W. Wang"),
            year=2020,
            venue="IEEE Trans. X",
            doi="10.1109/x.2020.1",
            keywords=("Training", "Task analysis"),
        ),
        38: expected(
            "A google scholar style of entry that has an abstract added to it by hand.",
            "Attention",
            "vas2017",
            authors=("A Vas",),
            year=2017,
            venue="arXiv preprint arXiv:1706.00003",
            arxiv_id="1706.00003",
        ),
    },
    "zotero.ris": {
        1: expected(
            SLATE,
            "The pace of snails on slate",
            authors=("Ottoline Krill", "Piét van der Moor", "Hob Drummle Jr."),
            year=2021,
            venue="Journal of Garden Snails",
            doi="10.5555/jgs.2021.12",
            pmid="31234567",
            url="https://snails.example/pace",
            keywords=("snails", "slow movement"),
        ),
        25: expected(
            FERNS,
            "Counting ferns",
            authors=("Lin Ferrow",),
            year=2022,
            arxiv_id="2204.00999",
            url="http://arxiv.org/abs/2204.00999",
        ),
    },
    "endnote.ris": {
        1: expected(
            "OBJECTIVE: To weigh boats by tide. RESULTS: Tides move boats. They are heavy.",
            "Weighing boats by tide",
            "17",
            authors=("Hob Drummle", "Tide Society, Inc."),
            year=2020,
            venue="Proceedings of the 3rd Workshop on Boats",
            doi="10.5555/boats.3",
            pmid="33345678",
            url="https://boats.example/3",
            keywords=("boats", "tides", "weight"),
        )
    },
    "scopus.ris": {
        1: expected(
            f"{MOSS} © 2023 Annals of Moss.",
            "Moss on the north side of trees",
            authors=("I. Moss", "T. Bark"),
            year=2023,
            venue="Annals of Moss",
            doi="10.5555/moss.2023.7",
            pmid="36123456",
            url="https://www.scopus.example/record/display.uri?eid=2-s2.0-1",
            keywords=("moss", "trees"),
        ),
        22: expected(
            "The end of this record is missing, and so is that of the one that follows it in the file.",
            "Moss on the south side of trees",
            authors=("T. Bark",),
            year=2024,
        ),
        28: expected(
            "Stones carry moss wherever rain reaches them, as we show for 300 stones in two valleys.",
            "Moss on stones",
            authors=("I. Moss",),
            year=2024,
        ),
    },
    "publisher.ris": {
        5: expected(
            "Goose feathers outlast swan feathers by a third, over 40 writers and 900 letters.",
            "Feathers as pens",
            authors=("Ada Quill", "Bo Nib"),
            year=2018,
            venue="Writing Instruments",
            doi="10.5555/wi.2018.4",
            url="https://doi.org/10.5555/wi.2018.4",
            keywords=("feathers", "pens", "ink"),
        )
    },
    "pubmed.ris": {
        1: expected(
            f"{TEA} minutes longer.",
            "Tea and the length of meetings",
            authors=("June Hale", "Wim Garth"),
            year=2019,
            venue="Journal of Meetings",
            doi="10.5555/tea.2019.44",
            pmid="30654321",
            url="https://pubmed.example/30654321",
        )
    },
    "web_of_science.ris": {
        1: expected(
            LAMPS,
            "Lighthouse keepers and the weather",
            authors=("Ivo Lamp", "Rhea Wick"),
            year=2017,
            venue="COASTAL STUDIES",
            doi="10.5555/coast.2017.3",
            keywords=("lighthouses", "storms"),
        )
    },
    "web_of_science.txt": {
        3: KEEPERS,
        29: expected(
            "Fog signals are heard at twice the distance over a cold sea as over a warm one, in 52 trials.",
            "Fog signals",
            "WOS:000400000000002",
            authors=("R Wick",),
            year=2018,
            venue="PROCEEDINGS OF FOG",
        ),
    },
    "web_of_science_table.txt": {
        2: KEEPERS,
        3: expected(
            "Fog signals are heard at twice the distance over a cold sea as over a warm one, in 52 trials.",
            'Fog "signals',
            "WOS:000400000000002",
            authors=("R Wick",),
            year=2018,
            venue="PROCEEDINGS OF FOG",
            retracted=True,
        ),
        4: "The row has 21 cells, but there are 20 columns",
    },
    "endnote.enw": {
        1: expected(
            "Rain halves the stings per touch, in 400 touches by 20 volunteers. Gloves were not worn.",
            "Nettles sting less in the rain",
            "nettle2016",
            authors=("Fern Nettle", "Orla Docking", "Hedge Society"),
            year=2016,
            venue="Hedgerow Science",
            doi="10.5555/hedge.9.3",
            pmid="27000123",
            url="https://hedge.example/9/3",
            keywords=("nettles", "rain"),
        ),
        21: expected(
            "Dock leaves soothe stings no better than any other leaf, as 60 volunteers report.",
            "Docks against nettles",
            authors=("Orla Docking",),
            year=2017,
            venue="Workshop on Hedges",
        ),
    },
    "pubmed.nbib": {
        1: expected(
            f"{TEA} minutes longer (P<0.01).",
            "Tea and the length of meetings",
            "30654321",
            authors=("June Hale", "Wim Garth", "Tea Study Group"),
            year=2019,
            venue="Journal of meetings",
            doi="10.5555/tea.2019.44",
            pmid="30654321",
            url="https://pubmed.ncbi.nlm.nih.gov/30654321/",
            keywords=("meetings", "Tea", "Time Factors"),
        ),
        33: NO_ABSTRACT,
        39: expected(
            COFFEE,
            "Coffee and the length of meetings",
            "30654323",
            authors=("June Hale",),
            year=2021,
            venue="Journal of meetings",
            doi="10.5555/tea.2021.7",
            pmid="30654323",
            url="https://pubmed.ncbi.nlm.nih.gov/30654323/",
        ),
    },
    "pubmed.xml": {
        4: expected(
            "BACKGROUND: Meetings are long, and 10^3 are held a year. METHODS: We served tea at 60 of 120 meetings. "
            "RESULTS: Meetings with tea ran four minutes longer (p < 0.01).",
            "Tea (Camellia sinensis) and CO2 in meetings & lectures",
            "30654321",
            authors=("June Hale", "Wim Garth Jr", "Tea Study Group"),
            year=2019,
            venue="Journal of meetings",
            doi="10.5555/tea.2019.44",
            pmid="30654321",
            url="https://pubmed.ncbi.nlm.nih.gov/30654321/",
            keywords=("meetings", "Tea"),
        ),
        40: expected(
            COFFEE,
            "Coffee and the length of meetings",
            "30654323",
            authors=("J Hale",),
            year=2020,
            venue="J Meet",
            doi="10.5555/tea.2021.7",
            pmid="30654323",
            url="https://pubmed.ncbi.nlm.nih.gov/30654323/",
        ),
        50: expected(
            "This chapter reviews how often, and for how long, meetings should pause for rest.",
            "Pauses in meetings",
            "30654324",
            authors=("Ann Rest",),
            year=2018,
            venue="Handbook of Pauses",
            pmid="30654324",
            url="https://pubmed.ncbi.nlm.nih.gov/30654324/",
        ),
    },
    "arxiv_oai.xml": {
        5: expected(
            f"{FERNS} The ratio estimator has the smallest error, ϵ≤ 0.1.",
            "Counting ferns: k-nearest fronds",
            "2204.00999",
            authors=("Lin Ferrow", "B. Osträva Jr."),
            year=2022,
            venue="J. Ferns 3 (2022) 1-9",
            doi="10.5555/ferns.3",
            arxiv_id="2204.00999",
            url="https://arxiv.org/abs/2204.00999",
            keywords=("stat.ME", "cs.LG"),
        ),
        19: "The record says that its paper was deleted",
        20: expected(
            "We show that every garden sphere is a ball, provided that nobody has stepped on it before.",
            "Spheres in gardens",
            "math/0101001",
            authors=("Ida Moss", "Bo Nib"),
            year=2001,
            arxiv_id="math/0101001",
            url="https://arxiv.org/abs/math/0101001",
            keywords=("math.GT",),
        ),
    },
    "oai_dc.xml": {
        4: expected(
            BOATS,
            "Weighing boats by tide",
            "2007.01234",
            authors=("Hob Drummle", "Ludwig von Tide"),
            year=2020,
            doi="10.5555/boats.3",
            arxiv_id="2007.01234",
            url="http://arxiv.org/abs/2007.01234",
            keywords=("Computer Science - Machine Learning",),
        )
    },
    "arxiv.atom": {
        5: expected(
            MOSS,
            "Moss on the north side of trees",
            "2303.01234v2",
            authors=("Ida Moss", "Tom Bark"),
            year=2023,
            venue="Annals of Moss 7 (2023)",
            doi="10.5555/moss.2023.7",
            arxiv_id="2303.01234v2",
            url="http://arxiv.org/abs/2303.01234v2",
            keywords=("q-bio.PE", "stat.AP"),
        )
    },
    "acl.xml": {
        12: expected(
            "We pretrain a language model at the pace of a snail, on 10^3 tokens a day, and find that it forgets less.",
            "SnailBERT: Slow Pretraining with n ≤ 3 Shells",
            "2021.snail-main.1",
            authors=("Ottoline Krill", "Piét van der Moor"),
            year=2021,
            venue="Proceedings of the 4th Workshop on Snail Language",
            doi="10.5555/2021.snail-main.1",
            url="https://aclanthology.org/2021.snail-main.1",
        ),
        22: NO_ABSTRACT,
        30: expected(
            "Snail trails can be segmented into words, with an agreement of 0.62 between four annotators.",
            "Trails as Text",
            "2021.snail-short.1",
            authors=("Nib",),
            year=2022,
            venue="Short Snails",
            url="https://aclanthology.org/2021.snail-short.1",
        ),
    },
}
FILES = pytest.mark.parametrize("name", EXPECTED)


def found_in(path: Path) -> dict[int, Abstract | str]:
    """What a file gives, by the number of the record: abstracts without their source, and reasons of rejections."""
    found: dict[int, Abstract | str] = {}
    for record in read([path]):
        cleaned = record if isinstance(record, Rejection) else clean(record)
        number = cleaned.record if isinstance(cleaned, Rejection) else cleaned.sources[0].record
        assert number not in found
        found[number] = cleaned.reason if isinstance(cleaned, Rejection) else replace(cleaned, sources=())
    return found


def same(found: dict[int, Abstract | str], wanted: dict[int, Abstract | str]) -> bool:
    """Whether both are the same, with the beginning of a reason enough."""
    return list(found) == list(wanted) and all(
        each.startswith(wanted_one) if isinstance(each, str) and isinstance(wanted_one, str) else each == wanted_one
        for each, wanted_one in zip(found.values(), wanted.values(), strict=True)
    )


@FILES
def test_every_field(name: str) -> None:
    """Each record is numbered by its first line, and each of its fields is where it belongs."""
    found = found_in(FIXTURES / name)
    assert same(found, EXPECTED[name]), found


@FILES
@pytest.mark.parametrize("suffix", ["", ".txt", ".dat"])
def test_content_tells_the_format(name: str, suffix: str, tmp_path: Path) -> None:
    """A missing or a wrong suffix changes nothing."""
    copy = tmp_path / f"copy{suffix}"
    copy.write_bytes((FIXTURES / name).read_bytes())
    assert same(found_in(copy), EXPECTED[name])


@FILES
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_line_ends_do_not_matter(name: str, end: bytes, tmp_path: Path) -> None:
    """Unix, Windows and old Macintosh line ends, and a byte order mark, give the same records."""
    copy = tmp_path / name
    unix = (FIXTURES / name).read_bytes().replace(b"\r\n", b"\n").removeprefix(b"\xef\xbb\xbf")
    copy.write_bytes(b"\xef\xbb\xbf" + unix.replace(b"\n", end))
    assert same(found_in(copy), EXPECTED[name])


@FILES
@pytest.mark.parametrize(("export", "suffix"), [(to_bibtex, ".bib"), (to_ris, ".ris")])
def test_export_and_import_again(name: str, export: object, suffix: str, tmp_path: Path) -> None:
    """What is exported is read back as it was."""
    abstracts = [each for each in EXPECTED[name].values() if isinstance(each, Abstract)]
    copy = tmp_path / f"export{suffix}"
    copy.write_text(export(abstracts), encoding="utf-8", newline="")  # type: ignore[operator]
    assert list(found_in(copy).values()) == abstracts


def written(tmp_path: Path, name: str, content: str) -> dict[int, Abstract | str]:
    """What a file with ``content`` gives."""
    path = tmp_path / name
    path.write_text(content, encoding="utf-8", newline="")
    return found_in(path)


GOOD = "@article{{{0}, title={{T}}, abstract={{We weigh boat {0} as the tides move it.}}}}\n"


@pytest.mark.parametrize(
    "broken",
    [
        "@article{broken, title={Not closed, abstract={We weigh}\n",
        "@article{broken, title={One brace too many}}, abstract={We weigh}}\n",
        "@article{broken, title {no equals sign}}\n",
        '@article{broken, title="not closed}\n',
        "@article{broken\n",
        "@{,}\n",
    ],
)
def test_a_broken_entry_leaves_its_neighbours(broken: str, tmp_path: Path) -> None:
    """One rejection with the line of the broken entry, and the entries before and after it are read."""
    found = written(tmp_path, "a.bib", GOOD.format(1) + broken + GOOD.format(2))
    texts = [each.text for each in found.values() if isinstance(each, Abstract)]
    assert texts == ["We weigh boat 1 as the tides move it.", "We weigh boat 2 as the tides move it."]
    reasons = {number: each for number, each in found.items() if isinstance(each, str)}
    assert list(reasons) in ([2], [2, 3]), found  # the second of two is the rest after one brace too many


def test_macros_that_grow_without_end(tmp_path: Path) -> None:
    """Macros made of macros are refused before they fill the memory, as entities are; others are read on."""
    macros = '@string{a = "aaaaaaaaaa"}\n' + "@string{a = a # a}\n" * 60
    entry = "@article{x, title=a # a # a, note=a # a, abstract={We weigh boats by tide.}}\n"
    found = written(tmp_path, "a.bib", macros + entry + GOOD.format(1))
    reasons = [each for each in found.values() if isinstance(each, str)]
    assert reasons
    assert all("macros" in each for each in reasons)
    assert [each.id for each in found.values() if isinstance(each, Abstract)][-1] == "1"


def test_entries_that_share_a_line(tmp_path: Path) -> None:
    """Several entries on one line are numbered on, so that each keeps a place of its own."""
    found = written(
        tmp_path, "a.bib", (GOOD.format(1) + GOOD.format(2) + GOOD.format(3)).replace("\n", " ") + "\n" + GOOD.format(4)
    )
    assert [each.id for each in found.values() if isinstance(each, Abstract)] == ["1", "2", "3", "4"]
    assert list(found) == [1, 2, 3, 4]


def test_records_that_share_a_line(tmp_path: Path) -> None:
    """XML on one line reads as XML on many, each record with a number of its own."""
    one_line = (FIXTURES / "pubmed.xml").read_text(encoding="utf-8").replace("\n", " ")
    found = written(tmp_path, "a.xml", one_line)
    assert list(found) == [1, 2, 3]
    assert list(found.values()) == list(EXPECTED["pubmed.xml"].values())


@pytest.mark.parametrize(
    "broken",
    [
        "<PubmedArticle><PMID>1</PMID></Wrong></PubmedArticle>",
        "<PubmedArticle><PMID>1</PMID>",
        "<PubmedArticle><PMID>&unknown;</PMID></PubmedArticle>",
        "<PubmedArticle><PMID>1 < 2</PMID></PubmedArticle>",
        f"<PubmedArticle>{'<b>' * 5000}{'</b>' * 5000}</PubmedArticle>",
    ],
)
def test_a_broken_element_leaves_its_neighbours(broken: str, tmp_path: Path) -> None:
    """XML that is not well-formed costs one record, not the file."""
    good = (
        "<PubmedArticle><MedlineCitation><PMID>{0}</PMID><Article><Abstract><AbstractText>{1}</AbstractText></Abstract>"
    )
    good += "</Article></MedlineCitation></PubmedArticle>\n"
    found = written(tmp_path, "a.xml", f"<PubmedArticleSet>\n{good.format(7, BOATS)}{broken}\n{good.format(8, MOSS)}")
    assert list(found) == [2, 3, 4]
    assert "not valid XML" in str(found[3])
    assert [each.pmid for each in found.values() if isinstance(each, Abstract)] == ["7", "8"]


def test_the_authors_of_a_chapter_are_not_the_editors_of_its_book(tmp_path: Path) -> None:
    """PubMed's books name both; the book's own stand for a chapter that names none."""
    people = "<AuthorList><Author><LastName>{0}</LastName></Author></AuthorList>"
    chapter = "<PubmedBookArticle><BookDocument><PMID>{0}</PMID><Book>{1}</Book>{2}<Abstract><AbstractText>{3}"
    chapter += "</AbstractText></Abstract></BookDocument></PubmedBookArticle>\n"
    editor, author = people.format("Editor"), people.format("Author")
    both = chapter.format(7, editor, author, BOATS) + chapter.format(8, editor, "", MOSS)
    found = written(tmp_path, "a.xml", f"<PubmedArticleSet>\n{both}</PubmedArticleSet>")
    assert [each.authors for each in found.values() if isinstance(each, Abstract)] == [("Author",), ("Editor",)]


@pytest.mark.parametrize(
    ("lines", "number"),
    [
        (
            ["UR  - https://arxiv.org/abs/2101.00001", "N1  - Comment: has text overlap with arXiv:2201.01234"],
            "2101.00001",
        ),
        (["DO  - 10.48550/arXiv.2101.00001", "N1  - arXiv:2201.01234"], "2101.00001"),
        (["UR  - https://a.example/x", "N1  - Comment: has text overlap with arXiv:2201.01234"], ""),
        (["N1  - <p>arXiv:2101.00001 [cs]</p>"], "2101.00001"),
        (["M1  - arXiv:2101.00001v2", "UR  - https://arxiv.org/abs/2101.00001"], "2101.00001v2"),
    ],
)
def test_an_arxiv_number_in_a_note_may_be_of_another_paper(lines: list[str], number: str, tmp_path: Path) -> None:
    """Addresses and the DOI say more, and a note counts that begins with the number; our own exports keep the version."""
    record = "\n".join(["TY  - JOUR", f"AB  - {BOATS}", *lines, "ER  - ", ""])
    (found,) = written(tmp_path, "a.ris", record).values()
    assert isinstance(found, Abstract)
    assert found.arxiv_id == number


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.ris", "TY  - JOUR\nAB  - {}\nAB  - {}\nAB  - \nN2  - Not this.\nER  - \n"),
        ("a.enw", "%0 Book\n%X {}\n%X {}\n"),
    ],
)
def test_an_abstract_on_several_lines_of_their_own(name: str, form: str, tmp_path: Path) -> None:
    """Sections that are tagged one by one are one abstract; the note beside it is not."""
    sections = ("Background: Owls hunt at night.", "Results: They ate four mice.")
    (found,) = written(tmp_path, name, form.format(*sections)).values()
    assert isinstance(found, Abstract)
    assert found.text == " ".join(sections)


@pytest.mark.parametrize("name", ["Garden, Inc.", ",x^2,,", "Nib,, Ltd, Inc."])
def test_commas_in_a_name(name: str, tmp_path: Path) -> None:
    """A name that is not to be turned around comes back with all of its commas."""
    (found,) = written(tmp_path, "a.ris", to_ris([expected(BOATS, "Boats", authors=(name,))])).values()
    assert isinstance(found, Abstract)
    assert found.authors == (name,)


def test_powers_in_bibtex(tmp_path: Path) -> None:
    """A superscript number right after another is its power."""
    entry = r"@article{a, title={T}, abstract={We count 10\textsuperscript{6} snails, 1\textsuperscript{st} of all.}}"
    (found,) = written(tmp_path, "a.bib", entry + "\n").values()
    assert isinstance(found, Abstract)
    assert found.text.startswith("We count 10^6 snails, 1")


@pytest.mark.parametrize(
    ("journal", "venue"),
    [
        (r"{\mnras}", "Monthly Notices of the Royal Astronomical Society"),
        (r'"{\apj}"', "Astrophysical Journal"),
        (r"{\unheardof}", "unheardof"),
        (r"{\textbackslash{}apj}", r"\apj"),
        (r"{The \aj}", r"The \aj"),
    ],
)
def test_journals_that_are_macros(journal: str, venue: str, tmp_path: Path) -> None:
    """NASA ADS names journals by the macros of the AAS; one that is not known stays without its backslash."""
    (found,) = written(
        tmp_path, "a.bib", f"@article{{a, title={{T}}, journal={journal}, abstract={{{BOATS}}}}}\n"
    ).values()
    assert isinstance(found, Abstract)
    assert found.venue == venue


LAUGHS = "".join(f'<!ENTITY lol{level} "{f"&lol{level - 1};" * 10}">' for level in range(1, 10))


@pytest.mark.parametrize(
    ("declared", "used"),
    [
        (f'<!ENTITY lol0 "lol">{LAUGHS}', "&lol9;"),
        (f'<!ENTITY long "{"a" * 20_000}">', "&long;" * 50_000),
        ('<!ENTITY file SYSTEM "file:///etc/passwd">', "&file;"),
        ('<!ENTITY % out SYSTEM "http://127.0.0.1:9/x.dtd"> %out;', "&out;"),
    ],
)
def test_entities_that_a_document_defines_are_refused(declared: str, used: str, tmp_path: Path) -> None:
    """Billion laughs, quadratic blow-up, and files and addresses as entities: a rejection that names the entity."""
    article = f"<PubmedArticle><PMID>{used}</PMID></PubmedArticle>"
    bomb = f"<!DOCTYPE x [{declared}]>\n<PubmedArticleSet>\n{article}\n</PubmedArticleSet>"
    ((number, reason),) = written(tmp_path, "a.xml", f"<?xml version='1.0'?>\n{bomb}").items()
    assert number == 4
    assert "undefined entity" in str(reason)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.ris", "Nothing here is RIS at all.\n"),
        ("a.nbib", "Nor is this MEDLINE.\n"),
        ("a.enw", "Nor this EndNote.\n"),
    ],
)
def test_a_file_that_is_not_what_its_name_says(name: str, content: str, tmp_path: Path) -> None:
    """A file without any record of its format is told."""
    assert "has no records" in str(written(tmp_path, name, content)[0])


def test_text_and_json_lines_stay_what_they_are(tmp_path: Path) -> None:
    """Prose that mentions the formats, and JSON Lines with BibTeX inside, are not taken for them."""
    prose = "We parse @article{key, ...} entries, and TY  - JOUR lines, in this long sentence about formats.\n"
    assert len(written(tmp_path, "prose.txt", prose * 3)) == 3
    lines = '{"id": "a", "abstract": "We compare the formats of bibliographies.", "bibtex": "\\n@article{a,\\n title={T}}"}\n'
    assert [each.id for each in written(tmp_path, "a.dat", lines).values() if isinstance(each, Abstract)] == ["a"]
