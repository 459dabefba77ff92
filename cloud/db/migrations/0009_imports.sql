-- What came in as files, what has gone out as an answer already, and which agent's printer was sent what.

-- ---------------------------------------------------------------- imports (projections of the records import_taken)

CREATE TABLE import (
    id          text PRIMARY KEY,                -- <site>/B-…
    site        text NOT NULL REFERENCES site,
    source      text NOT NULL,                   -- the system the file came from: mobile, core, …
    sha256      text NOT NULL,                   -- hex, of the file as it came
    rows        integer NOT NULL,
    made        integer NOT NULL,                -- items that it registered; the others were there already
    taken_at    timestamptz NOT NULL,
    taken_by    text NOT NULL,
    index       bigint NOT NULL
);

-- Which item is which row of which system: the same row never makes a second one.
CREATE TABLE import_row (
    site        text NOT NULL REFERENCES site,
    source      text NOT NULL,
    key         text NOT NULL,                   -- the number that the source gave it
    thing       text NOT NULL,
    import      text NOT NULL REFERENCES import,
    sha256      text NOT NULL,                   -- hex, of salt and canonical row
    salt        bytea,                           -- goes when the item's registration is erased: nobody can guess then
    seized_at   timestamptz,
    PRIMARY KEY (site, source, key)
);
CREATE INDEX import_row_by_thing ON import_row (thing);

-- ---------------------------------------------------------------- answers kept for whoever asks again

CREATE TABLE idempotency (
    person      text NOT NULL REFERENCES person,
    key         text NOT NULL,
    request     bytea NOT NULL,                  -- SHA-256 of method, path, query and body
    status      smallint NOT NULL,
    media_type  text NOT NULL,
    response    bytea NOT NULL,
    at          timestamptz NOT NULL,
    PRIMARY KEY (person, key)
);
CREATE INDEX idempotency_by_age ON idempotency (at);

GRANT SELECT, INSERT ON import, import_row TO sealtrail_app;
GRANT UPDATE (salt) ON import_row TO sealtrail_app;
GRANT SELECT, INSERT, DELETE ON idempotency TO sealtrail_app;
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON import FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON import FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
