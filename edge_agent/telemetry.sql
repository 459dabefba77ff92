-- Batches of readings that the cloud has no receipt for yet. The file is the agent's alone, beside its journal.
CREATE TABLE IF NOT EXISTS batch (
    number INTEGER PRIMARY KEY,
    message BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS chain (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    number INTEGER NOT NULL,   -- of the newest batch
    head BLOB NOT NULL
);
INSERT OR IGNORE INTO chain VALUES (1, 0, zeroblob(32));
