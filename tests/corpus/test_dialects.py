"""The fixtures of services and reference managers: every field of every abstract."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from rag.corpus import Record, clean, read
from rag.records import Abstract, Rejection

FIXTURES = Path(__file__).parent / "fixtures"
S2 = "https://www.semanticscholar.org/paper/"

EXPECTED = {
    "arxiv_snapshot.json": [
        Abstract(
            "0911.04217",
            "We measure currents in foams that are sheared at constant rate. Below a yield strain of γ = 0.18 the flow "
            "stops within 40 s. Above it, currents grow linearly with the rate.",
            "Slow currents in driven foams",
            authors=("Mirela Oszkó", "J. van der Plume", "Tobin Ashgrove Jr"),
            year=2009,
            venue="Phys. Foams E 81, 021403 (2010)",
            doi="10.5555/physfoamse.81.021403",
            arxiv_id="0911.04217",
            url="https://arxiv.org/abs/0911.04217",
            keywords=("cond-mat.soft", "physics.flu-dyn"),
        ),
        Abstract(
            "math/9907013",
            "We count lattice walks that never turn left twice in a row. The counts satisfy a recurrence of order three.",
            "A note on lattice walks",
            authors=("Peregrine Vold",),
            year=1999,
            arxiv_id="math/9907013",
            url="https://arxiv.org/abs/math/9907013",
            keywords=("math.CO",),
        ),
    ],
    "semantic_scholar_search.json": [
        Abstract(
            "4f1d2c0a9b8e7f6a5d4c3b2a190817263544f0e1",
            "Dense indexes grow with the collection. We prune two thirds of the vectors of a passage index and keep 98% of "
            "its recall on rare questions.",
            "Pruning retrieval indexes without losing rare questions",
            authors=("Ines Quarrow", "T. Belmarsh"),
            year=2022,
            venue="Workshop on Small Search",
            doi="10.48550/arxiv.2203.01177",
            pmid="35551234",
            arxiv_id="2203.01177",
            url=S2 + "4f1d2c0a9b8e7f6a5d4c3b2a190817263544f0e1",
            keywords=("Computer Science",),
        ),
        "A paper without an abstract",
    ],
    "semantic_scholar_bulk.jsonl": [
        Abstract(
            "1234567",
            "We describe a parser for telegraphic text. It needs no grammar and parses 91% of 2,000 field notes as two "
            "linguists would.",
            "Parser for telegraphic text",
            title_derived=True,
            doi="10.5555/tsl.1999.7",
            arxiv_id="cs/9911003",
            url="https://example.org/tsl/7.pdf",
        ),
        Abstract(
            "7654321",
            "Eight librarians indexed the same 300 reports. Their terms agree on one report in three, and time of day "
            "explains a tenth of the rest.",
            "Indexing by hand",
            authors=("Ines Quarrow",),
            year=2003,
            venue="Proceedings of Slow Indexing",
            doi="10.5555/ssi.2003.44",
            pmid="12000001",
            url=S2 + "0011",
            keywords=("Computer Science", "Linguistics"),
        ),
        Abstract(
            "555000",
            "We find tides of 3 nm in a bathtub. They follow the moon with a delay of one hour.",
            "Tides in a bathtub",
            arxiv_id="1901.00555",
        ),
    ],
    "openalex.json": [
        Abstract(
            "W4200000017",
            "Moss changes colour with the temperature of the ground. We calibrate the colour of 120 cushions of moss "
            "against buried sensors and read the temperature to within 0.8 degrees.",
            "Moss as a living thermometer",
            authors=("Sunniva Harrowgate", "Emre Dovecote"),
            year=2021,
            venue="Journal of Moss Biology",
            doi="10.5555/jmb.2021.17",
            pmid="34000017",
            arxiv_id="2011.09999",
            url="https://doi.org/10.5555/jmb.2021.17",
            keywords=("Moss", "Thermometry"),
        )
    ],
    "crossref.json": [
        Abstract(
            "10.5555/CARD.2019.0042",
            "Background: It is not known whether early walking helps after minor surgery. Methods: We randomised 212 "
            "patients to walk within 4 h or after 24 h. Results: Early walkers went home 0.9 days sooner (p < 0.01) and "
            "used 30 mg m2 less.",
            "Walking after minor surgery: a randomised trial",
            authors=("Oriel Tamsin", "Beatrix Holloway III", "The GENTLE Study Group"),
            year=2019,
            venue="Annals of Gentle Cardiology",
            doi="10.5555/card.2019.0042",
            url="http://dx.doi.org/10.5555/card.2019.0042",
            keywords=("Cardiology", "Rehabilitation"),
        ),
        "A chapter without an abstract",
    ],
    "csl.json": [
        Abstract(
            "QX7WZP2A",
            "We collect fog with strips of hook tape. A square metre gives 1.4 litres of water in a night, twice what "
            "mesh gives.",
            "Fog harvesting with Velcro",
            authors=("Idris Marrakchi-Lund", "Saskia van de Velde", "Fog Collective"),
            year=2018,
            venue="Journal of Dry Places",
            doi="10.5555/jdp.2018.3",
            pmid="29000003",
            url="https://example.org/jdp/3",
            keywords=("fog", "water"),
        ),
        Abstract(
            "okonedo2023",
            "Birds are hard to count against the sky. We count their shadows on the ground instead and miss one bird in "
            "twenty.",
            "Counting birds by their shadows",
            authors=("Tamsel Okonedo",),
            year=2023,
            arxiv_id="2305.04321",
            url="http://arxiv.org/abs/2305.04321",
        ),
        "A book without an abstract",
    ],
    "europe_pmc.json": [
        Abstract(
            "31000009",
            "Background: Snails may keep a trace of past warmth. Results: Snails that were warmed once moved 20% faster a "
            "month later.",
            "Pond snails remember warm days.",
            authors=("Astrid Lindqvist-Moor", "Bo Petrel"),
            year=2020,
            venue="Ponds",
            doi="10.5555/ponds.2020.9",
            pmid="31000009",
            keywords=("snails", "memory"),
        )
    ],
    "zotero.json": [
        Abstract(
            "K2M4N6P8",
            "A rope with a woven sensor counts how often it was loaded. After 10,000 loads the count is off by 12.",
            "Ropes that count their loads",
            authors=("Halvard Esk",),
            year=2017,
            venue="Textile Sensors",
            doi="10.5555/ts.2017.1",
            pmid="27000001",
            url="https://example.org/ts/1",
            keywords=("ropes", "sensors"),
        )
    ],
    "openreview.json": [
        Abstract(
            "aB3dE5fG7h",
            "Models remember what they should forget. We remove single examples by one step of ascent and lose 0.2 points "
            "of accuracy.",
            "Forgetting on purpose",
            authors=("Wren Albemarle", "Ngaio Pell"),
            year=2024,
            venue="SMALL 2024 poster",
            url="https://openreview.net/forum?id=aB3dE5fG7h",
            keywords=("unlearning", "privacy"),
        )
    ],
    "scopus.csv": [
        Abstract(
            "44d3cfd858c4",
            "Bricks were grown from mycelium. They carry 1.1 MPa, and burn only above 300 °C. © 2020 Invented Press",
            'Bricks from "dead" mushrooms, dried slowly',
            authors=("A. Kestrel", "T. Nakamori-Bly"),
            year=2020,
            venue="Journal of Slow Materials",
            doi="10.5555/jsm.2020.8.1",
            pmid="33000001",
            url="https://www.scopus.com/inward/record.uri?eid=2-s2.0-1",
            keywords=("bricks", "mycelium"),
        ),
        "No abstract available",
    ],
    "ieee.csv": [
        Abstract(
            "5720532b9684",
            "A radio that is buried in snow reaches 40 m. With its antenna upright it reaches 55 m.",
            "A Radio for Snow",
            authors=("O. Tamsin", "W. Albemarle"),
            year=2016,
            venue="2016 Workshop on Cold Radio (WCR)",
            doi="10.5555/wcr.2016.7",
            url="https://example.org/wcr/7.pdf",
            keywords=("Antennas", "Snow"),
        )
    ],
    "table.tsv": [
        Abstract(
            "t-1",
            "Wheels of cork are quieter than wheels of rubber. On gravel the difference is 9 dB.",
            "Quiet wheels",
            authors=("Halvard Esk", "Wren Albemarle"),
            year=2011,
        ),
        Abstract(
            "t-2",
            'Wheels of steel are louder than wheels of cork, "by a lot", and nobody minds.',
            "Loud wheels",
            authors=("Wren Albemarle",),
            year=2012,
        ),
    ],
}


@pytest.mark.parametrize("name", EXPECTED)
def test_every_field_of_a_fixture(name: str) -> None:
    """Each record comes with all that its file says of it; one without an abstract is told by its title."""
    found = [clean(each) if isinstance(each, Record) else each for each in read(FIXTURES / name)]
    assert len(found) == len(EXPECTED[name])
    for each, expected in zip(found, EXPECTED[name], strict=True):
        if isinstance(expected, str):
            assert isinstance(each, Rejection)
            assert each.no_abstract
            assert expected in each.reason
        else:
            assert isinstance(each, Abstract), each
            assert replace(each, sources=()) == expected


@pytest.mark.parametrize("fields", [{"type": ["article"]}, {"paperId": "1", "fieldsOfStudy": [["Biology"]]}])
def test_a_list_where_a_word_is_expected(fields: dict[str, object]) -> None:
    """It is no reason to stop."""
    assert isinstance(clean(Record("f", 1, {"abstract": "Snails are slow, as was found.", **fields}, "")), Abstract)


def test_a_single_work_as_the_service_answers_it() -> None:
    """The answer to a request for one work is that work."""
    answer = {
        "status": "ok",
        "message": {"DOI": "10.5555/x", "title": ["One work"], "abstract": "<jats:p>It has a text.</jats:p>"},
    }
    found = clean(Record("f", 1, answer, ""))
    assert isinstance(found, Abstract)
    assert (found.title, found.text, found.doi) == ("One work", "It has a text.", "10.5555/x")


SNAILS = "We measure how quickly snails cross a garden. They are slow."
ANSWERS = {
    "DataCite": {
        "data": [
            {
                "id": "10.5281/snails.1",
                "attributes": {
                    "doi": "10.5281/snails.1",
                    "creators": [{"name": "Quarrow, Ines", "givenName": "Ines", "familyName": "Quarrow"}],
                    "titles": [{"title": "Slow snails"}],
                    "publicationYear": 2021,
                    "container": {"title": "Snails"},
                    "subjects": [{"subject": "pace"}],
                    "descriptions": [
                        {"description": "One table.", "descriptionType": "TechnicalInfo"},
                        {"description": SNAILS, "descriptionType": "Abstract"},
                    ],
                    "url": "https://example.org/1",
                },
            }
        ]
    },
    "Lens": {
        "total": 1,
        "data": [
            {
                "lens_id": "012-345",
                "title": "Slow snails",
                "external_ids": [{"type": "doi", "value": "10.5281/snails.1"}, {"type": "pmid", "value": "30000001"}],
                "authors": [{"collective_name": None, "first_name": "Ines", "last_name": "Quarrow"}],
                "source": {"title": "Snails", "type": "Journal"},
                "year_published": 2021,
                "abstract": SNAILS,
                "keywords": ["pace"],
                "source_urls": [{"type": "html", "url": "https://example.org/a"}],
            }
        ],
    },
    "INSPIRE": {
        "hits": {
            "hits": [
                {
                    "id": "11243",
                    "metadata": {
                        "abstracts": [{"source": "arXiv", "value": SNAILS}],
                        "arxiv_eprints": [{"value": "1207.7235"}],
                        "authors": [{"full_name": "Quarrow, Ines"}],
                        "control_number": 11243,
                        "dois": [{"value": "10.5281/snails.1"}],
                        "keywords": [{"value": "pace"}],
                        "publication_info": [{"journal_title": "Snails", "year": 2021}],
                        "titles": [{"title": "Slow snails"}],
                    },
                }
            ]
        }
    },
}
ANSWERED = {
    "Lens": {"id": "012-345", "url": "https://example.org/a", "pmid": "30000001"},
    "DataCite": {"id": "10.5281/snails.1", "url": "https://example.org/1"},
    "INSPIRE": {"id": "11243", "url": "https://inspirehep.net/literature/11243", "arxiv_id": "1207.7235"},
}


@pytest.mark.parametrize("name", ANSWERS)
def test_answers_that_nest_their_fields(name: str, tmp_path: Path) -> None:
    """Services that put what they know of a paper deeper are read in every field."""
    path = tmp_path / "answer.json"
    path.write_text(json.dumps(ANSWERS[name]))
    (found,) = (clean(each) for each in read(path) if isinstance(each, Record))
    assert isinstance(found, Abstract), found
    known = {"authors": ("Ines Quarrow",), "year": 2021, "venue": "Snails", "doi": "10.5281/snails.1"}
    expected = Abstract("", SNAILS, "Slow snails", keywords=("pace",), **known)  # type: ignore[arg-type]
    assert replace(found, sources=()) == replace(expected, **ANSWERED[name])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "year"),
    [
        ({"pdate": 1705400000000, "cdate": 1695000000000}, 2024),
        ({"cdate": 1695000000000}, 2023),
        ({"pdate": None, "cdate": "2020"}, None),
        ({"pdate": 10**30}, None),
    ],
)
def test_the_year_of_an_open_review(fields: dict[str, object], year: int | None) -> None:
    """It is that of the publication, given in milliseconds, before that of the submission."""
    found = clean(Record("f", 1, {"id": "x", "content": {"abstract": {"value": SNAILS}}, **fields}, ""))
    assert isinstance(found, Abstract)
    assert found.year == year


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("<p>Costs fell by 5&lt;10 % when p < 0.05 and q > 1.</p>", "Costs fell by 5<10 % when p < 0.05 and q > 1."),
        ("The <UNK> token and List<int> stay as they are.", "The <UNK> token and List<int> stay as they are."),
        ("&lt;p&gt;Escaped <b>twice</b> is read.&lt;/p&gt;", "Escaped twice is read."),
        ("<jats:title>Aims</jats:title><jats:p>To see</jats:p><jats:p>more.</jats:p>", "Aims: To see more."),
        (
            "With <jats:alternatives><jats:tex-math>$x$</jats:tex-math><mml:math><mml:mi>x</mml:mi></mml:math>"
            "</jats:alternatives> we see more.",
            "With x we see more.",
        ),
        ("About 5 × 10<jats:sup>6</jats:sup> cells in<sup>1</sup> all.", "About 5 × 10^6 cells in1 all."),
        ("A share of 10<sup>-5</sup> and 10<SUP class='x'> +3 </SUP> of all.", "A share of 10^-5 and 10^+3 of all."),
        ("Both n<p and n>p occur where a<b and c>d hold.", "Both n<p and n>p occur where a<b and c>d hold."),
        ("With i<s we get u>q, b<i or s>u, and a<p to p>q.", "With i<s we get u>q, b<i or s>u, and a<p to p>q."),
        (
            """<p id="a-1" lang='en'>See <a href=https://a.example/b>this</a>,<br /> and <jats:ext-link """
            """xmlns:xlink="x" xlink:href="y" >that</jats:ext-link>.</p>""",
            "See this, and that.",
        ),
    ],
)
def test_markup_goes_and_text_stays(raw: str, text: str) -> None:
    """Tags of JATS, HTML and MathML go, headings become labels, and angle brackets of prose are kept."""
    found = clean(Record("f", 1, {"abstract": raw}, ""))
    assert isinstance(found, Abstract)
    assert found.text == text
