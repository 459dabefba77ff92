-- Version 6 of the agent's SQLite file: the segments that are kept for events, and up to where events were looked at.

CREATE TABLE segment (
    sha256 TEXT PRIMARY KEY,
    bytes INTEGER NOT NULL,
    camera TEXT NOT NULL,
    seq INTEGER NOT NULL,       -- the newest clip_segment that names it
    at TEXT NOT NULL,           -- when it ended
    uploaded_at TEXT
) WITHOUT ROWID;
CREATE INDEX segment_waiting ON segment (seq) WHERE uploaded_at IS NULL;
CREATE TABLE film_mark (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    upto INTEGER NOT NULL       -- events up to this fact have their clips, whole
);
