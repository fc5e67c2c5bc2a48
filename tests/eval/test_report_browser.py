"""The report in a real browser, with the network off."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

from eval.questions import Question
from eval.runner import run

pytestmark = pytest.mark.browser

MakeAssistant = Callable[..., Any]


@pytest.fixture
def chromium() -> str:
    """The path of a Chromium; skips, saying so, where there is none."""
    import shutil

    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no Chromium is installed")
    return found


def _visible(page: Page) -> list[str]:
    return [text.split(maxsplit=1)[1] for text in page.locator("article.case:visible h3").all_text_contents()]


def test_the_three_worst_answers_are_what_one_sees_first(
    chromium: str, questions: list[Question], make_assistant: MakeAssistant, tmp_path: Path
) -> None:
    """Only failures at first, worst on top; filters narrow them; no console message; nothing asked of the network."""
    run(questions, make_assistant(), tmp_path, identity={"llm": "<b>quotes</b>"})
    messages: list[str] = []
    requests: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context(offline=True)
        page = context.new_page()
        page.on("console", lambda message: messages.append(message.text))
        page.on("pageerror", lambda error: messages.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto((tmp_path / "report.html").as_uri())
        assert set(_visible(page)) == {"How long is each?", "Do bees dream in winter flights?"}
        assert page.locator("article.case:visible .bad").first.is_visible()
        assert page.locator(".identity").inner_text().count("<b>quotes</b>") == 1
        page.select_option("select[name=show]", "all")
        assert len(_visible(page)) == len(questions)
        page.select_option("select[name=type]", "nearmiss")
        assert _visible(page) == ["Do bees dream in winter flights?"]
        page.select_option("select[name=type]", "")
        page.fill("input[name=text]", "river recordings 12")
        assert _visible(page) == ["How long is each?", "How many river recordings are in Moss?"]
        page.fill("input[name=text]", "zebra")
        assert page.locator("#none").is_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        browser.close()
    assert messages == []
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
