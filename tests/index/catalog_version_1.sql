-- The tables as version 1 made them, filled from those of the newest version.
BEGIN;
DROP INDEX abstracts_state;
DROP INDEX abstracts_year;
DROP INDEX abstracts_venue;
ALTER TABLE abstracts RENAME TO newest_abstracts;
CREATE TABLE abstracts (
    key INTEGER PRIMARY KEY AUTOINCREMENT,   -- the name of the abstract in both derived indexes, never used twice
    id TEXT NOT NULL UNIQUE,
    state INTEGER NOT NULL,                  -- 0 done, 1 pending, 2 removing
    title TEXT NOT NULL, title_derived INTEGER NOT NULL, text TEXT NOT NULL, authors TEXT NOT NULL,
    year INTEGER, venue TEXT NOT NULL, doi TEXT NOT NULL, pmid TEXT NOT NULL, arxiv_id TEXT NOT NULL,
    url TEXT NOT NULL, keywords TEXT NOT NULL,
    indexed_chunks INTEGER NOT NULL          -- the most chunks of it that the vector store may hold
);
INSERT OR IGNORE INTO abstracts SELECT key, id, state, title, title_derived, text, authors, year, venue, doi, pmid, arxiv_id, url, keywords, indexed_chunks FROM newest_abstracts;
DROP TABLE newest_abstracts;
CREATE INDEX abstracts_state ON abstracts (state) WHERE state != 0;
CREATE INDEX abstracts_year ON abstracts (year);
CREATE INDEX abstracts_venue ON abstracts (venue);
DROP INDEX identifiers_key;
ALTER TABLE identifiers RENAME TO newest_identifiers;
CREATE TABLE identifiers (name TEXT PRIMARY KEY, key INTEGER NOT NULL) WITHOUT ROWID;
INSERT OR IGNORE INTO identifiers SELECT name, key FROM newest_identifiers;
DROP TABLE newest_identifiers;
CREATE INDEX identifiers_key ON identifiers (key);
DROP INDEX sources_key;
DROP INDEX sources_record_id;
ALTER TABLE sources RENAME TO newest_sources;
CREATE TABLE sources (                       -- every place where an abstract was last seen
    path TEXT, record INTEGER, key INTEGER, record_id TEXT NOT NULL, digest BLOB NOT NULL, run INTEGER NOT NULL,
    PRIMARY KEY (path, record, key)
) WITHOUT ROWID;
INSERT OR IGNORE INTO sources SELECT path, record, key, record_id, digest, run FROM newest_sources;
DROP TABLE newest_sources;
CREATE INDEX sources_key ON sources (key);
CREATE INDEX sources_record_id ON sources (path, record_id) WHERE record_id != '';
DROP TABLE bands;
DROP TABLE versions;
UPDATE meta SET value = '1' WHERE name = 'schema_version';
COMMIT;
