-- Nobody else answers this key until the transaction ends.
-- name: lock
SELECT pg_try_advisory_xact_lock(%(lock)s) AS locked

-- name: kept
SELECT request, status, media_type, response FROM idempotency WHERE person = %(person)s AND key = %(key)s

-- name: keep
INSERT INTO idempotency (person, key, request, status, media_type, response, at)
VALUES (%(person)s, %(key)s, %(request)s, %(status)s, %(media_type)s, %(response)s, %(at)s)

-- name: forget_old
DELETE FROM idempotency WHERE at < %(before)s

-- name: forget_site
DELETE FROM idempotency i USING person p WHERE p.id = i.person AND p.site = %(site)s
