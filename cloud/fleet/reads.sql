-- name: sites
SELECT id, name_zh, name_en FROM site WHERE id = %(site)s

-- name: newest_note
SELECT note FROM checkpoint WHERE site = %(site)s ORDER BY size DESC LIMIT 1
