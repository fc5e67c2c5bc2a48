"""Runs writes on a corpus in child processes and kills those it is told to: ``python -m tests.index.mortal``.

Reads one JSON task a line and answers with one line: ``{"home", "settings", "do", "what", "at", "after"}``, where ``do`` is
"ingest", "sync" or "remove" with a list, "rebuild", or "restore" with a file, and ``settings`` are any others than the home.
The child is killed with SIGKILL ``after`` seconds from its operation number ``at`` on, or at its end if it has no
more operations; without ``at`` it lives. The answer is how many operations it did and the signal it died of.
"""

import functools
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import chromadb  # noqa: F401 - imported once here, so that a child starts at once
import tantivy  # noqa: F401

import rag.index.ingest
from rag import Assistant, Settings
from rag.index.catalog import Catalog
from rag.index.lexical import Lexical
from rag.index.store import ServerStore, Store
from tests.doubles import ToyEmbedder

BATCH = 24
OPERATIONS = {
    Catalog: (
        "set_meta", "start_run", "put", "put_place", "say_again", "drop_place", "drop_places", "mark_removing", "mark_done",
        "mark_all_pending", "forget", "replace_with",
    ),
    Store: ("_open", "upsert", "delete", "close"),
    ServerStore: ("_open", "reopen", "clear", "close"),
    Lexical: ("_open", "write", "close"),
    Path: ("rename", "unlink"),
}  # fmt: skip


def _count_operations(at: int | None, told: int) -> list[int]:
    """Write to the pipe ``told`` when the ``at``-th operation starts; the list holds the number so far."""
    done = [0]

    def counted(method: Any) -> Any:
        @functools.wraps(method)
        def wrapper(*args: Any, **options: Any) -> Any:
            done[0] += 1
            if done[0] == at:
                os.write(told, b"!")
            return method(*args, **options)

        return wrapper

    for kind, names in OPERATIONS.items():
        for name in names:
            setattr(kind, name, counted(getattr(kind, name)))
    return done


def _child(task: dict[str, Any], told: int) -> None:
    rag.index.ingest.BATCH = BATCH
    done = _count_operations(task.get("at"), told)
    settings, embedder = Settings(home=Path(task["home"]), **task["settings"]), ToyEmbedder()
    if task["do"] == "restore":
        Assistant.restore(task["what"], settings, force=True, embedder=embedder).close()
    else:
        with Assistant.open(settings, embedder=embedder) as assistant:
            if task["do"] == "rebuild":
                assistant.rebuild()
            elif task["do"] == "sync":
                assistant.ingest(task["what"], sync=True)
            else:
                getattr(assistant, task["do"])(task["what"])
    if task.get("at") is not None:
        os.write(told, b"!")
        signal.pause()
    os.write(told, str(done[0]).encode())


def run(task: dict[str, Any]) -> dict[str, int]:
    """Carry a task out in a child."""
    heard, told = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            _child(task, told)
        except BaseException as error:  # noqa: BLE001 - a child must not run its parent's clean-up
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    os.close(told)
    said = os.read(heard, 20)
    if said.startswith(b"!"):
        time.sleep(task["after"])
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    os.close(heard)
    return {
        "operations": int(said) if said.isdigit() else 0,
        "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
        "status": os.waitstatus_to_exitcode(status),
    }


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)
