-- name: agent_key
SELECT a.id, coalesce(a.revoked_at, CASE WHEN NOT EXISTS (
    SELECT FROM key_life WHERE site = a.site AND role = 'agent' AND owner = a.id AND ended IS NULL
) THEN (
    SELECT max(r.at) FROM key_life k JOIN record r ON r.site = k.site AND r.index = k.ended
    WHERE k.site = a.site AND k.role = 'agent' AND k.owner = a.id
) END) AS ended_at
FROM agent a WHERE a.id = %(agent)s

-- name: ends
WITH near AS (
    SELECT coalesce((SELECT min(seq) FROM fact WHERE agent = %(agent)s AND at >= %(since)s), 9223372036854775807) AS low,
           coalesce((SELECT max(seq) FROM fact WHERE agent = %(agent)s AND at <= %(until)s), 0) AS high
)
SELECT coalesce((SELECT max(seq) FROM fact WHERE agent = %(agent)s AND seq <= near.low
                 AND kind IN ('heartbeat', 'agent_started')), 0) AS low,
       coalesce((SELECT min(seq) FROM fact WHERE agent = %(agent)s AND seq >= near.high
                 AND kind IN ('heartbeat', 'agent_started')), 9223372036854775807) AS high
FROM near

-- name: heard
SELECT f.seq, f.kind, f.at, f.content, e.entry FROM fact f
JOIN ledger_entry e ON e.site = f.site AND e.index = f.index
WHERE f.agent = %(agent)s AND f.seq BETWEEN %(low)s AND %(high)s
   OR f.agent = %(agent)s AND f.seq > %(high)s
      AND (f.kind = 'recording_blocked' OR f.at BETWEEN %(since)s AND %(until)s AND f.kind = ANY (%(kinds)s))
ORDER BY f.seq
