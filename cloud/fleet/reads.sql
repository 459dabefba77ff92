-- name: sites
SELECT id, name_zh, name_en FROM site WHERE id = %(site)s
