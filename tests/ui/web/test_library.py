"""Reports, tables and charts as HTML."""

from rag.records import Abstract, Conflict, IngestReport, Merge, Progress, Rejection
from tests.ui.answers import HOSTILE
from tests.ui.test_markup import parsed
from ui.web.library import Rows, progress_html, report_html, table_html, years_html


def test_the_report_names_every_reason() -> None:
    """Counts, then file, record and reason of what was not taken, then what was merged."""
    report = IngestReport(
        3, rejected=[Rejection("/x/a.txt", 7, "It is empty.")], merged=1, merges=[Merge("a.txt", 2, "id")]
    )
    shown = parsed(report_html(report)).text
    assert "3 added, 1 merged" in shown
    assert "a.txt, record 7: It is empty." in shown
    assert "a.txt, record 2" in shown


def test_the_report_counts_what_was_kept_apart_and_removed() -> None:
    """A shared identifier of two papers is told, with the record that claims it."""
    report = IngestReport(1, conflicts=[Conflict("/x/a.bib", 7, "b", "doi:10.1/x")], removed=2)
    shown = parsed(report_html(report)).text
    assert "2 removed" in shown
    assert "a.bib, record 7: claims doi:10.1/x as b does" in shown


def test_a_long_list_of_rejections_is_cut_and_says_so() -> None:
    """A bad file of a million lines must not fill the page."""
    report = IngestReport(rejected=[Rejection("a.txt", number, "Bad.") for number in range(1000)])
    assert "and 950 more" in report_html(report)


def test_progress_is_a_progress_bar() -> None:
    """With a known total it is filled, without it only moves."""
    assert 'value="5"' in progress_html(Progress("embedding", 5, 10), "a.txt")
    assert "value" not in progress_html(Progress("reading", 5), "a.txt")


def test_hostile_titles_stay_text_in_the_table() -> None:
    """Titles, venues and file names are data."""
    shown = parsed(table_html(Rows([Abstract("1", "T.", HOSTILE, venue=HOSTILE)], 0, 1)))
    assert not {"img", "script"} & {tag for tag, _ in shown.tags}


def test_years_show_every_number() -> None:
    """The counts are in the chart as text, years between without abstracts too."""
    shown = parsed(years_html({2019: 2, 2021: 1}, 4)).text
    assert shown.replace(" ", "") == "Abstractsperyear220190202012021" + "1moreareolderorwithoutayear."


def test_an_empty_library_says_what_it_is() -> None:
    """No table and no chart of nothing."""
    assert "There are no abstracts yet." in table_html(Rows([], 0, 0))
    assert "There are no abstracts yet." in years_html({}, 0)
