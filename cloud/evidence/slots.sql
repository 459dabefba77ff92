-- name: add_zone
INSERT INTO zone (id, site, name, class, index) VALUES (%(id)s, %(site)s, %(name)s, %(class)s, %(index)s)
ON CONFLICT (site, name) DO NOTHING RETURNING id

-- name: zone_of
SELECT id, class FROM zone WHERE id = %(zone)s AND site = %(site)s

-- name: add_slot
INSERT INTO slot (id, site, zone, name, size, capacity, agent, index)
VALUES (%(id)s, %(site)s, %(zone)s, %(name)s, %(size)s, %(capacity)s, %(agent)s, %(index)s)
ON CONFLICT (site, name) DO NOTHING RETURNING id

-- name: zones
SELECT z.id, z.name, z.class, z.index,
       (SELECT coalesce(sum(s.capacity), 0)::int FROM slot s WHERE s.zone = z.id) AS capacity,
       (SELECT count(*)::int FROM custody u JOIN slot s ON s.id = u.slot WHERE s.zone = z.id) AS used
FROM zone z WHERE z.site = %(site)s ORDER BY z.name

-- What lies where, and what is on its way there: an act that waits, or a package that was let in, may reserve a slot.
-- A sensor that says otherwise than the records is a mismatch once neither has changed since `settled`.
-- name: slots
SELECT s.id, s.zone, z.name AS zone_name, z.class, s.name, s.size, s.capacity, s.agent,
       coalesce(t.things, '[]') AS things, n.occupied AS sensor, n.at AS sensor_at,
       n.occupied <> (t.things IS NOT NULL) AND n.at <= %(settled)s AND NOT EXISTS (
           SELECT FROM movement m WHERE m.places @> ARRAY[s.id] AND m.state <> 'abandoned' AND m.site = s.site
             AND m.at > %(settled)s) AS mismatch,
       (SELECT array_agg(a.id) FROM act a WHERE a.site = s.site AND a.ended IS NULL AND a.details ->> 'slot' = s.id) AS reserved
FROM slot s JOIN zone z ON z.id = s.zone LEFT JOIN slot_sensor n ON n.slot = s.id
LEFT JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_object('id', u.thing, 'state', coalesce(p.state, i.state),
                                        'name', coalesce(p.seal_number, i.name)) ORDER BY u.thing) AS things
    FROM custody u LEFT JOIN package p ON p.id = u.thing LEFT JOIN item i ON i.id = u.thing WHERE u.slot = s.id
) t ON true
WHERE s.site = %(site)s AND (%(zone)s::text IS NULL OR s.zone = %(zone)s) AND (%(id)s::text IS NULL OR s.id = %(id)s)
  AND s.name > %(after)s
ORDER BY s.name LIMIT %(most)s

-- name: places
SELECT s.id, z.class AS zone_class, s.size, s.capacity - (SELECT count(*)::int FROM custody u WHERE u.slot = s.id) AS free,
       row_number() OVER (ORDER BY s.name) AS near
FROM slot s JOIN zone z ON z.id = s.zone WHERE s.site = %(site)s

-- name: light_of
SELECT s.id, s.name, s.agent FROM custody u JOIN slot s ON s.id = u.slot
WHERE u.thing = coalesce((SELECT package_id FROM item WHERE id = %(thing)s), %(thing)s) AND s.site = %(site)s
