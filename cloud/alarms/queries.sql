-- name: again
UPDATE alarm SET occurrences = occurrences + 1, last_at = %(at)s, detail = %(detail)s
WHERE site = %(site)s AND cause = %(cause)s AND place = %(place)s AND cleared_at IS NULL
RETURNING id

-- name: raise_
INSERT INTO alarm (site, cause, place, severity, detail, raised_at, last_at, index)
VALUES (%(site)s, %(cause)s, %(place)s, %(severity)s, %(detail)s, %(at)s, %(at)s, %(index)s)
RETURNING id

-- name: clear
UPDATE alarm SET cleared_at = %(at)s
WHERE site = %(site)s AND cause = %(cause)s AND place = %(place)s AND cleared_at IS NULL
RETURNING id
