"""How a question is to be asked, as the page's fields say it."""

from collections.abc import Sequence
from dataclasses import dataclass

from rag.errors import UsageError
from rag.records import Filters


@dataclass(frozen=True, slots=True)
class Choices:
    """How a question is to be asked: filters as the page's fields give them, and the composer."""

    year_from: str = ""
    year_to: str = ""
    venues: Sequence[str] = ()
    sources: Sequence[str] = ()
    composer: str | None = ""

    @property
    def filters(self) -> Filters:
        """The filters; UsageError when a year is none, or they exclude each other."""
        start, end = _year(self.year_from), _year(self.year_to)
        if start and end and start > end:
            raise UsageError(f"No year lies between {start} and {end}; swap the two years of the filter.")
        return Filters(start, end, tuple(self.venues or ()), tuple(self.sources or ()))


def _year(written: str) -> int | None:
    written = (written or "").strip()
    if written and not (written.isdecimal() and len(written) <= 4):
        raise UsageError(f"{written!r} is not a year; write one like 2021, or nothing.")
    return int(written) if written else None
