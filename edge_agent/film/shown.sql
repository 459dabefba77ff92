-- Version 7 of the agent's SQLite file: what kept film shows, so that none of what is under legal hold is forgotten.

CREATE TABLE clip_of (sha256 TEXT NOT NULL, clip INTEGER NOT NULL, PRIMARY KEY (sha256, clip)) WITHOUT ROWID;
CREATE TABLE clip_thing (clip INTEGER NOT NULL, thing TEXT NOT NULL, PRIMARY KEY (clip, thing)) WITHOUT ROWID;
