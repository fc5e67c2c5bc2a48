"""Where a corpus keeps its chunk vectors: the catalog remembers it, so that a changed setting is not taken for loss."""

import uuid

from rag.errors import VectorStoreError
from rag.index.catalog import Catalog

EMBEDDED = "embedded"
"""Identity of a vector store in the corpus folder."""


def collection_name(catalog: Catalog, corpus: str) -> str:
    """The name of the corpus's collection on a server, like no other corpus's, whatever that is called."""
    if catalog.meta("corpus_id") is None:
        with catalog.transaction() as connection:  # of two processes, one gives the name
            connection.execute("INSERT OR IGNORE INTO meta VALUES ('corpus_id', ?)", (uuid.uuid4().hex[:12],))
    return f"footnote-{corpus}-{catalog.meta('corpus_id')}"


def claim(catalog: Catalog, identity: str) -> None:
    """Raise VectorStoreError when the vectors were written to another store; an empty corpus takes this one."""
    held = catalog.meta("vector_store") or EMBEDDED
    if held == identity:
        return
    if not catalog.empty():
        where = "its own folder" if held == EMBEDDED else f"a Chroma server ({held})"
        raise VectorStoreError(
            f"The vectors of the corpus in {catalog.path.parent} are in {where}, not in the store that RAG_CHROMA_URL "
            "now names; set it back, or move them there with: rag rebuild."
        )
    catalog.set_meta("vector_store", identity)
