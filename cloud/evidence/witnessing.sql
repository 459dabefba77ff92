-- name: site_of
SELECT id FROM site WHERE origin = %(origin)s

-- name: sites_of
SELECT id FROM site WHERE origin = ANY(%(origins)s)

-- name: keys
SELECT public_key FROM key_life WHERE site = %(site)s AND role = %(role)s AND owner = %(owner)s
  AND (ended IS NULL OR NOT %(living)s)

-- name: checkpoint
SELECT root, note FROM checkpoint WHERE site = %(site)s AND size = %(size)s
