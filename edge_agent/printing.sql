-- What is being printed, written before each label is: what is still here at a start was cut short.

CREATE TABLE print_run (
    id TEXT PRIMARY KEY,    -- the order
    body TEXT NOT NULL      -- JSON of the labels_printed that is true if nothing more is heard of it
) WITHOUT ROWID;

CREATE TABLE printer (name TEXT PRIMARY KEY, state TEXT NOT NULL, trouble TEXT NOT NULL) WITHOUT ROWID;  -- as last told
