-- name: add_life
INSERT INTO key_life (site, role, owner, kid, public_key, born)
VALUES (%(site)s, %(role)s, %(owner)s, %(kid)s, %(public_key)s, %(index)s)
ON CONFLICT DO NOTHING
RETURNING kid

-- name: end_life
UPDATE key_life SET ended = %(index)s, why = %(why)s
WHERE site = %(site)s AND role = %(role)s AND owner = %(owner)s AND kid = %(kid)s AND ended IS NULL
RETURNING kid

-- name: lives
SELECT site, role, owner, kid, public_key, born, ended, why FROM key_life
WHERE %(site)s::text IS NULL OR site = %(site)s
ORDER BY site, born

-- name: agents_without_life
SELECT a.id, a.public_key FROM agent a
WHERE a.site = %(site)s AND NOT EXISTS (
    SELECT FROM key_life WHERE site = a.site AND role = 'agent' AND owner = a.id
)
ORDER BY a.id
