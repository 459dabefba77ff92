-- name: logs
SELECT id, origin FROM site ORDER BY id

-- name: last_by
SELECT size, at FROM cosignature WHERE site = %(site)s AND witness = %(witness)s ORDER BY size DESC, at DESC LIMIT 1

-- name: add_cosignature
INSERT INTO cosignature (site, size, witness, at, line)
VALUES (%(site)s, %(size)s, %(witness)s, %(at)s, %(line)s)
ON CONFLICT DO NOTHING

-- name: cosigned_sizes
SELECT DISTINCT size FROM cosignature WHERE site = %(site)s ORDER BY size DESC LIMIT 50

-- name: newest_before
SELECT size FROM checkpoint WHERE site = %(site)s AND at <= %(before)s ORDER BY size DESC LIMIT 1
