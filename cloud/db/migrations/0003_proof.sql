-- Proof: what makes the ledger checkable by others, and what guards it against ourselves.

-- ---------------------------------------------------------------- records

-- Every statement of an agent that was taken, also where only its tail was new.
CREATE TABLE statement (
    agent       text NOT NULL REFERENCES agent,
    first       bigint NOT NULL,
    last        bigint NOT NULL CHECK (first <= last),
    jws         text NOT NULL,
    PRIMARY KEY (agent, first, last)
);
CREATE INDEX statement_by_last ON statement (agent, last);

-- What witnesses said about a checkpoint; said again later, it is a fresher word for the same.
CREATE TABLE cosignature (
    site        text NOT NULL,
    size        bigint NOT NULL,
    witness     text NOT NULL,                   -- the name in its verifier key
    at          timestamptz NOT NULL,            -- the witness's time, which it signed
    line        text NOT NULL,                   -- the signature line of the note, with its newline
    PRIMARY KEY (site, size, witness, at),
    FOREIGN KEY (site, size) REFERENCES checkpoint (site, size)
);

-- Time stamps (RFC 3161) of a checkpoint's signed note as it was without cosignatures.
CREATE TABLE checkpoint_stamp (
    site        text NOT NULL,
    size        bigint NOT NULL,
    at          timestamptz NOT NULL,            -- the authority's time
    token       bytea NOT NULL,                  -- the DER TimeStampResp
    PRIMARY KEY (site, size, at),
    FOREIGN KEY (site, size) REFERENCES checkpoint (site, size)
);

-- Entry `index` lost its content and salt by the record at `entry`; its commitment stays in the ledger.
CREATE TABLE erasure (
    site        text NOT NULL,
    index       bigint NOT NULL,
    entry       bigint NOT NULL,
    PRIMARY KEY (site, index),
    FOREIGN KEY (site, entry) REFERENCES record (site, index)
);

-- ---------------------------------------------------------------- projections

-- The hash tiles of each log (C2SP tlog-tiles); a partial tile is overwritten as it grows.
CREATE TABLE ledger_tile (
    site        text NOT NULL REFERENCES site,
    level       smallint NOT NULL,
    n           bigint NOT NULL,
    hashes      bytea NOT NULL CHECK (length(hashes) BETWEEN 32 AND 8192 AND length(hashes) % 32 = 0),
    PRIMARY KEY (site, level, n)
);
ALTER TABLE ledger_tile ALTER COLUMN hashes SET STORAGE EXTERNAL;   -- hashes do not compress

-- Whose key was valid from which entry to before which, as the records key_born and key_ended tell it.
CREATE TABLE key_life (
    site        text NOT NULL REFERENCES site,
    role        text NOT NULL,
    owner       text NOT NULL,
    kid         text NOT NULL,
    public_key  bytea NOT NULL CHECK (length(public_key) = 32),
    born        bigint NOT NULL,
    ended       bigint,
    why         text,
    PRIMARY KEY (site, role, owner, kid)
);
CREATE INDEX key_life_living ON key_life (role, owner) WHERE ended IS NULL;

-- Clearing what speaks against the log itself takes two people: who proposed it, when, and why.
ALTER TABLE alarm ADD COLUMN clear_proposed_by text;
ALTER TABLE alarm ADD COLUMN clear_proposed_at timestamptz;

-- ---------------------------------------------------------------- who may do what

ALTER TABLE fact ALTER COLUMN content DROP NOT NULL, ALTER COLUMN salt DROP NOT NULL;
ALTER TABLE record ALTER COLUMN content DROP NOT NULL, ALTER COLUMN salt DROP NOT NULL;

-- The one change that a fact or record may suffer: content and salt go, where an erasure stands in the ledger.
CREATE FUNCTION refuse_change_but_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.content IS NULL AND NEW.salt IS NULL
        AND to_jsonb(NEW) - 'content' - 'salt' = to_jsonb(OLD) - 'content' - 'salt'
        AND EXISTS (SELECT FROM erasure WHERE site = OLD.site AND index = OLD.index)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'records of % are never changed or deleted', TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege', HINT = 'A correction is a new entry that cites the old one.';
END $$;

DO $$
DECLARE records text[] := ARRAY['statement', 'cosignature', 'checkpoint_stamp', 'erasure'];
        projections text[] := ARRAY['ledger_tile', 'key_life'];
        erasable text[] := ARRAY['fact', 'record'];
        name text;
BEGIN
    FOREACH name IN ARRAY projections LOOP
        EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO sealtrail_app', name);
    END LOOP;
    FOREACH name IN ARRAY records LOOP
        EXECUTE format('GRANT SELECT, INSERT ON %I TO sealtrail_app', name);
        EXECUTE format('CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON %I FOR EACH ROW '
                       'EXECUTE FUNCTION refuse_change()', name);
        EXECUTE format('CREATE TRIGGER keep_all BEFORE TRUNCATE ON %I FOR EACH STATEMENT '
                       'EXECUTE FUNCTION refuse_change()', name);
    END LOOP;
    FOREACH name IN ARRAY erasable LOOP
        EXECUTE format('GRANT UPDATE (content, salt) ON %I TO sealtrail_app', name);
        EXECUTE format('DROP TRIGGER keep ON %I', name);
        EXECUTE format('CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON %I FOR EACH ROW '
                       'EXECUTE FUNCTION refuse_change_but_erasure()', name);
    END LOOP;
END $$;
