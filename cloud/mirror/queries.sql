-- What gates and doors did lately, by their own sensors; a heartbeat says the same now and then.
-- name: moved
SELECT DISTINCT ON (a.id, m.station) a.id AS agent, m.station, m.position, m.at
FROM agent a CROSS JOIN LATERAL (
    SELECT n.seq, n.at, n.content::jsonb -> 'body' ->> 'station' AS station,
           CASE n.kind WHEN 'door_opened' THEN 'open' WHEN 'door_closed' THEN 'closed'
                       ELSE n.content::jsonb -> 'body' ->> 'position' END AS position
    FROM (SELECT seq, kind, at, content FROM fact WHERE agent = a.id ORDER BY seq DESC LIMIT 500) n
    WHERE n.kind IN ('gate_moved', 'door_opened', 'door_closed')
) m
WHERE a.site = %(site)s AND a.revoked_at IS NULL AND m.station IS NOT NULL
ORDER BY a.id, m.station, m.seq DESC

-- The newest value of everything that is measured, told as a fact or as telemetry.
-- name: measured
SELECT DISTINCT ON (agent, device, measures) agent, device, measures, value
FROM (
    SELECT s.agent, s.device, s.measures, r.value, r.at
    FROM sensor s CROSS JOIN LATERAL (
        SELECT value, at FROM reading
        WHERE agent = s.agent AND device = s.device AND measures = s.measures ORDER BY index DESC LIMIT 1
    ) r
    WHERE s.site = %(site)s
    UNION ALL
    SELECT agent, device, measures, newest, newest_at FROM telemetry_series WHERE site = %(site)s
) v
ORDER BY agent, device, measures, at DESC

-- name: revoked
SELECT id FROM agent WHERE revoked_at IS NOT NULL ORDER BY id
