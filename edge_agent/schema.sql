-- The agent's one SQLite file, version 1 (PRAGMA user_version); later versions in files beside. Everything in it changes in the journal's transactions.

CREATE TABLE fact (
    seq INTEGER PRIMARY KEY,
    content TEXT NOT NULL,  -- canonical JSON without the salt
    salt BLOB NOT NULL,
    head BLOB NOT NULL      -- of the chain, after this fact
);
CREATE TABLE mark (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    receipted INTEGER NOT NULL,   -- facts up to this seq are in the cloud's ledger, by its signed word
    pruned INTEGER NOT NULL,      -- facts up to this seq are no longer kept here
    pruned_head BLOB NOT NULL     -- the chain's head after them
);
INSERT INTO mark VALUES (1, 0, 0, zeroblob(32));

CREATE TRIGGER fact_stays BEFORE DELETE ON fact WHEN OLD.seq > (SELECT receipted FROM mark)
BEGIN SELECT RAISE(ABORT, 'a fact without a receipt is not deleted'); END;
CREATE TRIGGER fact_as_it_is BEFORE UPDATE ON fact
BEGIN SELECT RAISE(ABORT, 'a fact is not changed'); END;

CREATE TABLE permit (id TEXT PRIMARY KEY, jws TEXT NOT NULL, not_after TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE revoked (permit TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE spent (
    permit TEXT NOT NULL,
    thing TEXT NOT NULL,
    seq INTEGER NOT NULL,  -- the passage_decided that spent it
    PRIMARY KEY (permit, thing)
) WITHOUT ROWID;
CREATE TABLE hold (thing TEXT PRIMARY KEY, held INTEGER NOT NULL, at TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE answered (
    id TEXT PRIMARY KEY,   -- of the order
    outcome TEXT NOT NULL,
    problem TEXT,
    seq INTEGER NOT NULL   -- the newest order_answered for it
) WITHOUT ROWID;
CREATE TABLE picture (
    sha256 TEXT PRIMARY KEY,
    jpeg BLOB NOT NULL,
    seq INTEGER NOT NULL,  -- the fact that names it
    uploaded_at TEXT
);
CREATE INDEX picture_waiting ON picture (seq) WHERE uploaded_at IS NULL;
