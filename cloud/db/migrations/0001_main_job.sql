-- The main job: sites and their ledgers, agents and their facts, evidence and its permits, people, alarms.
--
-- Two kinds of table. RECORDS (ledger_entry, fact, record, checkpoint, label, quarantine) only ever grow: the
-- application's role may SELECT and INSERT, and a trigger refuses the rest even to the owner.
-- PROJECTIONS and everything that is not evidence may be updated; projections can be computed again from records.

-- ---------------------------------------------------------------- sites and their ledgers

CREATE TABLE site (
    id          text PRIMARY KEY CHECK (id ~ '^[a-z0-9][a-z0-9-]{0,31}$'),
    name_zh     text NOT NULL,
    name_en     text NOT NULL,
    origin      text NOT NULL UNIQUE,            -- of the log's checkpoints: sealtrail/<deployment>/<site>
    created_at  timestamptz NOT NULL
);

-- One row a site, locked by whoever appends: it is the order of the ledger. Sites scale apart.
CREATE TABLE ledger_head (
    site        text PRIMARY KEY REFERENCES site,
    size        bigint NOT NULL DEFAULT 0 CHECK (size >= 0),
    frontier    bytea[] NOT NULL DEFAULT '{}'    -- roots of the complete subtrees, largest first (RFC 6962)
);

CREATE TABLE ledger_entry (
    site        text NOT NULL REFERENCES site,
    index       bigint NOT NULL CHECK (index >= 0),
    entry       text NOT NULL,                   -- canonical JSON; holds a commitment, never personal data
    PRIMARY KEY (site, index)
);

CREATE TABLE checkpoint (
    site        text NOT NULL REFERENCES site,
    size        bigint NOT NULL,
    root        bytea NOT NULL,
    note        text NOT NULL,                   -- the signed note (C2SP tlog-checkpoint)
    at          timestamptz NOT NULL,
    PRIMARY KEY (site, size)
);

-- ---------------------------------------------------------------- the fleet and what it says

CREATE TABLE agent (
    id          text PRIMARY KEY,                -- <site>.<name>
    site        text NOT NULL REFERENCES site,
    public_key  bytea NOT NULL CHECK (length(public_key) = 32),
    added_at    timestamptz NOT NULL,
    revoked_at  timestamptz
);

-- One row an agent, locked while its batch is taken.
CREATE TABLE agent_stream (
    agent       text PRIMARY KEY REFERENCES agent,
    next_seq    bigint NOT NULL DEFAULT 1,
    head        bytea NOT NULL DEFAULT '\x0000000000000000000000000000000000000000000000000000000000000000',
    receipt     text,                            -- the newest receipt's JWS, given again to whoever repeats
    asked_from  bigint,                          -- a gap: what was asked for, and since when it is missing
    asked_at    timestamptz,
    online      boolean NOT NULL DEFAULT false,  -- from birth message and last will
    seen_at     timestamptz,
    birth       jsonb
);

CREATE TABLE fact (
    agent       text NOT NULL REFERENCES agent,
    seq         bigint NOT NULL,
    site        text NOT NULL,
    index       bigint NOT NULL,                 -- its ledger entry
    kind        text NOT NULL,
    at          timestamptz NOT NULL,            -- the device's time
    salt        bytea NOT NULL,
    content     text NOT NULL,                   -- canonical bytes of the fact without its salt
    PRIMARY KEY (agent, seq)
);
CREATE UNIQUE INDEX fact_by_entry ON fact (site, index);

-- What the cloud itself does (an item registered, a permit granted, an alarm raised …).
CREATE TABLE record (
    site        text NOT NULL REFERENCES site,
    index       bigint NOT NULL,
    kind        text NOT NULL,
    at          timestamptz NOT NULL,            -- the cloud's time
    actor       text NOT NULL,                   -- a person's id, or the worker that acted
    salt        bytea NOT NULL,
    content     text NOT NULL,                   -- canonical JSON
    PRIMARY KEY (site, index)
);

-- Bytes that could not be taken, whole: unreadable, badly signed, out of order, contradicting what is there.
CREATE TABLE quarantine (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    received_at timestamptz NOT NULL,
    topic       text NOT NULL,
    agent       text,
    reason      text NOT NULL,
    detail      text NOT NULL,
    sha256      bytea NOT NULL,
    payload     bytea NOT NULL
);
CREATE UNIQUE INDEX quarantine_once ON quarantine (topic, reason, sha256);   -- a repeat is the same finding

-- ---------------------------------------------------------------- evidence (projections of the records)

CREATE TABLE rule_pack (
    hash        text PRIMARY KEY,
    name        text NOT NULL,
    version     text NOT NULL,
    content     text NOT NULL,                   -- canonical JSON
    since       timestamptz NOT NULL
);

CREATE TABLE evidence_case (
    id          text PRIMARY KEY,                -- <site>/C-…
    site        text NOT NULL REFERENCES site,
    number      text NOT NULL,
    title       text NOT NULL,
    rule_pack   text NOT NULL REFERENCES rule_pack,   -- in force when it was opened; never changes
    opened_at   timestamptz NOT NULL,
    opened_by   text NOT NULL,
    index       bigint NOT NULL,
    UNIQUE (site, number)
);

CREATE TABLE package (
    id          text PRIMARY KEY,                -- <site>/P-…
    site        text NOT NULL REFERENCES site,
    case_id     text NOT NULL REFERENCES evidence_case,
    seal_number text NOT NULL,
    state       text NOT NULL,
    index       bigint NOT NULL,                 -- the newest entry about it
    UNIQUE (site, seal_number)
);

CREATE TABLE item (
    id          text PRIMARY KEY,                -- <site>/I-…
    site        text NOT NULL REFERENCES site,
    case_id     text NOT NULL REFERENCES evidence_case,
    name        text NOT NULL,
    quantity    integer NOT NULL CHECK (quantity > 0),
    unit        text NOT NULL,
    state       text NOT NULL,
    package_id  text REFERENCES package,
    index       bigint NOT NULL                  -- the newest entry about it
);
CREATE INDEX item_by_case ON item (case_id);
CREATE INDEX item_by_package ON item (package_id);

CREATE TABLE hold (
    thing       text PRIMARY KEY,
    site        text NOT NULL REFERENCES site,
    reason      text NOT NULL,
    placed_by   text NOT NULL,
    index       bigint NOT NULL
);

CREATE TABLE label (
    thing       text NOT NULL,
    issue       integer NOT NULL,
    kind        text NOT NULL,
    site        text NOT NULL REFERENCES site,
    text        text NOT NULL,
    issued_at   timestamptz NOT NULL,
    index       bigint NOT NULL,
    PRIMARY KEY (thing, issue)
);

CREATE TABLE permit (
    id          text PRIMARY KEY,
    site        text NOT NULL REFERENCES site,
    agent       text NOT NULL REFERENCES agent,
    direction   text NOT NULL,
    not_before  timestamptz NOT NULL,
    not_after   timestamptz NOT NULL,
    payload     jsonb NOT NULL,                  -- what the JWS signs
    jws         text NOT NULL,
    granted_by  text NOT NULL,
    revoked_at  timestamptz,
    index       bigint NOT NULL
);
CREATE INDEX permit_by_agent ON permit (agent);

CREATE TABLE permit_thing (
    permit      text NOT NULL REFERENCES permit,
    thing       text NOT NULL,
    spent_index bigint,                          -- the entry of the passage that spent it
    PRIMARY KEY (permit, thing)
);
CREATE INDEX permit_thing_by_thing ON permit_thing (thing);

-- One row a decision at a gate.
CREATE TABLE passage (
    site        text NOT NULL REFERENCES site,
    index       bigint NOT NULL,                 -- the entry of the decision
    agent       text NOT NULL,
    seq         bigint NOT NULL,
    station     text NOT NULL,
    direction   text NOT NULL,
    outcome     text NOT NULL,
    reason      text,
    rule        text NOT NULL,
    subject     text,
    things      text[] NOT NULL,
    people      text[] NOT NULL,
    at          timestamptz NOT NULL,            -- the device's time
    taken_at    timestamptz NOT NULL,            -- the cloud's
    picture     text,                            -- hex SHA-256 of the still
    differs     text,                            -- what the cloud would have answered, where it differs
    crossed_index   bigint,
    abandoned_index bigint,
    PRIMARY KEY (site, index)
);
CREATE UNIQUE INDEX passage_by_fact ON passage (agent, seq);

-- Which entries concern which thing: a thing's history in one index scan.
CREATE TABLE thing_entry (
    thing       text NOT NULL,
    site        text NOT NULL,
    index       bigint NOT NULL,
    PRIMARY KEY (thing, index)
);

-- ---------------------------------------------------------------- orders down

CREATE TABLE agent_order (
    id          text PRIMARY KEY,
    agent       text NOT NULL REFERENCES agent,
    kind        text NOT NULL,
    jws         text NOT NULL,
    created_at  timestamptz NOT NULL,
    answered_index bigint,
    answer      text
);
CREATE INDEX agent_order_open ON agent_order (agent, created_at) WHERE answered_index IS NULL;

-- ---------------------------------------------------------------- alarms

CREATE TABLE alarm (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site        text NOT NULL REFERENCES site,
    cause       text NOT NULL,
    place       text NOT NULL,                   -- an agent, a station, a thing
    severity    text NOT NULL CHECK (severity IN ('info', 'warning', 'major', 'critical')),
    detail      jsonb NOT NULL,
    raised_at   timestamptz NOT NULL,
    last_at     timestamptz NOT NULL,
    occurrences integer NOT NULL DEFAULT 1,
    index       bigint NOT NULL,                 -- the entry of its raising
    cleared_at  timestamptz
);
CREATE UNIQUE INDEX alarm_living ON alarm (site, cause, place) WHERE cleared_at IS NULL;

-- ---------------------------------------------------------------- people and machines that sign in

CREATE TABLE person (
    id          text PRIMARY KEY,                -- <site>/U-…
    site        text NOT NULL REFERENCES site,
    username    text NOT NULL UNIQUE,
    name        text NOT NULL,
    password    text NOT NULL,                   -- argon2id
    roles       text[] NOT NULL,
    added_at    timestamptz NOT NULL,
    disabled_at timestamptz
);

CREATE TABLE session (
    hash        bytea PRIMARY KEY,               -- SHA-256 of the cookie's secret
    person      text NOT NULL REFERENCES person,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL
);

CREATE TABLE api_token (
    hash        bytea PRIMARY KEY,               -- SHA-256 of the bearer token
    person      text NOT NULL REFERENCES person, -- whose rights it has
    name        text NOT NULL,
    created_at  timestamptz NOT NULL,
    revoked_at  timestamptz
);

-- ---------------------------------------------------------------- stills and clips (the bytes are in object storage)

CREATE TABLE media (
    sha256      text PRIMARY KEY,                -- hex
    agent       text NOT NULL REFERENCES agent,
    bytes       bigint NOT NULL,
    media_type  text NOT NULL,
    stored_at   timestamptz NOT NULL
);

-- ---------------------------------------------------------------- who may do what

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'records of % are never changed or deleted', TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege', HINT = 'A correction is a new entry that cites the old one.';
END $$;

DO $$
DECLARE records text[] := ARRAY['ledger_entry', 'checkpoint', 'fact', 'record', 'quarantine', 'label', 'rule_pack'];
        name text;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'sealtrail_app') THEN
        CREATE ROLE sealtrail_app LOGIN;
    END IF;
    GRANT USAGE ON SCHEMA public TO sealtrail_app;
    GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO sealtrail_app;
    GRANT DELETE ON hold, session TO sealtrail_app;
    REVOKE INSERT, UPDATE ON migration FROM sealtrail_app;
    FOREACH name IN ARRAY records LOOP
        EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON %I FROM sealtrail_app', name);
        EXECUTE format('CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON %I FOR EACH ROW '
                       'EXECUTE FUNCTION refuse_change()', name);
        EXECUTE format('CREATE TRIGGER keep_all BEFORE TRUNCATE ON %I FOR EACH STATEMENT '
                       'EXECUTE FUNCTION refuse_change()', name);
    END LOOP;
END $$;
