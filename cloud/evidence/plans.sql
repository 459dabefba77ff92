-- name: newest
SELECT r.index, r.at, r.content, p.name AS drawn_by
FROM record r LEFT JOIN person p ON p.id = r.actor
WHERE r.site = %(site)s AND r.kind = 'plan_drawn'
ORDER BY r.index DESC LIMIT 1

-- name: picture_of
SELECT m.sha256 FROM media m JOIN person p ON p.id = m.person
WHERE m.sha256 = %(sha256)s AND p.site = %(site)s AND m.media_type = 'image/jpeg' AND m.erased_index IS NULL
FOR SHARE OF m
