"""The chat page. Gradio, which takes two seconds to import, is loaded when the page is built."""

from typing import TYPE_CHECKING, Any

from rag.settings import Settings

if TYPE_CHECKING:
    from rag.assistant import Assistant

__all__ = ["build", "serve"]


def build(assistant: "Assistant", *, secret: str = "") -> Any:
    """The ``gradio.Blocks`` over ``assistant``; see ``ui.web.page.build``."""
    from ui.web import page

    return page.build(assistant, secret=secret)


def serve(settings: Settings, host: str = "127.0.0.1", port: int = 7860, open_browser: bool = True) -> None:
    """Serve the page until interrupted; see ``ui.web.page.serve``."""
    from ui.web import page

    page.serve(settings, host, port, open_browser)
