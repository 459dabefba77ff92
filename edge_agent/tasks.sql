-- Version 3 of the agent's SQLite file: the steps it may take by itself, and what it last knew of its slots.

CREATE TABLE task (id TEXT PRIMARY KEY, jws TEXT NOT NULL, not_after TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE task_revoked (task TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE task_done (
    task TEXT PRIMARY KEY,
    seq INTEGER NOT NULL        -- the step_decided that took the step
) WITHOUT ROWID;
CREATE TABLE slot (
    station TEXT NOT NULL,
    slot TEXT NOT NULL,
    occupied INTEGER NOT NULL,
    seq INTEGER NOT NULL,       -- the newest slot_changed about it
    PRIMARY KEY (station, slot)
) WITHOUT ROWID;
