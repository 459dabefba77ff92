-- name: set_challenge
INSERT INTO passkey_challenge (person, challenge, expires_at, proves)
VALUES (%(person)s, %(challenge)s, %(expires_at)s, %(proves)s)
ON CONFLICT (person)
DO UPDATE SET challenge = excluded.challenge, expires_at = excluded.expires_at, proves = excluded.proves

-- name: take_challenge
UPDATE passkey_challenge SET expires_at = %(at)s
WHERE person = %(person)s AND expires_at > %(at)s AND proves = %(proves)s RETURNING challenge

-- name: add_passkey
INSERT INTO passkey (credential, person, site, name, public_key, alg, rp_id, sign_count, added_at, index)
VALUES (%(credential)s, %(person)s, %(site)s, %(name)s, %(public_key)s, %(alg)s, %(rp_id)s, %(sign_count)s, %(at)s,
        %(index)s)
ON CONFLICT (credential) DO NOTHING RETURNING credential

-- name: living
SELECT credential, name, alg, added_at, used_at FROM passkey
WHERE person = %(person)s AND removed_at IS NULL ORDER BY index

-- name: living_one
SELECT public_key, rp_id, sign_count FROM passkey
WHERE person = %(person)s AND credential = %(credential)s AND removed_at IS NULL FOR UPDATE

-- name: count_up
UPDATE passkey SET sign_count = %(count)s, used_at = %(at)s WHERE credential = %(credential)s

-- name: remove
UPDATE passkey SET removed_at = %(at)s
WHERE person = %(person)s AND credential = %(credential)s AND removed_at IS NULL RETURNING credential
