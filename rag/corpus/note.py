"""The note that goes with an abstract into a file: what whoever cites it must know, and by which it is known again."""

from rag.corpus.title import DERIVED
from rag.records import RETRACTED, Abstract


def note(abstract: Abstract) -> str:
    """That its title is not the paper's, that the paper is retracted; empty where neither is so."""
    return ". ".join(filter(None, (DERIVED * abstract.title_derived, RETRACTED * abstract.retracted)))
