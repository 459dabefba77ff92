-- Version 2 of the agent's SQLite file: what it knows as a witness of other sites' logs.

CREATE TABLE witnessed (
    origin TEXT PRIMARY KEY,
    note TEXT NOT NULL,         -- the newest checkpoint agreed to: the log's signature and ours
    seq INTEGER NOT NULL        -- the cosigned fact that told it
) WITHOUT ROWID;
CREATE TABLE told (
    origin TEXT NOT NULL,
    why TEXT NOT NULL,
    at TEXT NOT NULL,           -- of the newest checkpoint_refused about this log for this reason
    PRIMARY KEY (origin, why)
) WITHOUT ROWID;
