-- name: agent_key
SELECT site, public_key FROM agent WHERE id = %(agent)s AND revoked_at IS NULL

-- name: add
INSERT INTO media (sha256, agent, bytes, media_type, stored_at)
VALUES (%(sha256)s, %(agent)s, %(bytes)s, %(media_type)s, %(at)s)
ON CONFLICT DO NOTHING RETURNING sha256

-- name: tell
SELECT pg_notify('media', %(payload)s)

-- name: find
SELECT m.media_type FROM media m JOIN agent a ON a.id = m.agent
WHERE m.sha256 = %(sha256)s AND a.site = %(site)s
