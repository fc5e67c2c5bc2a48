"""Footnote: answers over scientific abstracts, every sentence footnoted to the sentence that supports it."""
