-- name: living_agent
SELECT id FROM agent WHERE id = %(agent)s AND site = %(site)s AND revoked_at IS NULL
