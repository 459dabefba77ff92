-- Joining: the certificate authority, claims, certificates and their revocation, configurations wanted of agents.

-- The authorities' certificates, as each site's ledger tells of them.
CREATE TABLE authority (
    site        text NOT NULL REFERENCES site,
    fingerprint text NOT NULL,                   -- hex SHA-256 of the certificate
    certificate text NOT NULL,                   -- PEM
    index       bigint NOT NULL,
    PRIMARY KEY (site, fingerprint)
);

-- A claim lets one device ask, once and for minutes, to become `agent`; somebody else than who made it confirms.
CREATE TABLE claim (
    id          text PRIMARY KEY,                -- <site>/J-…
    site        text NOT NULL REFERENCES site,
    agent       text NOT NULL,
    code        bytea NOT NULL UNIQUE,           -- its hash
    again       boolean NOT NULL,                -- for an agent that is known already
    made_by     text NOT NULL,
    made_at     timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    index       bigint NOT NULL,
    request     text,                            -- what a device asked with: PKCS#10, and its journal's key
    public_key  bytea CHECK (length(public_key) = 32),
    fingerprint text,
    asked_at    timestamptz,
    asked_index bigint,
    ended       text CHECK (ended IN ('confirmed', 'refused')),
    ended_by    text,
    ended_at    timestamptz,
    ended_index bigint
);
CREATE INDEX claim_by_site ON claim (site, made_at);

CREATE TABLE certificate (
    serial      text PRIMARY KEY,                -- hexadecimal
    site        text NOT NULL REFERENCES site,
    agent       text NOT NULL REFERENCES agent,
    pem         text NOT NULL,
    not_before  timestamptz NOT NULL,
    not_after   timestamptz NOT NULL,
    why         text NOT NULL CHECK (why IN ('enrolled', 'renewed')),
    claim       text REFERENCES claim,
    replaces    text REFERENCES certificate,
    index       bigint NOT NULL,
    revoked_at  timestamptz,
    revoked_why text,
    revoked_by  text,
    revoked_index bigint
);
CREATE INDEX certificate_by_agent ON certificate (agent, not_after);

-- The lists of revoked certificates that were signed: the number of each is greater than that of the one before.
CREATE TABLE revocation_list (
    number      bigint PRIMARY KEY,
    this_update timestamptz NOT NULL,
    next_update timestamptz NOT NULL,
    serials     text[] NOT NULL,
    authority   text NOT NULL,                   -- fingerprint of whose it is
    pem         text NOT NULL
);

-- Configurations wanted of agents: the newest version counts; what became of each is told by the agent's facts.
CREATE TABLE desired (
    site        text NOT NULL REFERENCES site,
    agent       text NOT NULL REFERENCES agent,
    version     integer NOT NULL CHECK (version > 0),
    hash        text NOT NULL,
    payload     jsonb NOT NULL,                  -- what the JWS signs
    jws         text NOT NULL,
    reason      text NOT NULL,
    made_by     text NOT NULL,
    made_at     timestamptz NOT NULL,
    index       bigint NOT NULL,
    outcome     text CHECK (outcome IN ('applied', 'refused', 'rolled_back')),
    outcome_index bigint,
    PRIMARY KEY (agent, version)
);

GRANT SELECT, INSERT ON authority, revocation_list TO sealtrail_app;
GRANT SELECT, INSERT, UPDATE ON claim, certificate, desired TO sealtrail_app;
