"""``rag ingest --watch``: folders are read, and read again as they change, until Ctrl+C."""

import signal
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from rag.errors import CorpusLockedError, FootnoteError

if TYPE_CHECKING:
    from rag.assistant import Assistant
    from rag.records import IngestReport


def watch(assistant: "Assistant", paths: Sequence[str], ingest: "Callable[[list[str]], IngestReport]") -> None:
    """Ingest ``paths`` and whatever changes there, a line for each report; returns when interrupted or terminated."""
    from rag.corpus.watch import watch as changes

    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    waiting = dict.fromkeys(paths, True)  # path -> whether it is news that it has to wait
    try:
        for number, settled in enumerate(changes(paths)):
            if number == 0:
                _say(f"watching {', '.join(paths)}")
            for change in settled:
                if change.gone:
                    _say_gone(assistant, change.path)
                else:
                    waiting[change.path] = True
            for path, news in list(waiting.items()):
                try:
                    _say(f"{path}: {_summary(ingest([path]))}")
                except CorpusLockedError as error:
                    if news:
                        _say(f"{path} waits: {error}")
                    waiting[path] = False
                    continue
                except FootnoteError as error:
                    _say(f"{path}: {error}")
                del waiting[path]
    except KeyboardInterrupt:
        _say("stopped; what was done until now is kept")
    finally:
        signal.signal(signal.SIGTERM, before)


def _summary(report: "IngestReport") -> str:
    counts = {name: value for name, value in report.to_dict().items() if isinstance(value, int) and name != "files"}
    counts["without abstract"] = counts.pop("without_abstract")
    counts["rejected"] = len(report.rejected) - report.without_abstract
    said = ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "nothing to read"
    if report.rejected:
        first = report.rejected[0]
        said += f" ({f'record {first.record}: ' if first.record else ''}{first.reason})"
    return said


def _say_gone(assistant: "Assistant", path: str) -> None:
    """A file that is gone is no news when nothing came from it, as with an editor's temporary files."""
    from rag.records import Filters

    count = assistant.count(Filters(sources=(path,)))
    if count:
        _say(f"{path}: gone; its {count} abstracts stay until they are removed")


def _say(line: str) -> None:
    typer.echo(f"{datetime.now().astimezone():%H:%M:%S} {line.replace(f'{Path.cwd()}/', '')}")
