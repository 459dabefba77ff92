-- Which film may go: what each segment shows. And of what was removed, whether its bytes are gone from the store.

-- A segment shows the facts that its clips were kept for; their own entries tell of it too.
CREATE VIEW film_shows AS
    SELECT s.site, s.sha256, s.agent, f.index
    FROM clip_segment s
    JOIN LATERAL (
        SELECT s.clip AS seq UNION
        SELECT unnest(c.events) FROM clip c WHERE c.site = s.site AND c.agent = s.agent AND c.clip = s.clip
    ) e ON true
    JOIN fact f ON f.agent = s.agent AND f.seq = e.seq AND f.site = s.site
    UNION SELECT s.site, s.sha256, s.agent, c.index
    FROM clip_segment s JOIN clip c ON c.site = s.site AND c.agent = s.agent AND c.clip = s.clip
    UNION SELECT s.site, s.sha256, s.agent, s.index FROM clip_segment s;

ALTER TABLE media ADD COLUMN bytes_gone_at timestamptz;
CREATE INDEX media_to_delete ON media (sha256) WHERE erased_index IS NOT NULL AND bytes_gone_at IS NULL;

GRANT SELECT ON film_shows TO sealtrail_app;
