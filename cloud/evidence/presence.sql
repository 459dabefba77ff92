-- The stations that only watch, as each agent told at its newest start.
-- name: watches
SELECT a.id AS agent, f.content FROM agent a
JOIN LATERAL (
    SELECT content FROM fact n WHERE n.agent = a.id AND n.kind = 'agent_started' AND n.content IS NOT NULL ORDER BY n.seq DESC LIMIT 1
) f ON true
WHERE a.site = %(site)s AND a.revoked_at IS NULL ORDER BY a.id
