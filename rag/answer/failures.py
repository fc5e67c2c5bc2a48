"""What a vendor's exception means, said once for all vendors: each becomes an LLMError that names the remedy."""

import os
import re
from collections.abc import Iterator

from rag.answer.embedded import ADDRESS
from rag.errors import LLMError, LLMUnavailableError


def explained(error: Exception, model: str, address: str = "", key: str = "") -> LLMError:
    """The error to raise ``from error``: in a sentence, which model, where, and what to do; never a secret.

    Vendors are told apart by nothing but what they share: an HTTP ``status_code``, and timeouts and broken
    connections by the names of their exception classes. An LLMError among the causes is returned as it is.
    """
    chain = list(_causes(error))
    for cause in chain:
        if isinstance(cause, LLMError):
            return cause
    where = f" at {shown(address)}" if address and address != ADDRESS else ""
    codes = (getattr(cause, "status_code", None) for cause in chain)
    status = next((code for code in codes if isinstance(code, int)), 0)
    names = {base.__name__ for cause in chain for base in type(cause).__mro__}
    said = redacted(_first_line(error), key)
    if status in (401, 403):
        return LLMUnavailableError(f"The server{where} refused the key for {model}; check the key in the settings.")
    if status == 404:
        return LLMUnavailableError(
            f"There is no model {model}{where}, or the address is not that of the API (it often ends in /v1); "
            "correct RAG_LLM or the address."
        )
    if status == 429:
        return LLMUnavailableError(f"The quota for {model}{where} is used up ({said}); wait, or use another model.")
    if status in (400, 413, 422) and re.search(r"context|too long|too large|too many tokens", said, re.IGNORECASE):
        return LLMUnavailableError(
            f"The evidence does not fit into the context of {model} ({said}); lower RAG_EVIDENCE_SENTENCES."
        )
    if status in (408, 504) or any("Timeout" in name for name in names):
        return LLMUnavailableError(
            f"{model}{where} did not answer in time; try again, or raise RAG_LLM_TIMEOUT (seconds)."
        )
    if not status and (
        names & {"ConnectionError", "TransportError", "OSError"} or any("Connection" in name for name in names)
    ):
        return LLMUnavailableError(f"{model} cannot be reached{where}, or stopped answering; check that it runs.")
    return LLMUnavailableError(f"{model}{where} failed ({said}); try again, or use another model.")


def shown(address: str) -> str:
    """An address without what may be secret in it: user, password and query."""
    return re.sub(r"^(\w+://)?[^/@]*@", lambda found: found[1] or "", address.partition("?")[0])


def redacted(text: str, key: str = "") -> str:
    """``text`` without ``key``, without any key that the environment holds, and without passwords in addresses."""
    named = [value for name, value in os.environ.items() if re.search("KEY|TOKEN|SECRET|PASSWORD", name.upper())]
    for secret in sorted({key, *named}, key=len, reverse=True):
        if len(secret) >= 6:  # shorter ones are switches ("1", "true") and would eat ordinary words
            text = text.replace(secret, "***")
    text = re.sub(r"(?<=://)[^/\s@]+@", "", text)
    return re.sub(r"\b(?:sk|pk|hf|gsk|xai|key)[-_][\w*.-]{6,}", "***", text)


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def _first_line(error: Exception) -> str:
    message = str(error).strip()
    line = message.splitlines()[0] if message else type(error).__name__
    return line if len(line) <= 200 else f"{line[:200]}…"
