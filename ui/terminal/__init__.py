"""The command line: ``rag ingest | ask | chat | search | ...``. Everything it does, ``rag.Assistant`` does."""

from ui.terminal.main import main

__all__ = ["main"]
