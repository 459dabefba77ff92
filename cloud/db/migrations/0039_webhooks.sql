-- Webhooks: who is told what of a site's ledger, and what became of each telling. The secret that signs is in no table:
-- it follows from a file beside the keys, the webhook's id and its number (cloud/webhooks/signing.py).

CREATE TABLE webhook (
    id          text PRIMARY KEY,                -- <site>/W-…
    site        text NOT NULL REFERENCES site,
    name        text NOT NULL,
    url         text NOT NULL,
    events      text[] NOT NULL,                 -- fact.<kind> and record.<kind>; * stands for any end
    signs       text NOT NULL CHECK (signs IN ('v1', 'v1a')),
    secret      integer NOT NULL DEFAULT 1,      -- its number: another after each change of the secret
    paused      boolean NOT NULL DEFAULT false,
    made_by     text NOT NULL,
    made_at     timestamptz NOT NULL,
    index       bigint NOT NULL,                 -- the entry that made it
    newest      bigint NOT NULL,                 -- the newest entry about it
    ended_at    timestamptz,
    -- How far it has come; none of this is in the ledger.
    upto        bigint NOT NULL,                 -- entries up to here were looked through
    rotated_at  timestamptz,                     -- the secret before the newest still signs for a while
    failures    integer NOT NULL DEFAULT 0,      -- in a row
    quiet_until timestamptz,                     -- after a failure: not even the next one is tried
    sent_at     timestamptz,
    failed_at   timestamptz,
    gone        boolean NOT NULL DEFAULT false,  -- answered 410: it wants no more
    alarmed     boolean NOT NULL DEFAULT false   -- an alarm tells that it has parked deliveries
);
CREATE INDEX webhook_living ON webhook (site) WHERE ended_at IS NULL;

CREATE TABLE webhook_delivery (
    number      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    webhook     text NOT NULL REFERENCES webhook,
    index       bigint,                          -- null: a test
    type        text NOT NULL,
    queued_at   timestamptz NOT NULL,
    state       text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done', 'parked', 'failed', 'dropped')),
    attempts    integer NOT NULL DEFAULT 0,
    next_at     timestamptz NOT NULL,
    claimed_until timestamptz,                   -- some worker is at it
    first_at    timestamptz,
    tried_at    timestamptz,
    status      integer,                         -- HTTP; null: no answer
    told        text,                            -- how its answer begins, or why there was none
    UNIQUE (webhook, index)
);
CREATE INDEX webhook_delivery_due ON webhook_delivery (webhook, number) WHERE state = 'waiting';
CREATE INDEX webhook_delivery_parked ON webhook_delivery (webhook) WHERE state = 'parked';

GRANT SELECT, INSERT, UPDATE ON webhook TO sealtrail_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_delivery TO sealtrail_app;
