-- What sensors say beside the records: movements and observations, what explains what, what a slot's sensor said last;
-- and openings by break-glass, with their clip, recount and review.

-- A movement by the records: a step, or a passage that a gate allowed. `traces` are what it should have made sensors
-- tell, `corroborated_by` the observation (its entry) that was found for each.
CREATE TABLE movement (
    site        text NOT NULL REFERENCES site,
    index       bigint NOT NULL,                 -- the entry of the step or the passage
    action      text NOT NULL,
    things      text[] NOT NULL,
    at          timestamptz NOT NULL,            -- by the clock of whoever told it
    until       timestamptz,                     -- as `at`; leave to fetch something lasts until its next step
    error_ms    bigint NOT NULL,
    window_s    integer NOT NULL,
    traces      jsonb NOT NULL,                  -- a list of [sensor, place, what]
    needs       jsonb NOT NULL,                  -- groups of kinds of sensors, of each of which one must have told
    places      text[] NOT NULL,                 -- of the traces
    corroborated_by bigint[] NOT NULL,
    state       text NOT NULL CHECK (state IN (
        'waiting', 'corroborated', 'uncorroborated',
        'unwatched',                             -- no sensor is where it could tell of it
        'explains',                              -- no movement, though it may make a sensor tell
        'abandoned')),                           -- the gate was open and nobody went through
    judged_index bigint,
    PRIMARY KEY (site, index)
);
CREATE INDEX movement_waiting ON movement (site, at) WHERE state = 'waiting';
CREATE INDEX movement_places ON movement USING gin (places) WHERE state <> 'abandoned';
CREATE INDEX movement_lasting ON movement (site, index) WHERE until IS NULL;

-- What a sensor told: a slot filled or emptied, a gate passed, a weighing that agrees with the last one.
CREATE TABLE observation (
    site        text NOT NULL REFERENCES site,
    index       bigint NOT NULL,
    place       text NOT NULL,                   -- a slot, agent:station, or the thing on the scale
    kind        text NOT NULL CHECK (kind IN ('gate', 'slot', 'weight')),
    what        text NOT NULL,
    at          timestamptz NOT NULL,
    error_ms    bigint NOT NULL,
    explained_by bigint,                         -- the movement
    state       text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'explained', 'unexplained')),
    judged_index bigint,
    PRIMARY KEY (site, index, place)
);
CREATE INDEX observation_waiting ON observation (site, at) WHERE state = 'waiting' AND kind <> 'weight';
CREATE INDEX observation_open ON observation (place, at) WHERE state <> 'explained';

CREATE TABLE slot_sensor (
    slot        text PRIMARY KEY REFERENCES slot,
    site        text NOT NULL REFERENCES site,
    occupied    boolean NOT NULL,
    at          timestamptz NOT NULL,
    index       bigint NOT NULL                  -- the newest entry that said so
);

-- Whether sensors saw the last movement of a thing; null while that is open, or where no sensor could tell.
CREATE FUNCTION moved_as_seen(the_thing text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT CASE m.state WHEN 'corroborated' THEN true WHEN 'uncorroborated' THEN false END
    FROM thing_entry e JOIN movement m ON m.site = e.site AND m.index = e.index
    WHERE e.thing = the_thing AND m.state NOT IN ('explains', 'abandoned')
    ORDER BY e.index DESC LIMIT 1
$$;

-- ---------------------------------------------------------------- break-glass

CREATE TABLE exception (
    id          text PRIMARY KEY,                -- <site>/X-…
    site        text NOT NULL REFERENCES site,
    agent       text NOT NULL,
    station     text NOT NULL,
    input       text NOT NULL,                   -- what was pressed
    opened_seq  bigint NOT NULL,
    opened_index bigint NOT NULL,
    opened_at   timestamptz NOT NULL,
    closed_index bigint,                         -- also where it was cut short by a restart, or opened anew
    closed_at   timestamptz,
    open_ms     bigint,
    crossings   bigint,
    pictures    text[] NOT NULL DEFAULT '{}',    -- the clip: digests of its stills, in their order
    missed      bigint NOT NULL DEFAULT 0,
    recounts    jsonb,                           -- zone → stock-take; null until they are ordered
    due_at      timestamptz NOT NULL,            -- when it has to have been reviewed
    state       text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed', 'reviewed')),
    finding     text,
    reviewed_index bigint,
    index       bigint NOT NULL,                 -- the entry that made it
    UNIQUE (agent, opened_seq)
);
CREATE INDEX exception_by_entry ON exception (site, index);
CREATE INDEX exception_unreviewed ON exception (site, due_at) WHERE state <> 'reviewed';
CREATE INDEX exception_uncounted ON exception (site) WHERE recounts IS NULL AND state <> 'open';

CREATE INDEX alarm_case_clock ON alarm (site, place) WHERE cause = 'case_clock';

-- What went around the ordinary way: the supervisor's list (cloud/evidence/overrides.sql asks in the same words).
CREATE INDEX record_override ON record (site, index) WHERE
    kind IN ('exception_opened', 'exception_reviewed', 'act_refused', 'act_declined', 'case_repinned', 'rules_adopted',
             'hold_lifted', 'content_erased')
    OR (kind = 'custody_step' AND content LIKE '%"action":"correct"%');

GRANT SELECT, INSERT, UPDATE ON movement, observation, slot_sensor, exception TO sealtrail_app;

-- Ledgers that were there before: nobody kept what sensors told until this entry, and nothing is judged that came before.
CREATE TABLE sensed_from (
    site        text PRIMARY KEY REFERENCES site,
    index       bigint NOT NULL
);
INSERT INTO sensed_from SELECT site, size FROM ledger_head WHERE size > 0;
GRANT SELECT ON sensed_from TO sealtrail_app;
