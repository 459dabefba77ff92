-- Agents of a site that were there and are gone, whoever was not shut out.
-- name: gone
SELECT a.id FROM agent a JOIN agent_stream s ON s.agent = a.id
WHERE a.site = %(site)s AND a.revoked_at IS NULL AND NOT s.online AND s.birth IS NOT NULL
ORDER BY a.id

-- name: alarmed
SELECT place FROM alarm WHERE site = %(site)s AND cause = %(cause)s AND cleared_at IS NULL ORDER BY place
