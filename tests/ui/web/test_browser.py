"""The page in a real browser, served by a real server with the real embedder."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.ui.answers import HOSTILE
from tests.ui.web.conftest import Server, SlowModel

pytestmark = [
    pytest.mark.browser,
    pytest.mark.model,
    pytest.mark.server,
    # pytest-base-url, which pytest-playwright brings, still declares its fixtures the old way.
    pytest.mark.filterwarnings("ignore:Session-scoped fixtures defined as instance methods"),
]

expect.set_options(timeout=30_000)  # a shared machine pauses for longer than Playwright's five seconds

QUESTION = "How does ACTS measure adversarial robustness?"
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def server(serving: Callable[..., Server]) -> Server:
    """The page over the seeds, composing with quotes."""
    return serving()


@pytest.fixture
def watched(context: BrowserContext) -> Iterator[list[str]]:
    """What a page must not do: errors in the console, and requests to another host. Checked at the end."""
    wrong: list[str] = []

    def watch(page: Page) -> None:
        page.on("console", lambda told: wrong.append(f"console: {told.text}") if told.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        page.on("request", lambda sent: wrong.append(f"request: {sent.url}") if _is_foreign(sent.url) else None)

    context.on("page", watch)
    yield wrong
    assert wrong == []


def _is_foreign(url: str) -> bool:
    return not re.match(r"(http://127\.0\.0\.1[:/]|data:|blob:)", url)


@pytest.fixture
def desk(server: Server, watched: list[str], page: Page) -> Page:
    """A first visit in a wide window."""
    return visit(page, server)


def visit(page: Page, server: Server, size: dict[str, int] = WIDE) -> Page:
    """Open the page and wait until it can be used."""
    page.set_viewport_size(size)  # type: ignore[arg-type]
    page.goto(server.url)
    page.locator(".shelf").wait_for()
    return page


def ask(page: Page, question: str, turn: int = 0) -> None:
    """Type a question, press Enter and wait for its checked answer."""
    page.get_by_label("Question", exact=True).fill(question)
    page.keyboard.press("Enter")
    page.locator(f"#transcript #turn-{turn} .tools").wait_for(timeout=60_000)


def test_a_first_visit_offers_questions_that_are_answered(desk: Page) -> None:
    """The examples come from the corpus; clicking one answers it, with footnotes and a verdict."""
    expect(desk.locator(".headline")).to_have_text("20 abstracts")
    examples = desk.locator("button.example")
    expect(examples.first).to_be_visible()
    question = examples.first.inner_text()
    examples.first.click()
    desk.locator("#turn-0 .tools").wait_for(timeout=60_000)
    expect(desk.locator("#turn-0 .question")).to_have_text(question)
    expect(desk.locator("#turn-0 a.footnote").first).to_be_visible()
    expect(desk.locator("#turn-0 .verdict")).to_contain_text(re.compile(r"\d of \d sentences? supported"))


def test_a_footnote_opens_the_evidence_with_its_sentence_marked(desk: Page) -> None:
    """The panel shows the whole abstract; the mark is the quoted sentence itself; Escape leads back."""
    ask(desk, QUESTION)
    note = desk.locator("#turn-0 a.footnote").first
    quoted = desk.locator("#turn-0 .sentence").first.evaluate("each => each.firstChild.textContent")
    note.click()
    expect(desk.locator("#evidence mark.current")).to_have_text(quoted)
    expect(desk.locator("#evidence article").first).to_be_focused()
    desk.keyboard.press("Escape")
    expect(note).to_be_focused()


def test_a_footnote_leads_to_its_sentence_in_a_narrow_window_too(server: Server, page: Page) -> None:
    """The drawer is lower than a long abstract; the marked sentence is scrolled into view."""
    visit(page, server, NARROW)
    ask(page, QUESTION)
    page.locator("#turn-0 a.footnote").first.click()
    expect(page.locator("#evidence mark.current")).to_be_in_viewport()


def test_a_footnote_stays_on_the_line_of_its_sentence(desk: Page) -> None:
    """However wide the window is, no line of the answer begins with a footnote."""
    ask(desk, QUESTION)
    alone = """answer => Array.from({length: 300}, (_, more) => 150 + more).filter(width => {
        answer.style.width = `${width}px`;
        const text = answer.querySelector(".sentence").firstChild, last = document.createRange();
        last.setStart(text, text.length - 1);
        last.setEnd(text, text.length);
        return answer.querySelector("a.footnote").getBoundingClientRect().left < last.getBoundingClientRect().right;
    })"""
    assert desk.locator("#turn-0 .answer").evaluate(alone) == []


def test_the_keyboard_alone_reaches_a_footnote_and_its_source(desk: Page) -> None:
    """Typing, Enter, Tab and Enter are enough; the focus lands on the source and can come back."""
    desk.keyboard.press("/")
    desk.keyboard.type(QUESTION)
    desk.keyboard.press("Enter")
    desk.locator("#turn-0 .tools").wait_for(timeout=60_000)
    for _ in range(30):
        desk.keyboard.press("Shift+Tab")
        if desk.evaluate("document.activeElement.matches('a.footnote')"):
            break
    desk.keyboard.press("Enter")
    expect(desk.locator("#evidence article:focus mark.current")).to_be_visible()
    desk.keyboard.press("Escape")
    assert desk.evaluate("document.activeElement.matches('a.footnote')")


def test_the_answer_is_announced(desk: Page) -> None:
    """A screen reader is told the verdict and the answer in a live region."""
    expect(desk.locator("#announce")).to_have_attribute("aria-live", "polite")
    ask(desk, QUESTION)
    expect(desk.locator("#announce")).to_contain_text("supported")


def test_a_follow_up_is_understood(desk: Page) -> None:
    """A question that leaves its subject out finds the abstract of the one before, and says what it looked for."""
    ask(desk, "What does ACTS measure?")
    ask(desk, "And on which dataset was it validated?", turn=1)
    expect(desk.locator("#turn-1 .searched")).to_contain_text("ACTS")
    expect(desk.locator("#turn-1 .answer")).to_contain_text("ImageNet")


def test_an_abstention_shows_what_is_nearest(desk: Page) -> None:
    """Off-topic questions are declined, with the nearest abstracts to open."""
    ask(desk, "Which wine goes with grilled octopus?")
    expect(desk.locator("#turn-0 .verdict")).to_contain_text("do not answer")
    expect(desk.locator("#turn-0 .searched")).to_contain_text("grilled octopus")
    nearest = desk.locator("#turn-0 .nearest button").first
    title = nearest.inner_text()
    nearest.click()
    expect(desk.locator("#evidence h3").first).to_contain_text(title)


def test_editing_and_asking_again(desk: Page) -> None:
    """Edit puts the question back, the new answer replaces the turn; asking again keeps one turn."""
    ask(desk, "What does ACTS measure?")
    desk.get_by_role("button", name="Edit").click()
    box = desk.get_by_label("Question", exact=True)
    expect(box).to_have_value("What does ACTS measure?")
    box.fill("What is diffusion used for?")
    box.press("Enter")
    expect(desk.locator("#turn-0 .question")).to_have_text("What is diffusion used for?")
    desk.locator("#turn-0 .tools").wait_for()
    desk.get_by_role("button", name="Ask again").click()
    desk.locator("#turn-0 .tools").wait_for()
    expect(desk.locator(".turn")).to_have_count(1)


def test_thumbs_and_copy(desk: Page) -> None:
    """A thumb stays pressed; copying takes the answer with its footnotes."""
    desk.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ask(desk, QUESTION)
    desk.get_by_role("button", name="Helpful", exact=True).click()
    expect(desk.get_by_role("button", name="Helpful", exact=True)).to_have_attribute("aria-pressed", "true")
    desk.get_by_role("button", name="Copy").click()
    expect(desk.locator("#announce")).to_contain_text("Copied")
    assert "[1] " in desk.evaluate("navigator.clipboard.readText()")


def test_conversations_survive_a_reload_and_a_restart(serving: Callable[..., Server], page: Page) -> None:
    """The browser keeps them, under the corpus' own secret, so that a new server process reads them again."""
    server = serving()
    visit(page, server)
    ask(page, QUESTION)
    answered = page.locator("#turn-0 .answer").inner_text()
    page.reload()
    expect(page.locator("#turn-0 .answer")).to_have_text(answered)
    server.stop()
    server.start()
    ask(page, "And on which dataset?", turn=1)
    page.reload()
    expect(page.locator("#turn-0 .answer")).to_have_text(answered)
    page.locator("#turn-0 a.footnote").first.click()
    expect(page.locator("#evidence mark.current")).to_be_visible()
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".welcome")).to_be_visible()
    page.locator(".conversations .title").click()
    expect(page.locator("#turn-0 .answer")).to_have_text(answered)


def test_two_users_never_see_each_other(server: Server, browser: Browser) -> None:
    """Two browsers ask at once; each sees its own question, before and after a reload."""
    pages = [browser.new_context().new_page() for _ in range(2)]
    questions = ["What does ACTS measure?", "What are diffusion models?"]
    for page in pages:
        visit(page, server)
    for page, question in zip(pages, questions, strict=True):
        page.get_by_label("Question", exact=True).fill(question)
    for page in pages:
        page.keyboard.press("Enter")
    for reload in (False, True):
        for page, question in zip(pages, questions, strict=True):
            if reload:
                page.reload()
            page.locator("#turn-0 .tools").wait_for(timeout=60_000)
            expect(page.locator(".question")).to_have_text([question])
            expect(page.locator(".conversations li")).to_have_count(1)
    for page in pages:
        page.context.close()


@pytest.mark.parametrize(
    ("form", "needle"),
    [("Markdown", "[^1]: "), ("JSON", '"citations"'), ("BibTeX of cited", "@misc{"), ("RIS of cited", "TY  - GEN")],
)
def test_a_conversation_is_saved(desk: Page, form: str, needle: str) -> None:
    """Each format comes as a file made from the answer on screen."""
    ask(desk, QUESTION)
    with desk.expect_download() as download:
        desk.get_by_role("button", name=form, exact=True).click()
    written = Path(download.value.path()).read_text("utf-8")
    assert needle in written
    if form == "JSON":
        assert json.loads(written)["turns"][0]["question"] == QUESTION


def test_uploads_report_and_can_be_asked_and_removed(
    serving: Callable[..., Server], page: Page, tmp_path: Path
) -> None:
    """An empty library takes a file, names what it rejects, answers from it, and forgets it again."""
    server = serving(seeds=False)
    visit(page, server)
    expect(page.locator(".welcome")).to_contain_text("no abstracts yet")
    good = tmp_path / "mood.jsonl"
    rows = [
        {
            "title": "Sugar and mood",
            "abstract": "Sugar lowers mood in adults. We followed 200 people for a year.",
            "year": 2021,
            "venue": "Trials",
        },
        {"title": "No text", "year": 2020},
        {
            "title": "Sleep and memory",
            "abstract": "Sleep improves memory in mice. We tested 40 mice in a maze.",
            "year": 2019,
        },
    ]
    good.write_text("".join(json.dumps(row) + "\n" for row in rows))
    page.get_by_role("tab", name="Library").click()
    page.locator("#upload input[type=file]").set_input_files(good)
    report = page.locator("#report")
    expect(report).to_contain_text("2 added", timeout=120_000)
    expect(report).to_contain_text("1 without an abstract")
    expect(report).to_contain_text("mood.jsonl, record 2")
    expect(page.locator("#table tbody tr")).to_have_count(2)
    expect(page.locator("#years")).to_contain_text("2021")
    bad = tmp_path / "photo.txt"
    bad.write_bytes(bytes(range(256)) * 40)
    page.locator("#upload input[type=file]").set_input_files(bad)
    expect(report).to_contain_text("photo.txt", timeout=60_000)
    expect(report).not_to_contain_text("Traceback")
    page.get_by_role("tab", name="Ask").click()
    ask(page, "How many people were followed about sugar and mood?")
    expect(page.locator("#turn-0 .answer")).to_contain_text(re.compile("Sugar|200 people"))
    _filter_by_year_up_to(page, 2020)
    expect(page.locator("#matching")).to_contain_text("1 of 2 abstracts")
    ask(page, "Does sleep improve memory in mice?", turn=1)
    expect(page.locator("#turn-1 .filtered")).to_have_text("Only up to 2020")
    page.get_by_role("tab", name="Library").click()
    remove = page.get_by_role("button", name="Remove: Sugar and mood")
    remove.click()
    remove.click()
    expect(page.locator("#table tbody tr")).to_have_count(1)
    expect(page.locator(".headline")).to_have_text("1 abstract")


def _filter_by_year_up_to(page: Page, year: int) -> None:
    page.get_by_role("button", name="Filters and composer").click()
    page.get_by_label("To year").fill(str(year))
    page.get_by_label("To year").press("Tab")


def test_the_library_is_searched_and_opened(desk: Page) -> None:
    """The table ranks by meaning; a title opens the abstract beside it."""
    desk.get_by_role("tab", name="Library").click()
    expect(desk.locator("#table tbody tr")).to_have_count(20)
    desk.get_by_label("Search the library").fill("knowledge graphs")
    desk.keyboard.press("Enter")
    expect(desk.locator("#table caption")).to_contain_text("knowledge graphs")
    first = desk.locator("#table .title").first
    title = first.inner_text()
    first.click()
    expect(desk.locator("#evidence h3").first).to_contain_text(title)
    desk.get_by_role("button", name="Show all").click()
    expect(desk.locator("#table caption")).to_contain_text("1 to 20 of 20")


def test_the_map_shows_clusters_and_the_last_sources(desk: Page) -> None:
    """Every abstract is a point, the cited one is ringed, a point and a list entry open their abstract."""
    ask(desk, QUESTION)
    desk.get_by_role("tab", name="Map").click()
    expect(desk.locator("#map .points circle")).to_have_count(20, timeout=60_000)
    expect(desk.locator("#map .rings circle").first).to_be_visible()
    desk.locator("#map details summary").first.click()
    entry = desk.locator("#map details[open] button").first
    title = entry.inner_text()
    entry.click()
    expect(desk.locator("#evidence h3").first).to_contain_text(title)
    desk.locator("#map .points circle").nth(3).click(force=True)
    expect(desk.locator("#evidence h3").first).not_to_contain_text(title)


def test_streaming_shows_a_draft_and_then_the_checked_answer(
    slow: Server, slow_model: SlowModel, watched: list[str], page: Page
) -> None:
    """Words appear as they are written and give way to the checked answer; Stop reaches the model's server."""
    visit(page, slow)
    slow_model.hold.set()
    page.get_by_label("Question", exact=True).fill(QUESTION)
    page.keyboard.press("Enter")
    expect(page.locator("#live .draft")).to_contain_text("and and", timeout=60_000)
    expect(page.locator("#live .verdict")).to_have_text("Draft, not yet checked")
    slow_model.hold.clear()
    page.locator("#turn-0 .tools").wait_for(timeout=60_000)
    expect(page.locator("#live .draft")).to_have_count(0)
    expect(page.locator("#turn-0 .verdict")).to_contain_text("openai-like/slow")
    slow_model.hold.set()
    slow_model.left.clear()
    page.get_by_label("Question", exact=True).fill("What does ACTS measure?")
    page.keyboard.press("Enter")
    expect(page.locator("#live .draft")).to_contain_text("and and", timeout=60_000)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#turn-1 .error")).to_contain_text("Stopped")
    assert slow_model.left.wait(20)
    expect(page.get_by_role("button", name="Ask", exact=True)).to_be_visible()


def test_a_password_is_asked_for(serving: Callable[..., Server], watched: list[str], page: Page) -> None:
    """Without it nothing of the corpus is served; with it the page opens."""
    server = serving(RAG_UI_PASSWORD="open sesame")
    assert page.request.get(f"{server.url}/config").status == 401
    assert page.request.post(f"{server.url}/login", form={"username": "anyone", "password": "guess"}).status == 400
    page.goto(server.url)
    assert "abstracts" not in page.content()
    page.get_by_label("username").fill("anyone")
    page.get_by_label("password").fill("open sesame")
    page.keyboard.press("Enter")
    expect(page.locator(".headline")).to_have_text("20 abstracts", timeout=30_000)


def test_a_dead_model_server_is_a_sentence(serving: Callable[..., Server], page: Page) -> None:
    """The page says what is wrong and what to do, and quotes still answer."""
    server = serving(RAG_LLM="openai-like/slow", RAG_LLM_BASE_URL="http://127.0.0.1:9/v1", RAG_LLM_API_KEY="none")
    visit(page, server)
    page.get_by_role("button", name="Filters and composer").click()
    page.get_by_label("Answers by").click()
    expect(page.get_by_role("option").first).to_contain_text("quotes")
    expect(page.get_by_role("option").filter(has_text="openai-like")).to_have_count(0)
    expect(page.locator("#by")).to_contain_text("http://127.0.0.1:9")
    page.keyboard.press("Escape")
    ask(page, QUESTION)
    expect(page.locator("#turn-0 .verdict")).to_contain_text("quotes")


def test_hostile_abstracts_are_inert(
    serving: Callable[..., Server], watched: list[str], page: Page, tmp_path: Path
) -> None:
    """Tags, handlers, script links, Markdown and templates in abstracts, titles and questions stay text everywhere."""
    server = serving(seeds=False)
    visit(page, server)
    row = {
        "title": f"Zebras {HOSTILE}",
        "abstract": f"Zebras have stripes {HOSTILE}. Their stripes confuse flies, and zebras run fast.",
        "authors": [f"Ann {HOSTILE}"],
        "venue": HOSTILE,
        "url": "javascript:hacked=1",
        "doi": '10.1/"onmouseover="hacked=1',
        "year": 2020,
    }
    file = tmp_path / "zebras.jsonl"
    file.write_text(json.dumps(row) + "\n")
    page.get_by_role("tab", name="Library").click()
    page.locator("#upload input[type=file]").set_input_files(file)
    expect(page.locator("#report")).to_contain_text("1 added", timeout=120_000)
    page.locator("#table .title").first.click()
    expect(page.locator("#evidence h3").first).to_contain_text("Zebras")
    page.get_by_role("tab", name="Map").click()
    expect(page.locator("#map .points circle")).to_have_count(1, timeout=60_000)
    page.get_by_role("tab", name="Ask").click()
    ask(page, f"Why do zebras have stripes? {HOSTILE}")
    expect(page.locator("#turn-0 .question")).to_contain_text("<img src=x onerror=")
    page.reload()
    page.locator("#turn-0 .tools").wait_for()
    assert page.evaluate("window.hacked") is None
    assert page.locator(".turns img, #evidence img, #table img, #map img, .turns script, #evidence script").count() == 0
    addresses = page.locator("#desk a[href]").evaluate_all("all => all.map(each => each.getAttribute('href'))")
    assert all(re.match(r"(#|https://doi\.org/)", address) for address in addresses)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_accessibility(server: Server, browser: Browser, scheme: str, size: dict[str, int]) -> None:
    """axe-core finds nothing serious in any room, and nothing is wider than a narrow window."""
    context = browser.new_context(color_scheme=scheme)  # type: ignore[arg-type]
    page = visit(context.new_page(), server, size)
    found = _serious(page, "first visit")
    ask(page, QUESTION)
    page.locator("#turn-0 a.footnote").first.click()
    found += _serious(page, "evidence")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Filters and composer").click()
    found += _serious(page, "filters")
    for room, sign in (("Library", "#table table"), ("Map", "#map svg")):
        page.get_by_role("tab", name=room).click()
        page.locator(sign).wait_for(timeout=60_000)
        found += _serious(page, room)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert found == []
    context.close()


def _serious(page: Page, room: str) -> list[str]:
    results = Axe().run(page).response
    return [
        f"{room}: {each['id']} {node['target']} {node['failureSummary']}"
        for each in results["violations"]
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]
