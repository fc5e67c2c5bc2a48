"""What goes wrong at a Chroma server, said in one sentence with the remedy that fits; waiting for one that restarts.

Chroma's client raises anything from ValueError to bare Exception, with what happened somewhere among its causes.
"""

import logging
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import httpx

from rag.errors import CorpusDamagedError, FootnoteError, VectorStoreError, first_line
from rag.settings import Settings

WAITS = (0.2, 0.5, 1.0, 2.0, 4.0)
"""Seconds between attempts: a server that is restarted is up again in about one."""
BUSY = (408, 429, 500, 502, 503, 504)
"""HTTP statuses that may pass."""

T = TypeVar("T")
_log = logging.getLogger(__name__)


def answered(ask: Callable[[], T], settings: Settings) -> T:
    """What ``ask``, which may be repeated, gets from the server of ``settings``.

    Raises VectorStoreError, naming the server and never its key, when it does not answer, also not after WAITS, or
    refuses; CorpusDamagedError when the server lacks the collection.
    """
    for wait in (*WAITS, None):
        try:
            return ask()
        except FootnoteError:
            raise
        except Exception as error:
            if wait is None or not _may_pass(error):
                raise _said(error, settings) from error
            _log.info("Asking %s again in %.1f s: %s", settings.chroma_url, wait, error)
            time.sleep(wait)
    raise AssertionError("the last attempt returns or raises")


def _may_pass(error: Exception) -> bool:
    if any(isinstance(cause, httpx.TransportError) for cause in _causes(error)):
        return True
    return _status(error) in BUSY


def _said(error: Exception, settings: Settings) -> FootnoteError:
    """The error to raise instead."""
    causes = list(_causes(error))
    server = f"The Chroma server at {settings.chroma_url}"
    reason = first_line(error)
    token = settings.chroma_token.get_secret_value()
    if token:
        reason = reason.replace(token, "***")
    transport = next((cause for cause in causes if isinstance(cause, httpx.TransportError)), None)
    if transport is not None:
        return VectorStoreError(
            f"{server} does not answer ({first_line(transport)}); start it (chroma run --path FOLDER --host HOST --port "
            "PORT), or correct RAG_CHROMA_URL. What was committed to the catalog is kept."
        )
    status = _status(error)
    if status in (401, 403):
        return VectorStoreError(
            f"{server} refuses access to tenant {settings.chroma_tenant}, database {settings.chroma_database} (HTTP "
            f"{status}); check RAG_CHROMA_TOKEN, RAG_CHROMA_TENANT and RAG_CHROMA_DATABASE."
        )
    if type(error).__name__ == "NotFoundError":  # once connected, there is nothing else that may be missing
        return CorpusDamagedError(f"{server} has lost the vectors of the corpus ({reason}); run: rag rebuild.")
    if any(isinstance(cause, httpx.HTTPStatusError) and "NotFoundError" in cause.response.text for cause in causes):
        return VectorStoreError(
            f"{server} has no database {settings.chroma_database} of tenant {settings.chroma_tenant}; make it there, or "
            "correct RAG_CHROMA_TENANT and RAG_CHROMA_DATABASE."
        )
    if status in (None, 404, 410):
        return VectorStoreError(
            f"{settings.chroma_url} does not answer as a Chroma server of version 1 or newer does ({reason}); correct "
            "RAG_CHROMA_URL, or start one with: chroma run."
        )
    return VectorStoreError(
        f"{server} answers HTTP {status} ({reason}); see its log. What was committed to the catalog is kept: run the "
        "same command again when it works."
    )


def _status(error: Exception) -> int | None:
    """The HTTP status of the answer; None when it was none that Chroma gives."""
    for cause in _causes(error):
        if isinstance(cause, httpx.HTTPStatusError):
            return cause.response.status_code
        if type(cause).__module__ == "chromadb.errors":
            return int(cause.code())  # type: ignore[attr-defined] # a ChromaError, which only store.py may import
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error itself and everything that led to it."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
