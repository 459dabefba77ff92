-- Doors: what is behind each, who asked at it, and each time that it stood open.

CREATE TABLE door (
    site        text NOT NULL REFERENCES site,
    agent       text NOT NULL REFERENCES agent,
    station     text NOT NULL,
    guards      text[] NOT NULL,                 -- stations of the agent behind it: it opens for their tasks and permits
    zones       text[] NOT NULL,                 -- zones behind it
    index       bigint NOT NULL,                 -- the newest entry that said so
    PRIMARY KEY (agent, station)
);

-- One row from a question, or from an opening that nobody asked for, to its end.
CREATE TABLE door_session (
    site        text NOT NULL REFERENCES site,
    index       bigint NOT NULL,                 -- the fact that began it
    agent       text NOT NULL,
    station     text NOT NULL,
    state       text NOT NULL CHECK (state IN ('refused', 'allowed', 'open', 'closed')),
    at          timestamptz NOT NULL,            -- the device's time of that fact
    decision_seq bigint,                         -- null: nobody asked
    rule        text,
    reason      text,
    subject     text,
    task        text,
    permit      text,
    things      text[] NOT NULL DEFAULT '{}',
    people      text[] NOT NULL DEFAULT '{}',    -- whose passes were shown, while it was open too
    picture     text,
    differs     text,                            -- what the cloud would have answered
    how         text,                            -- in which way it was opened
    opened_seq  bigint,
    opened_index bigint,
    opened_at   timestamptz,
    held_index  bigint,                          -- it stood open for too long
    closed_index bigint,                         -- also where it was cut short by a restart, or by another opening
    closed_at   timestamptz,
    open_ms     bigint,
    moved       text[] NOT NULL DEFAULT '{}',    -- slots behind it whose sensor changed meanwhile
    PRIMARY KEY (site, index)
);
CREATE INDEX door_session_decided ON door_session (agent, decision_seq) WHERE state = 'allowed';
CREATE INDEX door_session_open ON door_session (agent, station) WHERE state = 'open';
CREATE INDEX door_session_opened ON door_session (agent, station, opened_at) WHERE opened_at IS NOT NULL;
GRANT SELECT, INSERT, UPDATE ON door, door_session TO sealtrail_app;

-- Ledgers that were there before: facts about doors until this entry have no row.
CREATE TABLE doors_from (
    site        text PRIMARY KEY REFERENCES site,
    index       bigint NOT NULL
);
INSERT INTO doors_from SELECT site, size FROM ledger_head WHERE size > 0;
GRANT SELECT ON doors_from TO sealtrail_app;

-- What a door and the heads at a gate tell of movements. The opening of a door explains as many as come of it, and is
-- never missed by itself, nor are heads: neither is waited for.
ALTER TABLE observation DROP CONSTRAINT observation_kind_check;
ALTER TABLE observation ADD CHECK (kind IN ('gate', 'slot', 'weight', 'door', 'heads'));
DROP INDEX observation_waiting;
CREATE INDEX observation_waiting ON observation (site, at) WHERE state = 'waiting' AND kind IN ('gate', 'slot');
ALTER TABLE movement ADD stay_s integer NOT NULL DEFAULT 0;   -- so much earlier a door may have been opened for it
