"""Two tabs of one browser, which share its store."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.ui.web.conftest import Server, SlowModel
from tests.ui.web.test_browser import QUESTION, ask, visit

pytestmark = [
    pytest.mark.browser,
    pytest.mark.model,
    pytest.mark.server,
    pytest.mark.filterwarnings("ignore:Session-scoped fixtures defined as instance methods"),
]

OTHER = "What are diffusion models?"


def _listed(page: Page) -> set[str]:
    page.reload()
    page.locator(".shelf").wait_for()
    return set(page.locator(".conversations .title").all_inner_texts())


def test_both_tabs_conversations_are_kept(slow: Server, slow_model: SlowModel, context: BrowserContext) -> None:
    """Asked one after the other: each tab lists both, before and after a reload; one that is deleted stays deleted."""
    slow_model.hold.clear()
    left, right = visit(context.new_page(), slow), visit(context.new_page(), slow)
    ask(left, QUESTION)
    expect(right.locator(".conversations .title")).to_have_text([QUESTION])
    expect(right.locator(".turn")).to_have_count(0)
    ask(right, OTHER)
    expect(left.locator(".conversations .title")).to_have_text([OTHER, QUESTION])
    expect(left.locator(".question")).to_have_text([QUESTION])
    assert _listed(left) == _listed(right) == {QUESTION, OTHER}
    for _ in range(2):
        left.get_by_role("button", name=f"Delete conversation: {OTHER}").click()
    expect(right.locator(".conversations .title")).to_have_text([QUESTION])
    ask(right, "What is MAGVIT-v2?")
    assert OTHER not in _listed(left)


def test_what_is_heard_during_an_answer_is_kept_with_it(
    slow: Server, slow_model: SlowModel, context: BrowserContext
) -> None:
    """While one tab waits for a long answer another one asks in two conversations; all three are kept."""
    slow_model.hold.set()
    left, right = visit(context.new_page(), slow), visit(context.new_page(), slow)
    left.get_by_label("Question", exact=True).fill(QUESTION)
    left.keyboard.press("Enter")
    expect(left.locator("#live .draft")).to_contain_text("and and", timeout=60_000)
    right.get_by_role("button", name="Filters and composer").click()
    right.get_by_label("Answers by").fill("quotes")
    right.keyboard.press("Enter")
    ask(right, OTHER)
    right.get_by_role("button", name="New conversation").click()
    expect(right.locator(".welcome")).to_be_visible()
    ask(right, "What is MAGVIT-v2?")
    slow_model.hold.clear()
    left.locator("#turn-0 .answer").wait_for(timeout=60_000)
    expect(left.locator(".conversations li")).to_have_count(3)
    assert _listed(left) == _listed(right) == {QUESTION, OTHER, "What is MAGVIT-v2?"}


def test_tabs_that_answer_at_the_same_time_keep_both(
    slow: Server, slow_model: SlowModel, context: BrowserContext
) -> None:
    """The answer that ends last does not overwrite the other."""
    slow_model.hold.set()
    pages = visit(context.new_page(), slow), visit(context.new_page(), slow)
    for page, question in zip(pages, (QUESTION, OTHER), strict=True):
        page.get_by_label("Question", exact=True).fill(question)
        page.keyboard.press("Enter")
        expect(page.locator("#live .draft")).to_contain_text("and and", timeout=60_000)
    slow_model.hold.clear()
    for page in pages:
        page.locator("#turn-0 .answer").wait_for(timeout=60_000)
        expect(page.locator(".conversations li")).to_have_count(2)
    assert _listed(pages[0]) == _listed(pages[1]) == {QUESTION, OTHER}
