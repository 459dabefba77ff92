-- Releases of the program: what was brought up at a site, who approved it, which agents it was ordered for.

CREATE TABLE program (
    site        text NOT NULL REFERENCES site,
    sha256      text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    version     text NOT NULL,
    bytes       bigint NOT NULL CHECK (bytes > 0),
    manifest    jsonb NOT NULL,                  -- what its publisher signed
    notes       text NOT NULL,
    brought_by  text NOT NULL,
    brought_at  timestamptz NOT NULL,
    index       bigint NOT NULL,
    approved_at timestamptz,
    approved_index bigint,
    PRIMARY KEY (site, sha256)
);

-- What is wanted of an agent: its newest number counts. `state` is the newest that the agent's facts told.
CREATE TABLE agent_update (
    site        text NOT NULL REFERENCES site,
    agent       text NOT NULL REFERENCES agent,
    number      integer NOT NULL CHECK (number > 0),
    sha256      text NOT NULL,
    version     text NOT NULL,
    order_id    text NOT NULL,
    ordered_by  text NOT NULL,
    ordered_at  timestamptz NOT NULL,
    index       bigint NOT NULL,
    state       text NOT NULL DEFAULT 'ordered'
                CHECK (state IN ('ordered', 'staged', 'waiting', 'applied', 'refused', 'rolled_back')),
    state_index bigint,
    PRIMARY KEY (agent, number),
    FOREIGN KEY (site, sha256) REFERENCES program
);
CREATE INDEX agent_update_by_release ON agent_update (site, sha256);

GRANT SELECT, INSERT, UPDATE ON program, agent_update TO sealtrail_app;
