-- name: agent_keys
SELECT a.site, coalesce(k.public_key, a.public_key) AS public_key
FROM agent a LEFT JOIN key_life k ON k.site = a.site AND k.role = 'agent' AND k.owner = a.id
WHERE a.id = %(agent)s AND a.revoked_at IS NULL AND k.ended IS NULL

-- name: add
INSERT INTO media (sha256, agent, bytes, media_type, stored_at)
VALUES (%(sha256)s, %(agent)s, %(bytes)s, %(media_type)s, %(at)s)
ON CONFLICT DO NOTHING RETURNING sha256

-- name: tell
SELECT pg_notify('media', %(payload)s)

-- name: find
SELECT m.media_type FROM media m LEFT JOIN agent a ON a.id = m.agent LEFT JOIN person p ON p.id = m.person
WHERE m.sha256 = %(sha256)s AND coalesce(a.site, p.site) = %(site)s AND m.erased_index IS NULL

-- name: add_photo
INSERT INTO media (sha256, person, bytes, media_type, stored_at)
VALUES (%(sha256)s, %(person)s, %(bytes)s, %(media_type)s, %(at)s)
ON CONFLICT DO NOTHING
