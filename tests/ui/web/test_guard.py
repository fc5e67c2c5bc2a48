"""The headers every response carries, and the requests that are refused."""

import asyncio
from typing import Any

import pytest

from ui.web.guard import Guard, is_loopback


def _request(host: str, loopback_only: bool) -> tuple[int, dict[bytes, bytes]]:
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {}

    scope = {"type": "http", "headers": [(b"host", host.encode())]}
    asyncio.run(Guard(app, loopback_only)(scope, receive, send))
    return sent[0]["status"], dict(sent[0]["headers"])


@pytest.mark.parametrize("host", ["localhost:7860", "127.0.0.1", "[::1]:80"])
def test_loopback_names_are_served_with_the_policy(host: str) -> None:
    """The page answers, and may load nothing from elsewhere."""
    status, headers = _request(host, loopback_only=True)
    assert status == 200
    assert b"default-src 'self'" in headers[b"content-security-policy"]
    assert b"unsafe-eval" not in headers[b"content-security-policy"]


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:7860", "", "["])
def test_other_names_are_refused_on_loopback(host: str) -> None:
    """A name pointed at 127.0.0.1 does not reach the corpus; where the page is meant for others, any name does."""
    assert _request(host, loopback_only=True)[0] == 421
    assert _request(host, loopback_only=False)[0] == 200


def test_only_this_computer_is_loopback() -> None:
    """Listening on all addresses is not."""
    assert is_loopback("127.0.0.1")
    assert not is_loopback("0.0.0.0")
    assert not is_loopback("192.168.1.2")
