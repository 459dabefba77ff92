-- name: forget_expired
DELETE FROM oidc_login WHERE expires_at <= %(at)s

-- name: add_login
INSERT INTO oidc_login (hash, nonce, verifier, expires_at, fresh_from)
VALUES (%(hash)s, %(nonce)s, %(verifier)s, %(expires_at)s, %(fresh_from)s)

-- name: take_login
DELETE FROM oidc_login WHERE hash = %(hash)s AND expires_at > %(at)s RETURNING nonce, verifier, fresh_from
