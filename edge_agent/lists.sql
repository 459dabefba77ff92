-- Version 8 of the agent's SQLite file: lists of slots that are lit together, and what was put into the wrong slot.

CREATE TABLE light_list (
    id TEXT PRIMARY KEY,
    body TEXT,                  -- the order's; null for one that was stopped before it came
    until TEXT NOT NULL,        -- RFC 3339
    stopped INTEGER NOT NULL,
    seq INTEGER NOT NULL        -- the order_answered that took it or stopped it
) WITHOUT ROWID;
CREATE TABLE light_list_slot (
    list TEXT NOT NULL,
    slot TEXT NOT NULL,
    before INTEGER,             -- whether something lay there when the list came; null where its sensor had not spoken
    done INTEGER NOT NULL,
    PRIMARY KEY (list, slot)
) WITHOUT ROWID;
CREATE TABLE light_list_end (list TEXT NOT NULL, station TEXT NOT NULL, PRIMARY KEY (list, station)) WITHOUT ROWID;
CREATE TABLE misplaced (
    station TEXT NOT NULL,
    found TEXT NOT NULL,
    body TEXT NOT NULL,         -- the slot_misplaced
    PRIMARY KEY (station, found)
) WITHOUT ROWID;
