-- Lists of slots that are lit together, and what was put into, or taken from, a wrong slot.

CREATE TABLE light_list (
    id          text PRIMARY KEY,                -- <site>/G-…
    site        text NOT NULL REFERENCES site,
    way         text NOT NULL,                   -- pick, put, look
    colour      text NOT NULL,
    until       timestamptz NOT NULL,
    started_by  text NOT NULL,
    index       bigint NOT NULL,
    stopped_index bigint
);
CREATE INDEX light_list_by_entry ON light_list (site, index);

CREATE TABLE light_list_slot (
    list        text NOT NULL REFERENCES light_list,
    slot        text NOT NULL REFERENCES slot,
    site        text NOT NULL REFERENCES site,
    position    integer NOT NULL,                -- in walking order, from 0
    things      text[] NOT NULL,
    agent       text,                            -- whose rack lights it; null where none does
    order_id    text REFERENCES agent_order,
    done_index  bigint,                          -- the fact that confirms it
    done_by     text,                            -- sensor, scan
    PRIMARY KEY (list, slot)
);
CREATE INDEX light_list_slot_site ON light_list_slot (site);

CREATE TABLE misplacement (
    site        text NOT NULL REFERENCES site,
    index       bigint NOT NULL,                 -- the entry of the fact
    agent       text NOT NULL,
    station     text NOT NULL,
    found       text NOT NULL,
    expected    text NOT NULL,
    moved       text NOT NULL,                   -- put, taken
    by          text NOT NULL,                   -- sensor, scan
    task        text,
    list        text,
    things      text[] NOT NULL,
    at          timestamptz NOT NULL,
    ended_index bigint,
    ended_at    timestamptz,
    how         text,
    PRIMARY KEY (site, index)
);
CREATE INDEX misplacement_living ON misplacement (site, found) WHERE ended_index IS NULL;
CREATE INDEX misplacement_found ON misplacement (found, at);
CREATE INDEX misplacement_expected ON misplacement (expected, at);

GRANT SELECT, INSERT, UPDATE ON light_list, light_list_slot, misplacement TO sealtrail_app;
