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

-- Of the site, or sent there with a ticket.
-- name: find
SELECT m.media_type, m.bytes FROM media m LEFT JOIN agent a ON a.id = m.agent LEFT JOIN person p ON p.id = m.person
WHERE m.sha256 = %(sha256)s AND m.erased_index IS NULL
  AND (coalesce(a.site, p.site) = %(site)s
       OR EXISTS (SELECT FROM photo_sent s WHERE s.sha256 = %(sha256)s AND s.site = %(site)s))

-- name: add_photo
INSERT INTO media (sha256, person, bytes, media_type, stored_at)
VALUES (%(sha256)s, %(person)s, %(bytes)s, %(media_type)s, %(at)s)
ON CONFLICT DO NOTHING

-- name: told
SELECT max(s.bytes) AS bytes, s.site FROM clip_segment s
WHERE s.agent = %(agent)s AND s.sha256 = %(sha256)s
  AND NOT EXISTS (SELECT FROM erasure e WHERE e.site = s.site AND e.index = s.index)
GROUP BY s.site

-- name: kept
SELECT bytes, erased_index FROM media WHERE sha256 = %(sha256)s

-- name: upload
SELECT bytes, received, parts FROM upload WHERE agent = %(agent)s AND sha256 = %(sha256)s

-- name: begin_upload
INSERT INTO upload (sha256, agent, bytes, received, parts, at)
VALUES (%(sha256)s, %(agent)s, %(bytes)s, 0, '{}', %(at)s) ON CONFLICT DO NOTHING

-- name: add_part
UPDATE upload SET received = received + %(size)s, parts = parts || %(offset)s::bigint, at = %(at)s
WHERE agent = %(agent)s AND sha256 = %(sha256)s AND received = %(offset)s
RETURNING parts

-- name: end_upload
DELETE FROM upload WHERE agent = %(agent)s AND sha256 = %(sha256)s RETURNING parts

-- name: film_bytes
SELECT coalesce(sum(m.bytes), 0)::bigint AS bytes FROM media m JOIN agent a ON a.id = m.agent
WHERE a.site = %(site)s AND m.media_type = 'video/mp4' AND m.erased_index IS NULL
