"""The corpus room: files → records → abstracts.

``read`` streams the records of files, folders, globs and standard input; ``clean`` makes an abstract of a record.
Whatever cannot be used comes as a ``Rejection`` with its place and a reason, among the good records and in their order.
"""

from rag.corpus.clean import clean
from rag.corpus.identity import identity_keys, merge
from rag.corpus.reading import read
from rag.corpus.record import Record

__all__ = ["Record", "clean", "identity_keys", "merge", "read"]
