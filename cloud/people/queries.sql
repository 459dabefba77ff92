-- name: account
SELECT id, site, username, name, roles, unit, password_due, password FROM person WHERE username = %(username)s AND disabled_at IS NULL

-- name: add_person
INSERT INTO person (id, site, username, name, password, password_due, roles, unit, issuer, subject, added_at)
VALUES (%(id)s, %(site)s, %(username)s, %(name)s, %(password)s, %(password_due)s, %(roles)s, %(unit)s, %(issuer)s,
        %(subject)s, %(at)s)
ON CONFLICT (username) DO NOTHING RETURNING id

-- name: people
SELECT id, site, username, name, roles, unit, password_due, issuer IS NOT NULL AS external, disabled_at, disabled_by
FROM person WHERE site = %(site)s AND (%(disabled)s OR disabled_at IS NULL) ORDER BY username

-- name: add_session
INSERT INTO session (hash, person, created_at, expires_at, proven_at, browser, seen_at)
VALUES (%(hash)s, %(person)s, %(at)s, %(expires_at)s, %(proven_at)s, %(browser)s, %(at)s)

-- name: forget_expired_sessions
DELETE FROM session WHERE expires_at <= %(at)s

-- name: end_session
DELETE FROM session WHERE hash = %(hash)s

-- name: person_by_session
SELECT p.id, p.site, p.username, p.name, p.roles, p.unit, p.password_due,
       coalesce(s.seen_at, s.created_at) <= %(unseen)s AS unseen
FROM session s JOIN person p ON p.id = s.person
WHERE s.hash = %(hash)s AND s.expires_at > %(at)s AND p.disabled_at IS NULL

-- name: proven
SELECT s.proven_at, p.issuer IS NOT NULL AS external FROM session s JOIN person p ON p.id = s.person
WHERE s.hash = %(hash)s

-- name: see_session
UPDATE session SET seen_at = %(at)s WHERE hash = %(hash)s

-- name: prove_session
UPDATE session SET proven_at = %(at)s WHERE hash = %(hash)s

-- name: sessions_of
SELECT encode(hash, 'hex') AS id, browser, created_at AS since, coalesce(seen_at, created_at) AS seen_at,
       hash = %(hash)s AS this
FROM session WHERE person = %(person)s AND expires_at > %(at)s ORDER BY this DESC, seen_at DESC, hash

-- name: end_one_of
DELETE FROM session WHERE hash = %(hash)s AND person = %(person)s RETURNING hash

-- name: end_others_of
DELETE FROM session WHERE person = %(person)s AND hash <> %(hash)s

-- name: set_password
-- Only where it is still the one that was checked, if any was.
UPDATE person SET password = %(password)s, password_due = %(due)s, password_at = %(at)s, password_by = %(by)s
WHERE id = %(person)s AND password = coalesce(%(old)s, password) RETURNING id

-- name: person_by_token
SELECT p.id, p.site, p.username, p.name, p.roles, p.unit, p.password_due
FROM api_token t JOIN person p ON p.id = t.person
WHERE t.hash = %(hash)s AND t.revoked_at IS NULL AND p.disabled_at IS NULL

-- name: add_token
INSERT INTO api_token (hash, person, name, created_at) VALUES (%(hash)s, %(person)s, %(name)s, %(at)s)

-- name: tokens
SELECT encode(hash, 'hex') AS id, name FROM api_token
WHERE person = %(person)s AND revoked_at IS NULL ORDER BY created_at, hash

-- name: revoke_token
UPDATE api_token SET revoked_at = %(at)s
WHERE hash = %(hash)s AND person = %(person)s AND revoked_at IS NULL RETURNING hash

-- name: person_at
SELECT id, site, username, name, roles, unit, password_due, password_at, password_by, issuer IS NOT NULL AS external,
       disabled_at, disabled_by
FROM person WHERE site = %(site)s AND id = %(person)s

-- name: id_of_username
SELECT id, site FROM person WHERE username = %(username)s

-- name: person_of_subject
SELECT id, site FROM person WHERE issuer = %(issuer)s AND subject = %(subject)s

-- name: change_person
UPDATE person SET name = %(name)s, roles = %(roles)s, unit = %(unit)s WHERE id = %(person)s

-- name: disable_person
UPDATE person SET disabled_at = %(at)s, disabled_by = %(by)s WHERE id = %(person)s

-- name: end_sessions_of
DELETE FROM session WHERE person = %(person)s

-- name: revoke_tokens_of
UPDATE api_token SET revoked_at = %(at)s WHERE person = %(person)s AND revoked_at IS NULL

-- name: newest_issue
SELECT coalesce(max(issue), 1) AS issue FROM label WHERE thing = %(person)s
