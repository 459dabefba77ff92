-- name: one_at_a_time
-- A unit that is added while a site is founded is told to that site too.
SELECT pg_advisory_xact_lock(hashtext('sealtrail units'))

-- name: add_unit
INSERT INTO unit (id, parent, name_zh, name_en, added_at)
VALUES (%(id)s, %(parent)s, %(name_zh)s, %(name_en)s, %(at)s)
ON CONFLICT DO NOTHING RETURNING id

-- name: units
WITH RECURSIVE tree AS (
    SELECT id, parent, name_zh, name_en, ARRAY[id] AS path FROM unit WHERE parent IS NULL
    UNION ALL
    SELECT u.id, u.parent, u.name_zh, u.name_en, t.path || u.id FROM unit u JOIN tree t ON u.parent = t.id
)
SELECT id, parent, name_zh, name_en FROM tree ORDER BY path

-- name: unit
SELECT id FROM unit WHERE id = %(unit)s

-- name: place_site
UPDATE site SET unit = %(unit)s WHERE id = %(site)s

-- name: below
-- The units at or below that of the person.
WITH RECURSIVE below AS (
    SELECT coalesce(p.unit, s.unit) AS id FROM person p JOIN site s ON s.id = p.site WHERE p.id = %(person)s
    UNION
    SELECT u.id FROM unit u JOIN below b ON u.parent = b.id
)
SELECT id FROM below WHERE id IS NOT NULL

-- name: readable
WITH RECURSIVE below AS (
    SELECT coalesce(p.unit, s.unit) AS id FROM person p JOIN site s ON s.id = p.site WHERE p.id = %(person)s
    UNION
    SELECT u.id FROM unit u JOIN below b ON u.parent = b.id
)
SELECT s.id, s.name_zh, s.name_en, s.unit FROM site s
WHERE (s.id = %(own)s OR s.unit IN (SELECT id FROM below))
  AND (%(site)s::text IS NULL OR s.id = %(site)s)
ORDER BY s.id

-- name: sites_below
WITH RECURSIVE below AS (
    SELECT id FROM unit WHERE id = %(unit)s
    UNION
    SELECT u.id FROM unit u JOIN below b ON u.parent = b.id
)
SELECT s.id, s.name_zh, s.name_en, s.unit FROM site s WHERE s.unit IN (SELECT id FROM below) ORDER BY s.id
