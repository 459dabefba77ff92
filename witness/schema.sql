-- What a witness remembers, version 1 (PRAGMA user_version). One file; a statement ends in a semicolon at a line's end.

CREATE TABLE me (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    name TEXT NOT NULL,
    key BLOB NOT NULL  -- the raw public key: a state file belongs to one witness for ever
);

CREATE TABLE newest (
    origin TEXT PRIMARY KEY,
    origin_sha256 TEXT NOT NULL UNIQUE,  -- lowercase hex: how the monitoring address names the log
    note TEXT NOT NULL,                  -- the newest checkpoint, with the log's signature and ours
    cosigned_at_s INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE accusation (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    origin TEXT NOT NULL,
    kind TEXT NOT NULL,
    proves INTEGER NOT NULL CHECK (proves IN (0, 1)),
    text_sha256 TEXT NOT NULL,  -- of the note's text, so that one checkpoint sent again and again is kept once
    status INTEGER NOT NULL,    -- what the log was answered
    why TEXT NOT NULL,
    request BLOB NOT NULL,      -- the whole body
    seen TEXT,                  -- the note that was the newest then; NULL when there was none
    at_s INTEGER NOT NULL,
    UNIQUE (origin, kind, text_sha256)
);
