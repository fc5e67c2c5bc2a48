"""What happens on the real page when something comes between a question and its answer."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.ui.web.conftest import Server, SlowModel
from tests.ui.web.test_browser import QUESTION, ask, visit

pytestmark = [
    pytest.mark.browser,
    pytest.mark.model,
    pytest.mark.server,
    pytest.mark.filterwarnings("ignore:Session-scoped fixtures defined as instance methods"),
]

OTHER = "What are diffusion models?"


@pytest.fixture
def writing(slow: Server, slow_model: SlowModel, page: Page) -> Any:
    """A visit on which ``writing(question)`` asks and returns as soon as words of an answer without an end are there."""
    slow_model.hold.clear()
    visit(page, slow)

    def start(question: str | None = None) -> None:
        slow_model.hold.set()
        if question:
            page.get_by_label("Question", exact=True).fill(question)
            page.keyboard.press("Enter")
        else:
            page.get_by_role("button", name="Ask again").click()
        expect(page.locator("#live .draft")).to_contain_text("and and", timeout=60_000)

    yield start
    slow_model.hold.clear()


def test_a_question_is_not_drawn_over_by_the_page_that_still_loads(slow: Server, page: Page) -> None:
    """Who asks before a slow connection has brought the conversations finds the question and its answer there."""
    late: list[Route] = []

    def hold(route: Route) -> None:
        if QUESTION in (route.request.post_data or ""):
            route.continue_()
        else:
            late.append(route)

    page.route("**/queue/join*", hold)
    page.goto(slow.url)
    page.get_by_label("Question", exact=True).fill(QUESTION)
    page.keyboard.press("Enter")
    expect(page.locator("#announce")).to_contain_text(re.compile("supported|as soon as the page has loaded"))
    for route in late:
        route.continue_()
    page.unroute("**/queue/join*")
    expect(page.locator(".headline")).to_have_text("20 abstracts")
    expect(page.locator("#turn-0 .question")).to_have_text(QUESTION)
    expect(page.locator("#turn-0 .answer")).to_be_visible()
    expect(page.locator(".welcome")).to_have_count(0)


def test_after_stop_no_draft_is_left_on_the_page(writing: Any, slow_model: SlowModel, page: Page) -> None:
    """What the model wrote meanwhile is not drawn over it, and the next question can be asked."""
    for turn in range(3):
        slow_model.left.clear()
        writing(QUESTION)
        page.get_by_role("button", name="Stop").click()
        expect(page.locator(f"#turn-{turn} .error")).to_contain_text("Stopped")
        assert slow_model.left.wait(20)
        expect(page.locator(".turn.live")).to_have_count(0)


def test_stopping_a_question_asked_again_keeps_its_answer(writing: Any, slow_model: SlowModel, page: Page) -> None:
    """The answer that was there is there again; nothing was put in its place, and no turn is added."""
    ask(page, QUESTION)
    answered = page.locator("#turn-0 .answer").inner_text()
    writing()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#turn-0 .answer")).to_have_text(answered)
    expect(page.locator(".turn")).to_have_count(1)
    page.reload()
    expect(page.locator("#turn-0 .answer")).to_have_text(answered)


def test_stopping_an_edited_question_leaves_it_in_the_place_of_the_old_one(writing: Any, page: Page) -> None:
    """As for a first question: it says that it was stopped, and can be asked again."""
    ask(page, QUESTION)
    page.get_by_role("button", name="Edit").click()
    expect(page.get_by_label("Question", exact=True)).to_have_value(QUESTION)
    writing(OTHER)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#turn-0 .error")).to_contain_text("Stopped")
    expect(page.locator(".question")).to_have_text([OTHER])


def test_a_reload_keeps_the_question_that_was_being_answered(writing: Any, slow_model: SlowModel, page: Page) -> None:
    """It stands there as one that was stopped, after the turns before it; asking again answers it."""
    ask(page, QUESTION)
    writing(OTHER)
    page.reload()
    expect(page.locator("#transcript .question")).to_have_text([QUESTION, OTHER])
    expect(page.locator("#turn-1 .error")).to_contain_text("Stopped")
    slow_model.hold.clear()
    page.get_by_role("button", name="Ask again").click()
    expect(page.locator("#turn-1 .answer")).to_be_visible(timeout=60_000)
    expect(page.locator(".turn")).to_have_count(2)
