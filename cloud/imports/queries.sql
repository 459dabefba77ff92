-- name: known_rows
SELECT key, thing, sha256, salt FROM import_row
WHERE site = %(site)s AND source = %(source)s AND key = ANY (%(keys)s)

-- name: known_cases
SELECT number, id, title FROM evidence_case WHERE site = %(site)s AND number = ANY (%(numbers)s)

-- name: add_import
INSERT INTO import (id, site, source, sha256, rows, made, taken_at, taken_by, index)
VALUES (%(id)s, %(site)s, %(source)s, %(sha256)s, %(rows)s, %(made)s, %(at)s, %(by)s, %(index)s)

-- name: copy_rows
COPY import_row (site, source, key, thing, import, sha256, salt, seized_at) FROM STDIN

-- name: export
SELECT i.id AS key, c.number AS case_number, c.title AS case_title, i.name, i.quantity, i.unit, i.goods, i.value_fen,
       r.seized_at, i.brand, i.sku, nullif(array_to_string(c.parties, '、'), '') AS parties,
       nullif(array_to_string(c.vehicles, '、'), '') AS vehicles, c.scene, i.state, i.package_id AS package, r.source, r.key AS source_key
FROM item i JOIN evidence_case c ON c.id = i.case_id
LEFT JOIN import_row r ON r.thing = i.id
WHERE i.site = %(site)s
  AND (%(case)s::text IS NULL OR i.case_id = %(case)s)
  AND (%(state)s::text IS NULL OR i.state = %(state)s)
ORDER BY i.id
