"""What the page's library does while files are being read in."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.ui.web.conftest import Server
from tests.ui.web.test_browser import visit

pytestmark = [
    pytest.mark.browser,
    pytest.mark.model,
    pytest.mark.server,
    pytest.mark.filterwarnings("ignore:Session-scoped fixtures defined as instance methods"),
]


def _snails(file: Path, numbers: range) -> Path:
    sentences = "Snails of garden {0} crossed {0} stones. Each stone was wet. They needed {0} hours for the way."
    rows = [{"title": f"Snails of garden {number}", "abstract": sentences.format(number)} for number in numbers]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def test_a_removal_waits_in_words_and_paging_does_not(
    serving: Callable[..., Server], page: Page, tmp_path: Path
) -> None:
    """While an upload is read in a removal says what it waits for, and one can page meanwhile; then it is done."""
    visit(page, serving())
    page.get_by_role("tab", name="Library").click()
    upload, report = page.locator("#upload input[type=file]"), page.locator("#report")
    upload.set_input_files(_snails(tmp_path / "few.jsonl", range(40)))
    expect(report).to_contain_text("40 added", timeout=120_000)
    expect(page.locator("#table caption")).to_contain_text("of 60")
    page.get_by_role("button", name="Later").click()
    expect(page.locator("#table caption")).to_contain_text("26 to 50 of 60")
    upload.set_input_files(_snails(tmp_path / "many.jsonl", range(40, 600)))
    expect(report).to_contain_text("many.jsonl: ingesting")
    remove = page.locator("#table .remove").first
    name = (remove.get_attribute("aria-label") or "").removeprefix("Remove: ")
    remove.click()
    remove.click()
    expect(page.locator("#removal")).to_contain_text(f"Removing as soon as no files are being read in: {name}")
    page.get_by_role("button", name="Earlier").click()
    expect(page.locator("#table caption")).to_contain_text("1 to 25")
    expect(report).to_contain_text("many.jsonl: ingesting")
    expect(page.locator("#removal")).to_contain_text(f"Removed: {name}", timeout=120_000)
    expect(page.locator(".headline")).to_have_text("619 abstracts")


def test_a_removal_stays_on_its_page(serving: Callable[..., Server], page: Page, tmp_path: Path) -> None:
    """The table is drawn again where it was, with the next abstract moved up."""
    visit(page, serving())
    page.get_by_role("tab", name="Library").click()
    page.locator("#upload input[type=file]").set_input_files(_snails(tmp_path / "few.jsonl", range(40)))
    expect(page.locator("#report")).to_contain_text("40 added", timeout=120_000)
    expect(page.locator("#table caption")).to_contain_text("of 60")
    page.get_by_role("button", name="Later").click()
    expect(page.locator("#table caption")).to_contain_text("26 to 50 of 60")
    for _ in range(2):
        page.locator("#table .remove").first.click()
    expect(page.locator("#table caption")).to_contain_text("26 to 50 of 59")
