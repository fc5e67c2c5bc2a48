"""The evidence reader: a small model that reads a question with a passage and scores every sentence as its answer."""

from rag.reader.reader import Passage, Reader, Reading

__all__ = ["Passage", "Reader", "Reading"]
