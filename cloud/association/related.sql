-- Cases that have a person, a vehicle, a scene, a brand or a code of goods in common with this one: why, and how many cases
-- each of it leads to. Plates are compared as search folds them, all else as it was written.
-- name: related
WITH mine AS (
    SELECT * FROM evidence_case WHERE id = %(case)s AND site = %(site)s
), same AS (
    SELECT o.id, 'party' AS why, p.name AS value
    FROM mine m, unnest(m.parties) AS p (name) JOIN evidence_case o ON o.parties @> ARRAY[p.name]
    WHERE o.site = m.site
    UNION SELECT e.thing, 'vehicle', v.plate
    FROM mine m, unnest(m.vehicles) AS v (plate)
    JOIN search_entry e ON e.grams @> ARRAY['#case', '=' || search_fold(v.plate)] AND e.site = %(site)s
    JOIN evidence_case o ON o.id = e.thing AND search_fold(v.plate) = ANY (
        ARRAY(SELECT search_fold(other) FROM unnest(o.vehicles) AS other))
    UNION SELECT o.id, 'scene', o.scene FROM mine m JOIN evidence_case o ON o.site = m.site AND o.scene = m.scene
    UNION SELECT i.case_id, 'brand', i.brand FROM item i
    WHERE i.site = %(site)s AND i.brand IN (SELECT brand FROM item WHERE case_id = %(case)s AND site = %(site)s)
    UNION SELECT i.case_id, 'sku', i.sku FROM item i
    WHERE i.site = %(site)s AND i.sku IN (SELECT sku FROM item WHERE case_id = %(case)s AND site = %(site)s)
), other AS (
    SELECT id, why, value, count(*) OVER (PARTITION BY why, value) AS cases FROM same WHERE id <> %(case)s
)
SELECT c.id, c.number, c.title, c.opened_at, count(*) OVER () AS total,
       jsonb_agg(jsonb_build_object('why', o.why, 'value', o.value, 'cases', o.cases) ORDER BY o.cases, o.why, o.value) AS reasons
FROM other o JOIN evidence_case c ON c.id = o.id
GROUP BY c.id, c.number, c.title, c.opened_at, c.index
ORDER BY count(*) DESC, min(o.cases), c.index DESC LIMIT %(most)s

-- name: case_
SELECT id FROM evidence_case WHERE id = %(case)s AND site = %(site)s
