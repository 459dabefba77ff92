-- name: newest_stamp
SELECT size, at FROM checkpoint_stamp WHERE site = %(site)s ORDER BY size DESC, at DESC LIMIT 1

-- name: add_stamp
INSERT INTO checkpoint_stamp (site, size, at, token) VALUES (%(site)s, %(size)s, %(at)s, %(token)s)
ON CONFLICT DO NOTHING

-- name: stamps
SELECT s.size, s.at, s.token, c.note FROM checkpoint_stamp s JOIN checkpoint c USING (site, size)
WHERE s.site = %(site)s
ORDER BY s.size, s.at
