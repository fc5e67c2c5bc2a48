"""What every response carries, and which requests are heard at all: an ASGI middleware."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
"""Gradio writes its configuration as an inline script, hence 'unsafe-inline'; nothing is loaded from another host."""
_HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Guard:
    """Adds the policy to every response; on loopback it refuses requests that name another host.

    A page elsewhere could point a name of its own at 127.0.0.1 and read the corpus through the visitor's browser (DNS
    rebinding); its requests still carry that name.
    """

    def __init__(self, app: App, loopback_only: bool) -> None:
        self.app = app
        self.loopback_only = loopback_only

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 421."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *_HEADERS]
            await send(message)

        if self.loopback_only and not _is_loopback(dict(scope["headers"]).get(b"host", b"").decode("latin-1")):
            await guarded({"type": "http.response.start", "status": 421, "headers": [(b"content-type", b"text/plain")]})
            await guarded({"type": "http.response.body", "body": b"This page answers to localhost only."})
            return
        await self.app(scope, receive, guarded)


def is_loopback(host: str) -> bool:
    """Whether a server that listens on ``host`` is reached from this computer only."""
    return host in _LOOPBACK


def _is_loopback(host_header: str) -> bool:
    try:
        return urlsplit(f"//{host_header}").hostname in _LOOPBACK
    except ValueError:
        return False
