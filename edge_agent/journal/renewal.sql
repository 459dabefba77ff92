-- Version 5 of the agent's SQLite file: what a journal that was made anew has still to tell.

CREATE TABLE renewal (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    body TEXT NOT NULL          -- of the journal_renewed, as JSON
);
CREATE TABLE salvaged (         -- facts of the old file that have another number now
    seq INTEGER PRIMARY KEY,
    content TEXT NOT NULL,
    salt BLOB NOT NULL,
    head BLOB NOT NULL
);
