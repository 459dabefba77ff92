-- name: due_movements
SELECT index, at, places, stay_s FROM movement
WHERE site = %(site)s AND state = 'waiting'
  AND at + window_s * interval '1 second' + error_ms * interval '1 millisecond' <= %(now)s
ORDER BY at, index LIMIT %(most)s

-- name: due_observations
SELECT index, at, place FROM observation
WHERE site = %(site)s AND state = 'waiting' AND kind IN ('gate', 'slot')
  AND at + %(window)s::interval + error_ms * interval '1 millisecond' <= %(now)s
ORDER BY at, index LIMIT %(most)s

-- name: movements_at
SELECT index, action, things, at, until, error_ms, window_s, stay_s, traces, needs, corroborated_by, state FROM movement
WHERE places && %(places)s AND state <> 'abandoned' AND site = %(site)s
  AND array_position(corroborated_by, NULL) IS NOT NULL
  AND at <= %(high)s AND (until IS NULL OR until >= %(low)s)

-- name: observations_at
SELECT index, place, kind, what, at, error_ms, state FROM observation
WHERE place = ANY (%(places)s) AND state <> 'explained' AND site = %(site)s AND at BETWEEN %(low)s AND %(high)s

-- name: set_movement
UPDATE movement SET state = %(state)s, corroborated_by = %(corroborated_by)s, judged_index = %(index)s
WHERE site = %(site)s AND index = %(movement)s

-- name: set_observation
UPDATE observation SET state = %(state)s, explained_by = %(movement)s, judged_index = %(index)s
WHERE site = %(site)s AND index = %(observation)s AND place = %(place)s

-- Whether another observation speaks for the alarm that lives at a place.
-- name: still_without_record
SELECT EXISTS (
    SELECT FROM alarm a JOIN observation o ON o.site = a.site AND o.state = 'unexplained' AND o.place = a.place
    WHERE a.site = %(site)s AND a.cause = 'goods_without_record' AND a.place = %(place)s AND a.cleared_at IS NULL
      AND o.judged_index >= a.index - 1
) AS still

-- Whether a rack told that what moved there went to, or belongs in, another slot: that is one alarm already.
-- name: misplaced_there
SELECT EXISTS (
    SELECT FROM misplacement m
    WHERE m.site = %(site)s AND %(place)s IN (m.found, m.expected) AND m.by = 'sensor'
      AND %(at)s BETWEEN m.at - %(window)s::interval
                     AND coalesce(m.ended_at, m.at + interval '1 day') + %(window)s::interval
) AS there

-- Whether a rack told that goods went elsewhere than into the slot that the record of `things` names.
-- name: misplaced_goods
SELECT EXISTS (
    SELECT FROM misplacement m
    WHERE m.site = %(site)s AND m.expected = %(place)s AND m.by = 'sensor' AND m.moved = 'put'
      AND (m.things = '{}' OR m.things && %(things)s::text[])
      AND %(at)s BETWEEN m.at - %(window)s::interval
                     AND coalesce(m.ended_at, m.at + interval '1 day') + %(window)s::interval
) AS there

-- Whether what a sensor told at a place was something in a wrong slot there, which was taken out again.
-- name: taken_out_again
SELECT EXISTS (
    SELECT FROM misplacement m
    WHERE m.site = %(site)s AND m.found = %(place)s AND m.by = 'sensor' AND m.how IN ('put_right', 'undone')
      AND %(at)s BETWEEN m.at - %(window)s::interval AND m.ended_at
) AS there

-- name: lies_in
SELECT thing FROM custody WHERE slot = %(slot)s AND site = %(site)s ORDER BY thing LIMIT 20
