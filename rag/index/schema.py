"""The tables of a catalog, version 2; ``rag.index.migrate`` brings older ones to it."""

SCHEMA_VERSION = 2

DONE, PENDING, REMOVING = 0, 1, 2
"""States of an abstract: in step with the indexes, to be written to them, to be taken out of them."""

IDENTIFIERS = """
    CREATE TABLE identifiers (                   -- two papers may claim one identifier, and are then kept apart
        name TEXT, key INTEGER, PRIMARY KEY (name, key)
    ) WITHOUT ROWID
"""
LIKENESS = (
    # Each row a band of an abstract's MinHash signature (rag.corpus.versions).
    "CREATE TABLE bands (band INTEGER, key INTEGER, PRIMARY KEY (band, key)) WITHOUT ROWID",
    # Pairs of versions of one paper, in both directions.
    "CREATE TABLE versions (key INTEGER, other INTEGER, PRIMARY KEY (key, other)) WITHOUT ROWID",
)

STATEMENTS = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    """
    CREATE TABLE abstracts (
        key INTEGER PRIMARY KEY AUTOINCREMENT,   -- the name of the abstract in both derived indexes, never used twice
        id TEXT NOT NULL UNIQUE,
        state INTEGER NOT NULL,                  -- 0 done, 1 pending, 2 removing
        title TEXT NOT NULL, title_derived INTEGER NOT NULL, text TEXT NOT NULL, authors TEXT NOT NULL,
        year INTEGER, venue TEXT NOT NULL, doi TEXT NOT NULL, pmid TEXT NOT NULL, arxiv_id TEXT NOT NULL,
        url TEXT NOT NULL, keywords TEXT NOT NULL,
        indexed_chunks INTEGER NOT NULL,         -- the most chunks of it that the vector store may hold
        retracted INTEGER NOT NULL DEFAULT 0
    )
    """,
    "CREATE INDEX abstracts_state ON abstracts (state) WHERE state != 0",
    "CREATE INDEX abstracts_year ON abstracts (year, venue)",  # both with both, so that they answer filters alone
    "CREATE INDEX abstracts_venue ON abstracts (venue, year)",
    """
    CREATE TABLE vectors (
        key INTEGER PRIMARY KEY,
        sentence_spans BLOB NOT NULL,            -- int32 (sentences, 2): start, end
        sentence_codes BLOB NOT NULL,            -- int8 (sentences, dimensions)
        sentence_scales BLOB NOT NULL,           -- float32 (sentences,)
        chunk_spans BLOB NOT NULL,               -- int32 (chunks, 2): start, end
        chunk_vectors BLOB NOT NULL              -- float16 (chunks, dimensions)
    )
    """,
    IDENTIFIERS,
    "CREATE INDEX identifiers_key ON identifiers (key)",
    """
    CREATE TABLE sources (                       -- every place where an abstract was last seen
        path TEXT, record INTEGER, key INTEGER, record_id TEXT NOT NULL, digest BLOB NOT NULL, run INTEGER NOT NULL,
        said TEXT,                               -- JSON of what the record says, where the abstract says something else
        PRIMARY KEY (path, record, key)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX sources_key ON sources (key)",
    "CREATE INDEX sources_record_id ON sources (path, record_id) WHERE record_id != ''",
    *LIKENESS,
    "CREATE TABLE runs (number INTEGER PRIMARY KEY, started TEXT NOT NULL, finished TEXT, report TEXT)",
    """
    CREATE TABLE feedback (
        number INTEGER PRIMARY KEY, given TEXT NOT NULL, good INTEGER NOT NULL, comment TEXT NOT NULL, answer TEXT NOT NULL
    )
    """,
)
