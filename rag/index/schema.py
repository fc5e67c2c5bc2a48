"""The tables of a catalog, version 1."""

SCHEMA_VERSION = 1

DONE, PENDING, REMOVING = 0, 1, 2
"""States of an abstract: in step with the indexes, to be written to them, to be taken out of them."""

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
        indexed_chunks INTEGER NOT NULL          -- the most chunks of it that the vector store may hold
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
    "CREATE TABLE identifiers (name TEXT PRIMARY KEY, key INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE INDEX identifiers_key ON identifiers (key)",
    """
    CREATE TABLE sources (                       -- every place where an abstract was last seen
        path TEXT, record INTEGER, key INTEGER, record_id TEXT NOT NULL, digest BLOB NOT NULL, run INTEGER NOT NULL,
        PRIMARY KEY (path, record, key)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX sources_key ON sources (key)",
    "CREATE INDEX sources_record_id ON sources (path, record_id) WHERE record_id != ''",
    "CREATE TABLE runs (number INTEGER PRIMARY KEY, started TEXT NOT NULL, finished TEXT, report TEXT)",
    """
    CREATE TABLE feedback (
        number INTEGER PRIMARY KEY, given TEXT NOT NULL, good INTEGER NOT NULL, comment TEXT NOT NULL, answer TEXT NOT NULL
    )
    """,
)
