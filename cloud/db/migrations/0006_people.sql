-- People: organisation units, accounts that come from a directory (OpenID Connect), passkeys (WebAuthn).

-- ---------------------------------------------------------------- province, city, county

-- Every site's ledger tells of every unit. A unit stays where it is: who may read what never shifts under a reader.
CREATE TABLE unit (
    id          text PRIMARY KEY CHECK (id ~ '^[a-z0-9][a-z0-9-]{0,31}$'),
    parent      text REFERENCES unit,            -- null at the top
    name_zh     text NOT NULL,
    name_en     text NOT NULL,
    added_at    timestamptz NOT NULL
);

ALTER TABLE site ADD COLUMN unit text REFERENCES unit;
ALTER TABLE person ADD COLUMN unit text REFERENCES unit;         -- null: that of their site
CREATE INDEX site_by_unit ON site (unit);

-- ---------------------------------------------------------------- accounts

ALTER TABLE person ALTER COLUMN password DROP NOT NULL;          -- whoever signs in by a directory has none here
ALTER TABLE person ADD COLUMN issuer text;
ALTER TABLE person ADD COLUMN subject text;
ALTER TABLE person ADD COLUMN disabled_by text;
ALTER TABLE person ADD CHECK (num_nonnulls(issuer, subject) <> 1);
CREATE UNIQUE INDEX person_by_subject ON person (issuer, subject);
CREATE INDEX session_by_person ON session (person);

-- A sign-in that a directory has not answered yet.
CREATE TABLE oidc_login (
    hash        bytea PRIMARY KEY,               -- SHA-256 of the state, which the browser keeps as a cookie
    nonce       text NOT NULL,
    verifier    text NOT NULL,                   -- PKCE (RFC 7636)
    expires_at  timestamptz NOT NULL
);

-- ---------------------------------------------------------------- passkeys

CREATE TABLE passkey (
    credential  text PRIMARY KEY,                -- its id, base64url
    person      text NOT NULL REFERENCES person,
    site        text NOT NULL REFERENCES site,
    name        text NOT NULL,                   -- what its owner calls it
    public_key  bytea NOT NULL,                  -- SPKI, DER
    alg         text NOT NULL CHECK (alg IN ('ES256', 'EdDSA')),
    rp_id       text NOT NULL,                   -- for whom it signs
    sign_count  bigint NOT NULL,
    added_at    timestamptz NOT NULL,
    used_at     timestamptz,
    removed_at  timestamptz,
    index       bigint NOT NULL                  -- the entry of its adding
);
CREATE INDEX passkey_by_person ON passkey (person) WHERE removed_at IS NULL;

-- What somebody who adds a passkey was asked to sign; the newest is the only one.
CREATE TABLE passkey_challenge (
    person      text PRIMARY KEY REFERENCES person,
    challenge   bytea NOT NULL,
    expires_at  timestamptz NOT NULL
);

GRANT SELECT, INSERT ON unit TO sealtrail_app;
GRANT SELECT, INSERT, DELETE ON oidc_login TO sealtrail_app;
GRANT SELECT, INSERT, UPDATE ON passkey, passkey_challenge TO sealtrail_app;
