-- Tasks: the cloud's leave to take a step of custody at a rack, also without a network, once.
CREATE TABLE task (
    id          text PRIMARY KEY,                -- <site>/K-…
    site        text NOT NULL REFERENCES site,
    agent       text NOT NULL REFERENCES agent,
    payload     jsonb NOT NULL,                  -- what the JWS signs
    jws         text NOT NULL,
    granted_by  text NOT NULL,
    index       bigint NOT NULL,
    order_id    text NOT NULL REFERENCES agent_order,
    revoked_at  timestamptz,
    done_index  bigint                           -- the fact of the step that was taken under it
);
CREATE INDEX task_by_entry ON task (site, index);
GRANT SELECT, INSERT, UPDATE ON task TO sealtrail_app;
