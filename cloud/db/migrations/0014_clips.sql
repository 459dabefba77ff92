-- Film: what agents told of their clips, each row one fact, and segments on their way. What has come whole is in `media`.

CREATE TABLE clip_segment (
    site        text NOT NULL REFERENCES site,
    index       bigint NOT NULL,                 -- the entry of the clip_segment
    agent       text NOT NULL,
    clip        bigint NOT NULL,                 -- the seq of the event that began the clip
    station     text NOT NULL,
    camera      text NOT NULL,
    sha256      text NOT NULL,                   -- hex
    bytes       bigint NOT NULL,
    begun       timestamptz NOT NULL,            -- by the agent's clock
    ended       timestamptz NOT NULL,
    error_ms    bigint,
    frames      bigint NOT NULL,
    PRIMARY KEY (site, index)
);
CREATE INDEX clip_segment_sha256 ON clip_segment (sha256);
CREATE INDEX clip_segment_clip ON clip_segment (agent, clip);

CREATE TABLE clip (
    site        text NOT NULL REFERENCES site,
    index       bigint NOT NULL,                 -- the entry of the clip_closed
    agent       text NOT NULL,
    clip        bigint NOT NULL,
    station     text NOT NULL,
    camera      text NOT NULL,
    events      bigint[] NOT NULL,               -- seqs of the agent's facts
    segments    text[] NOT NULL,                 -- hex digests, in order
    missing_before_ms  bigint NOT NULL,
    missing_after_ms   bigint NOT NULL,
    missing_between_ms bigint NOT NULL,
    PRIMARY KEY (site, index)
);
CREATE INDEX clip_of ON clip (agent, clip);
CREATE INDEX clip_events ON clip USING gin (events);

-- A segment that has come in part: `parts` are the offsets of the pieces in the store, `received` bytes so far.
CREATE TABLE upload (
    sha256      text NOT NULL,
    agent       text NOT NULL REFERENCES agent,
    bytes       bigint NOT NULL,
    received    bigint NOT NULL,
    parts       bigint[] NOT NULL,
    at          timestamptz NOT NULL,            -- of the newest piece
    PRIMARY KEY (sha256, agent)
);

GRANT SELECT, INSERT ON clip_segment, clip TO sealtrail_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON upload TO sealtrail_app;
