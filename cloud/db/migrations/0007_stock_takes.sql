-- Stock-taking: who counted what against which book, how the sample came about, and how differences were answered.

CREATE TABLE stock_take (
    id              text PRIMARY KEY,            -- <site>/T-…
    site            text NOT NULL REFERENCES site,
    kind            text NOT NULL CHECK (kind IN ('full', 'zone', 'random')),
    zone            text REFERENCES zone,
    cause           text,                        -- what made it be opened by itself: an exception
    opened_by       text NOT NULL,
    opened_at       timestamptz NOT NULL,
    index           bigint NOT NULL,             -- the entry of its opening: the book is what was so before it
    population      integer NOT NULL,
    population_hash text NOT NULL,
    wanted          integer CHECK (wanted > 0),  -- how many are to be drawn
    state           text NOT NULL CHECK (state IN ('open', 'counting', 'compared', 'closed')),
    checkpoint_size bigint,                      -- the first checkpoint that covers `index`: the seed of the draw
    checkpoint_root bytea,
    drawn_index     bigint,
    keeper          text,
    bookkeeper      text,
    keeper_index    bigint,                      -- the entry by which the keeper closed their count
    bookkeeper_index bigint,
    compared_index  bigint,
    compared_at     timestamptz,
    closed_index    bigint,
    closed_at       timestamptz,
    CHECK (keeper <> bookkeeper),
    CHECK ((kind = 'random') = (wanted IS NOT NULL)),
    CHECK (kind <> 'zone' OR zone IS NOT NULL)
);
CREATE INDEX stock_take_by_entry ON stock_take (site, index);
CREATE INDEX stock_take_waiting ON stock_take (site) WHERE state = 'open';

-- The book when the stock-take was opened; `drawn` is what has to be counted.
CREATE TABLE stock_take_line (
    stock_take  text NOT NULL REFERENCES stock_take,
    thing       text NOT NULL,
    slot        text,                            -- null: in the warehouse, in no slot
    quantity    integer,                         -- null: a sealed package, nobody counts what is in it
    drawn       boolean NOT NULL,
    PRIMARY KEY (stock_take, thing)
);

-- One row a scan, by whoever scanned; the phone made the key.
CREATE TABLE stock_take_count (
    stock_take  text NOT NULL REFERENCES stock_take,
    person      text NOT NULL,
    key         text NOT NULL,
    thing       text NOT NULL,
    slot        text,
    quantity    integer CHECK (quantity >= 0),
    taken_back  boolean NOT NULL,
    issue       integer,                         -- of the label that was scanned; null: the id was typed
    at          timestamptz NOT NULL,            -- the phone's time
    PRIMARY KEY (stock_take, person, key)
);

-- Where count and book differ, or the two counts. {slot, quantity}; null: not expected, not seen.
CREATE TABLE difference (
    stock_take  text NOT NULL REFERENCES stock_take,
    thing       text NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('missing', 'unexpected', 'wrong_slot', 'miscounted', 'count_disagrees')),
    expected    jsonb,
    keeper      jsonb,
    bookkeeper  jsonb,
    answer      text CHECK (answer IN ('found', 'missing', 'corrected', 'recount')),
    reference   text,                            -- a slot, an act, a stock-take
    reason      text,
    answered_by text,
    answered_at timestamptz,
    answered_index bigint,
    PRIMARY KEY (stock_take, thing)
);

GRANT SELECT, INSERT, UPDATE ON stock_take, stock_take_line, difference TO sealtrail_app;
GRANT SELECT, INSERT ON stock_take_count TO sealtrail_app;

-- What somebody scanned is kept as it was told; who was wrong scans again.
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON stock_take_count FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON stock_take_count FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT ON zone, slot, custody, act TO sealtrail_app;  -- TEMPORARY until the core grants it
