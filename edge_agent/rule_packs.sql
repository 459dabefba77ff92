-- Version 4 of the agent's SQLite file: the rule packs that the cloud sent.

CREATE TABLE rule_pack (
    hash TEXT PRIMARY KEY,
    content TEXT NOT NULL,      -- canonical JSON
    adopted INTEGER,            -- the ledger entry that put it in force at this site; null: only some cases are under it
    seq INTEGER NOT NULL        -- the fact that answered the newest order about it
) WITHOUT ROWID;
