-- Custody: the warehouse's slots, what an item's custody adds to its state, acts that wait for hands, packs in force,
-- and the guard that no projection is moved past.

-- ---------------------------------------------------------------- the warehouse

CREATE TABLE zone (
    id          text PRIMARY KEY,                -- <site>/Z-…
    site        text NOT NULL REFERENCES site,
    name        text NOT NULL,
    class       text NOT NULL,                   -- a zone class of the rule pack: ordinary, high_value, controlled
    index       bigint NOT NULL,
    UNIQUE (site, name)
);

CREATE TABLE slot (
    id          text PRIMARY KEY,                -- <site>/S-…
    site        text NOT NULL REFERENCES site,
    zone        text NOT NULL REFERENCES zone,
    name        text NOT NULL,                   -- as painted on the rack: A-01-03 (row, bay, level)
    size        text NOT NULL,                   -- a slot size of the rule pack: s, m, l, xl
    capacity    integer NOT NULL DEFAULT 1 CHECK (capacity > 0),
    agent       text REFERENCES agent,           -- whose indicator lights it, if it has one
    indicator   text,                            -- the device's name at that agent
    index       bigint NOT NULL,
    UNIQUE (site, name)
);
CREATE INDEX slot_by_zone ON slot (zone);

-- ---------------------------------------------------------------- what custody adds to an item or a package

ALTER TABLE item ADD COLUMN goods text NOT NULL DEFAULT 'tobacco';      -- a class of goods of the rule pack
ALTER TABLE item ADD COLUMN value_fen bigint NOT NULL DEFAULT 0 CHECK (value_fen >= 0);

CREATE TABLE custody (
    thing       text PRIMARY KEY,                -- an item or a package
    site        text NOT NULL REFERENCES site,
    slot        text REFERENCES slot,            -- where it lies; null while it is nowhere in the warehouse
    size        text,                            -- which slots it fits into
    weight_g    bigint,
    openings    integer NOT NULL DEFAULT 0,
    parent      text,                            -- what it was split off or packed out of
    purpose     text,                            -- court, laboratory, appraisal, other: while it is lent
    due_at      timestamptz,                     -- when it has to be back
    method      text,                            -- how it is to be disposed of: return_to_owner, auction, transfer, destroy
    index       bigint NOT NULL                  -- the newest entry that changed this row
);
CREATE INDEX custody_by_slot ON custody (slot) WHERE slot IS NOT NULL;
CREATE INDEX custody_by_due ON custody (site, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX item_by_state ON item (site, state, id);
CREATE INDEX package_by_state ON package (site, state, id);
CREATE INDEX package_by_case ON package (case_id);

-- Whose hand was on which step of a thing: nobody approves their own work.
CREATE TABLE thing_hand (
    thing       text NOT NULL,
    action      text NOT NULL,
    person      text NOT NULL,
    PRIMARY KEY (thing, action, person)
);

-- ---------------------------------------------------------------- acts that need more hands than one

CREATE TABLE act (
    id          text PRIMARY KEY,                -- <site>/A-…
    site        text NOT NULL REFERENCES site,
    action      text NOT NULL,
    things      text[] NOT NULL,
    details     jsonb NOT NULL,
    hash        text NOT NULL,                   -- hex SHA-256 of the canonical content: what every hand signs
    rule        text NOT NULL,
    rule_pack   text NOT NULL,
    seats       jsonb NOT NULL,                  -- the roles of each seat, in order
    proposed_by text NOT NULL,
    proposed_at timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    ages_at     timestamptz,                     -- from when on its waiting is an alarm
    index       bigint NOT NULL,                 -- the entry of its proposal
    ended       text CHECK (ended IN ('done', 'declined', 'expired')),
    ended_at    timestamptz,
    ended_index bigint
);
CREATE INDEX act_waiting ON act (site, index) WHERE ended IS NULL;
CREATE INDEX act_by_entry ON act (site, index);

-- A thing has one open act at most: who comes second is told who was first.
CREATE TABLE act_thing (
    act         text NOT NULL REFERENCES act,
    thing       text NOT NULL,
    open        boolean NOT NULL DEFAULT true,
    PRIMARY KEY (act, thing)
);
CREATE UNIQUE INDEX act_thing_open ON act_thing (thing) WHERE open;

CREATE TABLE act_hand (
    act         text NOT NULL REFERENCES act,
    person      text NOT NULL,
    part        text NOT NULL CHECK (part IN ('begin', 'end')),   -- a live act is signed at its end once more
    seat        integer NOT NULL,
    credential  text NOT NULL,                   -- a session or a passkey
    at          timestamptz NOT NULL,
    signature   jsonb,                           -- the WebAuthn assertion over `hash`, where the pack asks for one
    index       bigint NOT NULL,
    PRIMARY KEY (act, person, part)
);

-- ---------------------------------------------------------------- rule packs

-- Which pack is in force from when on; two people signed it.
CREATE TABLE pack_adoption (
    site        text NOT NULL REFERENCES site,
    index       bigint NOT NULL,
    hash        text NOT NULL REFERENCES rule_pack,
    effective_from timestamptz NOT NULL,
    PRIMARY KEY (site, index)
);

-- The steps of each pack, unfolded by the database itself from the pack's content: what the guard goes by.
CREATE TABLE rule_step (
    pack        text NOT NULL REFERENCES rule_pack,
    action      text NOT NULL,
    from_state  text NOT NULL,
    to_state    text NOT NULL,
    by_gate     boolean NOT NULL,
    seats       jsonb NOT NULL,
    apart       text[] NOT NULL,
    while_held  boolean NOT NULL,
    rule        text NOT NULL,
    PRIMARY KEY (pack, action, from_state)
);

-- Photographs that people take are kept like the stills of agents.
ALTER TABLE media ALTER COLUMN agent DROP NOT NULL;
ALTER TABLE media ADD COLUMN person text;
ALTER TABLE media ADD CHECK (num_nonnulls(agent, person) = 1);
