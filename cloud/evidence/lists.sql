-- name: busy_colours
SELECT DISTINCT l.colour FROM light_list l
WHERE l.site = %(site)s AND l.stopped_index IS NULL AND l.until > %(at)s
  AND EXISTS (SELECT FROM light_list_slot s WHERE s.list = l.id AND s.agent IS NOT NULL AND s.done_index IS NULL)

-- Where things lie, those in a package where it lies.
-- name: where_things_lie
SELECT t.thing, u.slot FROM unnest(%(things)s::text[]) AS t (thing)
JOIN custody u ON u.thing = coalesce((SELECT package_id FROM item WHERE id = t.thing), t.thing)
WHERE u.site = %(site)s AND u.slot IS NOT NULL

-- name: act_asked
SELECT things, details ->> 'slot' AS slot FROM act WHERE id = %(act)s AND site = %(site)s AND ended IS NULL

-- name: tasks_asked
SELECT id, payload FROM task
WHERE id = ANY (%(tasks)s) AND site = %(site)s AND revoked_at IS NULL AND done_index IS NULL

-- name: zone_slots
SELECT id AS slot FROM slot WHERE site = %(site)s AND zone = %(zone)s

-- The way through the warehouse: zone by zone, slot by slot, as they are named.
-- name: in_walking_order
SELECT s.id AS slot, s.agent FROM slot s JOIN zone z ON z.id = s.zone
WHERE s.id = ANY (%(slots)s) AND s.site = %(site)s ORDER BY z.name, s.name

-- name: add_list
INSERT INTO light_list (id, site, way, colour, until, started_by, index)
VALUES (%(id)s, %(site)s, %(way)s, %(colour)s, %(until)s, %(by)s, %(index)s)

-- name: add_list_slot
INSERT INTO light_list_slot (list, slot, site, position, things, agent, order_id)
VALUES (%(list)s, %(slot)s, %(site)s, %(position)s, %(things)s, %(agent)s, %(order)s)

-- name: list_to_stop
SELECT stopped_index, until FROM light_list WHERE id = %(list)s AND site = %(site)s FOR UPDATE

-- name: agents_of
SELECT DISTINCT agent FROM light_list_slot WHERE list = %(list)s AND agent IS NOT NULL ORDER BY agent

-- name: stop_list
UPDATE light_list SET stopped_index = %(index)s WHERE id = %(list)s

-- name: set_done
UPDATE light_list_slot SET done_index = %(index)s, done_by = %(by)s
WHERE list = %(list)s AND slot = %(slot)s AND site = %(site)s AND agent = %(agent)s AND done_index IS NULL

-- name: lists
SELECT l.id, l.way, l.colour, l.until, l.started_by, p.name AS started_name, l.index, l.stopped_index
FROM light_list l LEFT JOIN person p ON p.id = l.started_by
WHERE l.site = %(site)s AND l.index < %(before)s AND (%(id)s::text IS NULL OR l.id = %(id)s)
ORDER BY l.index DESC LIMIT %(most)s

-- name: slots_of
SELECT g.list, g.slot, s.name, z.name AS zone_name, g.things, g.agent, o.answer, g.done_index, g.done_by,
       m.index AS misplaced_index
FROM light_list_slot g JOIN slot s ON s.id = g.slot JOIN zone z ON z.id = s.zone
LEFT JOIN agent_order o ON o.id = g.order_id
LEFT JOIN LATERAL (
    SELECT x.index FROM misplacement x
    WHERE x.site = g.site AND x.expected = g.slot AND x.list = g.list AND x.ended_index IS NULL LIMIT 1
) m ON true
WHERE g.list = ANY (%(lists)s) ORDER BY g.list, g.position
