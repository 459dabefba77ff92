-- name: add_authority
INSERT INTO authority (site, fingerprint, certificate, index)
VALUES (%(site)s, %(fingerprint)s, %(certificate)s, %(index)s) ON CONFLICT DO NOTHING RETURNING fingerprint

-- name: agent
SELECT id, site, revoked_at FROM agent WHERE id = %(agent)s

-- name: add_claim
INSERT INTO claim (id, site, agent, code, again, made_by, made_at, expires_at, index)
VALUES (%(id)s, %(site)s, %(agent)s, %(code)s, %(again)s, %(made_by)s, %(made_at)s, %(expires_at)s, %(index)s)

-- name: claim_by_code
SELECT id, site, agent, again, made_by, expires_at, request, public_key, fingerprint, ended FROM claim
WHERE code = %(code)s

-- name: claim
SELECT id, site, agent, again, made_by, made_at, expires_at, request, public_key, fingerprint, asked_at, ended
FROM claim WHERE id = %(id)s AND site = %(site)s FOR UPDATE

-- name: claims
SELECT c.id, c.agent, c.again, c.made_by, c.made_at, c.expires_at, c.asked_at, c.ended, c.ended_by, c.ended_at,
       EXISTS (SELECT FROM alarm a WHERE a.site = c.site AND a.cause = 'claim_contested' AND a.place = c.agent
               AND a.last_at >= c.made_at AND a.detail ->> 'claim' = c.id) AS contested
FROM claim c
WHERE c.site = %(site)s ORDER BY c.made_at DESC, c.id LIMIT 100

-- name: set_asked
UPDATE claim SET request = %(request)s, public_key = %(public_key)s, fingerprint = %(fingerprint)s,
       asked_at = %(at)s, asked_index = %(index)s
WHERE id = %(id)s

-- name: end_claim
UPDATE claim SET ended = %(how)s, ended_by = %(by)s, ended_at = %(at)s, ended_index = %(index)s WHERE id = %(id)s

-- name: add_certificate
INSERT INTO certificate (serial, site, agent, pem, not_before, not_after, why, claim, replaces, index)
VALUES (%(serial)s, %(site)s, %(agent)s, %(pem)s, %(not_before)s, %(not_after)s, %(why)s, %(claim)s, %(replaces)s,
        %(index)s)

-- name: certificate_of_claim
SELECT serial, pem FROM certificate WHERE claim = %(claim)s

-- name: certificate
SELECT serial, site, agent, pem, not_after, revoked_at FROM certificate WHERE serial = %(serial)s

-- name: living_certificates
SELECT c.serial, c.agent, c.pem, c.not_before, c.not_after, c.why, c.replaces
FROM certificate c JOIN agent a ON a.id = c.agent
WHERE c.revoked_at IS NULL AND a.revoked_at IS NULL AND (%(site)s::text IS NULL OR c.site = %(site)s)
  AND (%(agent)s::text IS NULL OR c.agent = %(agent)s)
ORDER BY c.agent, c.index

-- name: unrevoked
SELECT serial FROM certificate WHERE agent = %(agent)s AND revoked_at IS NULL ORDER BY index

-- name: revoke
UPDATE certificate SET revoked_at = %(at)s, revoked_why = %(why)s, revoked_by = %(by)s, revoked_index = %(index)s
WHERE serial = %(serial)s AND revoked_at IS NULL RETURNING serial

-- name: revoke_agent
UPDATE agent SET revoked_at = %(at)s WHERE id = %(agent)s AND revoked_at IS NULL RETURNING id

-- name: notify_access
SELECT pg_notify('access', %(agent)s)

-- A certificate that ended by itself needs no line in a list any more.
-- name: revoked
SELECT serial, revoked_at FROM certificate WHERE revoked_at IS NOT NULL AND not_after > %(at)s ORDER BY revoked_at, serial

-- name: revoked_since
SELECT serial, agent FROM certificate WHERE revoked_at > %(since)s ORDER BY revoked_at, serial

-- name: lock_lists
SELECT pg_advisory_xact_lock(hashtext('revocation_list'))

-- name: newest_list
SELECT number, this_update, next_update, serials, authority, pem FROM revocation_list ORDER BY number DESC LIMIT 1

-- name: add_list
INSERT INTO revocation_list (number, this_update, next_update, serials, authority, pem)
VALUES (%(number)s, %(this_update)s, %(next_update)s, %(serials)s, %(authority)s, %(pem)s)

-- A third of a certificate's life before its end it is renewed; at half of that third it should long have been.
-- name: overdue
SELECT c.agent, max(c.not_after) AS not_after
FROM certificate c JOIN agent a ON a.id = c.agent
WHERE c.site = %(site)s AND c.revoked_at IS NULL AND a.revoked_at IS NULL
GROUP BY c.agent
HAVING max(c.not_after - (c.not_after - c.not_before) / 6) <= %(at)s
ORDER BY c.agent

-- name: alarmed
SELECT place FROM alarm WHERE site = %(site)s AND cause = %(cause)s AND cleared_at IS NULL ORDER BY place

-- name: newest_version
SELECT coalesce(max(version), 0) AS version FROM desired WHERE agent = %(agent)s

-- name: add_desired
INSERT INTO desired (site, agent, version, hash, payload, jws, reason, made_by, made_at, index)
VALUES (%(site)s, %(agent)s, %(version)s, %(hash)s, %(payload)s, %(jws)s, %(reason)s, %(made_by)s, %(made_at)s,
        %(index)s)

-- name: newest_desired
SELECT DISTINCT ON (d.agent) d.agent, d.version, d.jws FROM desired d JOIN agent a ON a.id = d.agent
WHERE a.revoked_at IS NULL AND (%(agent)s::text IS NULL OR d.agent = %(agent)s)
ORDER BY d.agent, d.version DESC

-- name: configurations
SELECT d.agent, d.version, d.hash, d.payload, d.reason, d.made_by, d.made_at, d.outcome, f.content AS told
FROM desired d LEFT JOIN fact f ON f.site = d.site AND f.index = d.outcome_index
WHERE d.agent = %(agent)s AND d.site = %(site)s ORDER BY d.version DESC LIMIT 100

-- name: set_outcome
UPDATE desired SET outcome = %(outcome)s, outcome_index = %(index)s
WHERE agent = %(agent)s AND version = %(version)s AND hash = %(hash)s
