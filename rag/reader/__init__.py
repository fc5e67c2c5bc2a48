"""The evidence reader: a small model that reads a question with a passage and scores every sentence as its answer."""

from rag.reader.reader import WEIGHTS, Passage, Reader, Reading

__all__ = ["WEIGHTS", "Passage", "Reader", "Reading"]
