-- Version 9 of the agent's SQLite file: what a door remembers over a restart, so that whom it let in is not forgotten.

CREATE TABLE door_kept (
    station TEXT PRIMARY KEY,
    decision INTEGER,           -- seq of the door_decided that it was opened by, or is unlocked by now
    opened INTEGER,             -- seq of the fact that said it was opened; null while it was not
    body TEXT NOT NULL          -- stations/door_memory.py
) WITHOUT ROWID;
