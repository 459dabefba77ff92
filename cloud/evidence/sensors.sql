-- Slots with a sensor in which nothing lies but these things, so that it has to change when they come or go.
-- name: telling
SELECT s.slot FROM slot_sensor s
WHERE s.slot = ANY (%(slots)s)
  AND NOT EXISTS (SELECT FROM custody u WHERE u.slot = s.slot AND NOT u.thing = ANY (%(things)s))

-- name: lying
SELECT u.slot, c.rule_pack
FROM (SELECT id, case_id FROM item WHERE id = ANY (%(things)s) AND site = %(site)s
      UNION ALL SELECT id, case_id FROM package WHERE id = ANY (%(things)s) AND site = %(site)s) t
JOIN evidence_case c ON c.id = t.case_id LEFT JOIN custody u ON u.thing = t.id
ORDER BY t.id COLLATE "C"

-- name: known_weight
SELECT c.rule_pack, u.weight_g
FROM (SELECT id, case_id FROM item WHERE id = %(thing)s AND site = %(site)s
      UNION ALL SELECT id, case_id FROM package WHERE id = %(thing)s AND site = %(site)s) t
JOIN evidence_case c ON c.id = t.case_id JOIN custody u ON u.thing = t.id

-- name: end_leave
UPDATE movement SET until = %(at)s WHERE site = %(site)s AND until IS NULL AND things && %(things)s

-- name: add_movement
INSERT INTO movement (site, index, action, things, at, until, error_ms, window_s, stay_s, traces, needs, places,
                      corroborated_by, state)
VALUES (%(site)s, %(index)s, %(action)s, %(things)s, %(at)s, %(until)s, %(error_ms)s, %(window_s)s, %(stay_s)s,
        %(traces)s, %(needs)s, %(places)s, %(corroborated_by)s, %(state)s)

-- name: add_observation
INSERT INTO observation (site, index, place, kind, what, at, error_ms)
VALUES (%(site)s, %(index)s, %(place)s, %(kind)s, %(what)s, %(at)s, %(error_ms)s)

-- name: abandon
UPDATE movement SET state = 'abandoned', judged_index = %(index)s WHERE site = %(site)s AND index = %(passage)s
RETURNING things

-- name: slot_told
SELECT s.id, t.occupied FROM slot s LEFT JOIN slot_sensor t ON t.slot = s.id
WHERE s.id = %(slot)s AND s.site = %(site)s AND s.agent = %(agent)s

-- name: set_sensor
INSERT INTO slot_sensor (slot, site, occupied, at, index) VALUES (%(slot)s, %(site)s, %(occupied)s, %(at)s, %(index)s)
ON CONFLICT (slot) DO UPDATE SET occupied = excluded.occupied, at = excluded.at, index = excluded.index

-- Whether another movement speaks for the alarm that lives at a thing.
-- name: still_without_goods
SELECT EXISTS (
    SELECT FROM alarm a JOIN movement m ON m.site = a.site AND m.state = 'uncorroborated' AND %(place)s = ANY (m.things)
    WHERE a.site = %(site)s AND a.cause = 'record_without_goods' AND a.place = %(place)s AND a.cleared_at IS NULL
      AND m.judged_index >= a.index - cardinality(m.things)
) AS still
