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

-- name: find
SELECT cause, place, index, cleared_at, clear_proposed_by FROM alarm
WHERE id = %(id)s AND site = %(site)s
FOR UPDATE

-- name: propose
UPDATE alarm SET clear_proposed_by = %(person)s, clear_proposed_at = %(at)s WHERE id = %(id)s

-- name: clear_one
UPDATE alarm SET cleared_at = %(at)s WHERE id = %(id)s
