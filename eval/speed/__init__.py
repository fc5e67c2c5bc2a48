"""How fast, and how that changes with size: ingest, search, and corpora made up to a million abstracts."""
