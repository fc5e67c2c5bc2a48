"""What happens on the real page when something comes between a question and its answer."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.ui.web.conftest import Server, SlowModel
from tests.ui.web.test_browser import QUESTION

pytestmark = [
    pytest.mark.browser,
    pytest.mark.model,
    pytest.mark.server,
    pytest.mark.filterwarnings("ignore:Session-scoped fixtures defined as instance methods"),
]


@pytest.fixture(scope="module")
def slow(serving: Callable[..., Server], slow_model: SlowModel) -> Server:
    """The page over the seeds, composing with the slow model."""
    base = f"http://127.0.0.1:{slow_model.server_port}/v1"
    return serving(RAG_LLM="openai-like/slow", RAG_LLM_BASE_URL=base, RAG_LLM_API_KEY="none")


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
