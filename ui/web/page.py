"""The page itself: layout, wiring and launching. The only file that imports Gradio; what happens is in ``desk``.

Gradio's HTML component compiles its content as a template, which needs 'unsafe-eval' and would evaluate what stands in
an abstract. The parts of the page are therefore Markdown components that each hold one line of HTML, already escaped:
CommonMark passes such a block through untouched.
"""

import hashlib
import hmac
import os
import secrets
import socket
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import fields
from importlib.resources import files
from pathlib import Path
from typing import Any

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read at import: no request leaves this computer

import gradio as gr
import orjson
from starlette.middleware import Middleware

from rag.assistant import Assistant
from rag.errors import FootnoteError, SettingsError
from rag.settings import Settings
from ui.markup import attributes, escape
from ui.web import evidence
from ui.web.choices import Choices
from ui.web.desk import NOT_EDITING, Desk, View
from ui.web.exports import Download
from ui.web.guard import Guard, is_loopback
from ui.web.shelves import Shelves

_ASSETS = files("ui.web") / "assets"
_AT_ONCE = 16
"""Questions answered at the same time; more wait their turn."""

Updates = dict[Any, Any]


class _Parts:
    """The components by name, made in the order of the layout."""

    def __init__(self, desk: Desk, shelves: Shelves, secret: str) -> None:
        key = hashlib.sha256(str(desk.assistant.settings.folder).encode()).hexdigest()[:12]
        self.store = gr.BrowserState(None, storage_key=f"footnote-{key}", secret=secret)
        self.editing = gr.State(NOT_EDITING)
        self.uploaded = gr.State(None)
        with gr.Row(elem_id="masthead"):
            gr.Markdown("<div><h1>Footnote</h1></div>", sanitize_html=False)
            self.headline = _mount("headline")
        with gr.Row(elem_id="desk"):
            with gr.Column(elem_id="main", scale=3), gr.Tabs(elem_id="rooms") as self.rooms:
                self._ask_room(desk, shelves)
                self._library_room()
                with gr.Tab("Map", id="map") as self.map_room:
                    self.map = _mount("map")
            with gr.Column(elem_id="panel", scale=2):
                self.evidence = _mount("evidence", evidence.nothing_yet())
        self.announce = _mount("announce")
        self.outbox = _mount("outbox")
        self.corpus = key
        self.news = _mount("news", _pre("", data_corpus=key))
        self.action = gr.Textbox(elem_id="action", visible="hidden", label="Action")
        self.act = gr.Button(elem_id="act", visible="hidden")
        self.hear = gr.Button(elem_id="hear", visible="hidden")
        self.ask_again = gr.Button(elem_id="ask-again", visible="hidden")
        self.shelve = gr.Button(elem_id="shelve", visible="hidden")

    def _ask_room(self, desk: Desk, shelves: Shelves) -> None:
        with gr.Tab("Ask", id="ask") as self.ask_room, gr.Row(elem_id="ask-room"):
            with gr.Column(elem_id="side", scale=1, min_width=180):
                self.shelf = _mount("shelf")
            with gr.Column(elem_id="talk", scale=4):
                self.transcript = _mount("transcript")
                self.live = _mount("live")
                with gr.Column(elem_id="composer"):
                    self.edit_note = _mount("edit-note")
                    with gr.Row(elem_id="ask-row"):
                        self.question = gr.Textbox(
                            label="Question",
                            placeholder="Ask the abstracts",
                            elem_id="question",
                            lines=1,
                            max_lines=8,
                            scale=8,
                            container=False,
                            autofocus=True,
                        )
                        self.ask = gr.Button("Ask", elem_id="ask", variant="primary", scale=1, min_width=80)
                        self.stop = gr.Button("Stop", elem_id="stop", visible=False, scale=1, min_width=80)
                    with gr.Accordion("Filters and composer", open=False, elem_id="filters"):
                        with gr.Row():
                            self.year_from = gr.Textbox(label="From year", placeholder="any", min_width=90)
                            self.year_to = gr.Textbox(label="To year", placeholder="any", min_width=90)
                            self.composer = _choice("Answers by", "by", min_width=140)
                        with gr.Row():
                            self.venues = _choice("Venues", "venues", multiselect=True)
                            self.sources = _choice("Files", "sources", multiselect=True)
                        self.matching = _mount("matching")

    def _library_room(self) -> None:
        with gr.Tab("Library", id="library") as self.library_room:
            self.upload = gr.File(
                label="Add abstracts: drop files here", file_count="multiple", elem_id="upload", height=120
            )
            self.report = _mount("report")
            self.years = _mount("years")
            with gr.Row(elem_id="search-row"):
                self.search = gr.Textbox(
                    label="Search the library",
                    placeholder="Search the library",
                    elem_id="search",
                    container=False,
                    scale=8,
                )
                self.clear = gr.Button("Show all", elem_id="show-all", scale=1, min_width=100)
            self.removal = _mount("removal")
            self.table = _mount("table")
            self.judged = _mount("judged")

    def asking(self) -> list[Any]:
        """The fields of ``Choices``, in its order."""
        return [self.year_from, self.year_to, self.venues, self.sources, self.composer]

    def viewed(self) -> list[Any]:
        """Everything that a View can change."""
        named = [getattr(self, each.name) for each in fields(View) if each.name != "running"]
        return [*named, self.ask, self.stop]

    def updates(self, view: View) -> Updates:
        """A View as Gradio takes it: only what changes."""
        changed: Updates = {
            getattr(self, each.name): getattr(view, each.name)
            for each in fields(view)
            if each.name != "running" and getattr(view, each.name) is not None
        }
        if view.announce is not None:
            changed[self.announce] = f"<div>{escape(view.announce)}</div>"
        if view.outbox is not None:
            changed[self.outbox] = _file(view.outbox)
        if view.news is not None:
            told = orjson.dumps(view.news).decode()
            changed[self.news] = _pre(told, data_corpus=self.corpus, data_once=secrets.token_hex(4))
        if view.running is not None:
            stop = gr.update(visible=view.running, value="Stop", interactive=True)
            changed |= {self.ask: gr.update(visible=not view.running), self.stop: stop}
        return changed or {self.announce: gr.skip()}


def _mount(name: str, html: str = "") -> Any:
    """A part of the page that holds one line of our HTML."""
    return gr.Markdown(html, elem_id=name, sanitize_html=False, latex_delimiters=[], container=False)


def _choice(label: str, name: str, **how: Any) -> Any:
    """A drop-down whose choices come later; after a restart Gradio has forgotten them, but the page still shows them."""
    return gr.Dropdown(label=label, elem_id=name, choices=[], allow_custom_value=True, **how)


def _file(download: Download) -> str:
    told = {"data_name": download.name, "data_type": download.media_type, "data_once": secrets.token_hex(4)}
    return _pre(download.content, **told)


def _pre(content: str, **told: str) -> str:
    """Something for the page's script, which a mount holds unseen."""
    return f"<div><pre {attributes(**told)}>{escape(content)}</pre></div>"


def build(assistant: Assistant, *, secret: str = "") -> gr.Blocks:
    """The chat page over ``assistant``, to be launched or mounted; ``launching()`` has the looks that go with it.

    ``secret`` scrambles what the browser keeps: with the same one, conversations survive a restart.
    """
    desk, shelves = Desk(assistant), Shelves(assistant)
    with suppress(FootnoteError):  # the page will say it; found now, the examples do not come over a first question
        desk.examples(assistant.count())
    with gr.Blocks(title="Footnote", fill_width=True, analytics_enabled=False, delete_cache=(3600, 86400)) as page:
        parts = _Parts(desk, shelves, secret or secrets.token_hex(16))
        _wire_chat(page, parts, desk)
        _wire_library(page, parts, desk, shelves)
    page.queue(default_concurrency_limit=_AT_ONCE)
    return page


def _wire_chat(page: gr.Blocks, parts: _Parts, desk: Desk) -> None:
    def ask(store: Any, question: str, editing: int, *choices: Any) -> Iterator[Updates]:
        for view in desk.ask(store, question, Choices(*choices), editing):
            yield parts.updates(view)

    def ask_again(store: Any, action: str, *choices: Any) -> Iterator[Updates]:
        told = orjson.loads(action)
        question, index = told.get("question", ""), NOT_EDITING
        if told["do"] == "retry":
            question, index = desk.retried(store, told["turn"])
        yield from ask(store, question, index, *choices)

    def act(store: Any, action: str) -> Updates:
        return parts.updates(desk.act(store, orjson.loads(action)))

    viewed = parts.viewed()
    quiet: dict[str, Any] = {"outputs": viewed, "show_progress": "hidden", "api_visibility": "private"}
    asked = gr.on(
        [parts.question.submit, parts.ask.click],
        ask,
        [parts.store, parts.question, parts.editing, *parts.asking()],
        concurrency_limit=_AT_ONCE,
        **quiet,
    )
    again = parts.ask_again.click(ask_again, [parts.store, parts.action, *parts.asking()], **quiet)
    parts.act.click(act, [parts.store, parts.action], queue=False, **quiet)
    parts.hear.click(act, [parts.store, parts.action], queue=False, trigger_mode="multiple", **quiet)
    parts.stop.click(
        lambda: gr.update(value="Stopping", interactive=False),
        None,
        [parts.stop],
        cancels=[asked, again],
        queue=False,
        api_visibility="private",
    )
    for stopped in (asked, again):  # when the last draft has come, which would be drawn over what is left
        stopped.failure(lambda store: parts.updates(desk.stopped(store)), [parts.store], **quiet)
    page.load(lambda store: parts.updates(desk.shown(store)), [parts.store], **quiet)


def _wire_library(page: gr.Blocks, parts: _Parts, desk: Desk, shelves: Shelves) -> None:
    def about_corpus() -> Updates:
        choices = shelves.filter_choices()
        return {
            parts.headline: shelves.headline(),
            parts.years: shelves.years(),
            parts.venues: gr.update(choices=choices["venues"], visible=bool(choices["venues"])),
            parts.sources: gr.update(choices=choices["sources"], visible=bool(choices["sources"])),
        }

    def loaded() -> Updates:
        composers = desk.composers()
        problem = desk.composer_problem() or None
        return {**about_corpus(), parts.composer: gr.update(choices=composers, value=composers[0], info=problem)}

    def said(sentence: str) -> Updates:
        return {each: f"<div>{escape(sentence)}</div>" for each in (parts.removal, parts.announce)}

    def shelve(action: str, query: str) -> Iterator[Updates]:
        told = orjson.loads(action)
        if told["do"] == "remove":
            yield said(shelves.removing(told["id"]))
            yield {**said(shelves.remove(told["id"])), **about_corpus()}
        yield {parts.table: shelves.table(query, int(told["first"]))}

    def ingest(uploads: list[str] | None) -> Iterator[Updates]:
        if uploads:
            yield {parts.upload: None, parts.report: shelves.waiting(uploads)}
            for html in shelves.ingest(uploads):
                yield {parts.report: html}

    about = [parts.headline, parts.years, parts.venues, parts.sources]
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    page.load(loaded, None, [*about, parts.composer], **quiet)
    # One may page on while a removal waits for an ingest.
    shelved = parts.shelve.click(
        shelve,
        [parts.action, parts.search],
        [*about, parts.removal, parts.announce, parts.table],
        trigger_mode="multiple",
        **quiet,
    )
    # Files that come while others are read are taken at once, and wait for their turn to be written.
    read = parts.upload.upload(
        ingest, [parts.upload], [parts.upload, parts.report], concurrency_limit=None, trigger_mode="multiple", **quiet
    )
    read.then(about_corpus, None, about, **quiet)
    read.then(shelves.table, None, [parts.table], **quiet)
    for changed in (read, shelved):
        changed.then(lambda store: parts.updates(desk.refreshed(store)), [parts.store], parts.viewed(), **quiet)
    parts.library_room.select(
        lambda query: (shelves.table(query), shelves.judged()), [parts.search], [parts.table, parts.judged], **quiet
    )
    parts.search.submit(shelves.table, [parts.search], [parts.table], **quiet)
    parts.clear.click(lambda: ("", shelves.table()), None, [parts.search, parts.table], **quiet)

    def draw(store: Any) -> Iterator[str]:
        yield from shelves.map(desk.marked(store))

    parts.map_room.select(draw, [parts.store], [parts.map], **quiet)

    def count(*choices: Any) -> str:
        return shelves.matching(Choices(*choices))

    gr.on([each.change for each in parts.asking()[:4]] + [page.load], count, parts.asking(), [parts.matching], **quiet)


def launching(*, loopback_only: bool = True) -> dict[str, Any]:
    """The arguments for ``Blocks.launch`` that give the page its looks and its guard."""
    # Gradio rewrites the selectors of ``css=``, which then miss the body; in the head they stay as written.
    style, script = ((_ASSETS / name).read_text("utf-8") for name in ("page.css", "page.js"))
    return {
        "theme": gr.themes.Base(
            font=[gr.themes.LocalFont("Source Sans Pro", weights=(400, 700)), "system-ui", "sans-serif"],
            font_mono=["ui-monospace", "monospace"],
        ),
        "head": f"<style>{style}</style><script>{script}</script>",
        "favicon_path": str(_ASSETS / "favicon.svg"),
        "app_kwargs": {"middleware": [Middleware(Guard, loopback_only=loopback_only)]},
        "footer_links": [],
        "run_history": False,
        "ssr_mode": False,
        "enable_monitoring": False,
        "share": False,
        "max_file_size": "2gb",
        "quiet": True,
    }


def serve(settings: Settings, host: str = "127.0.0.1", port: int = 7860, open_browser: bool = True) -> None:
    """Serve the page until interrupted, printing where; port 0 takes a free one.

    Beyond loopback it asks for ``Settings.ui_password``, and on loopback too when there is one.

    Raises SettingsError without that password, or when the port is taken.
    """
    password = settings.ui_password.get_secret_value()
    if not is_loopback(host) and not password:
        raise SettingsError(
            f"The page would be open to everyone who reaches {host}; set RAG_UI_PASSWORD, or use --host 127.0.0.1."
        )
    with Assistant.open(settings) as assistant:
        page = build(assistant, secret=_kept_secret(settings.folder))
        try:
            _, address, _ = page.launch(
                server_name=host,
                server_port=port or _free_port(host),
                auth=_password_check(password) if password else None,
                auth_message="Any user name; the password is RAG_UI_PASSWORD of the server." if password else None,
                prevent_thread_lock=True,
                **launching(loopback_only=is_loopback(host)),
            )
        except OSError as error:
            raise SettingsError(f"Port {port} on {host} cannot be used; name a free one with --port.") from error
        assistant.take_ingests()
        print(f"Footnote is open at {address} (Ctrl+C closes it)", flush=True)
        if open_browser:
            webbrowser.open(address)
        page.block_thread()


def _free_port(host: str) -> int:
    with socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET) as taken:
        return int(taken.getsockname()[1])


def _password_check(password: str) -> Callable[[str, str], bool]:
    return lambda user, given: hmac.compare_digest(given.encode(), password.encode())


def _kept_secret(folder: Path) -> str:
    """The secret of this corpus' conversations, made on first use and readable by its owner only."""
    kept = folder / "ui-secret"
    if not kept.exists():
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(16))
    return kept.read_text("ascii").strip()
