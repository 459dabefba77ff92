-- name: slots_here
SELECT id FROM slot WHERE id = ANY (%(slots)s) AND site = %(site)s AND agent = %(agent)s

-- name: add_misplacement
INSERT INTO misplacement (site, index, agent, station, found, expected, moved, by, task, list, things, at)
VALUES (%(site)s, %(index)s, %(agent)s, %(station)s, %(found)s, %(expected)s, %(moved)s, %(by)s, %(task)s, %(list)s,
        %(things)s, %(at)s)

-- name: end_misplacement
UPDATE misplacement SET ended_index = %(index)s, ended_at = %(at)s, how = %(how)s
WHERE site = %(site)s AND agent = %(agent)s AND found = %(found)s AND ended_index IS NULL RETURNING expected

-- name: living_at
SELECT agent, index FROM misplacement
WHERE site = %(site)s AND found = %(found)s AND moved = 'put' AND ended_index IS NULL LIMIT 1

-- Whether a movement by the records is what a sensor told: it began or lasts within the window.
-- name: recorded
SELECT EXISTS (
    SELECT FROM movement m
    WHERE m.places @> ARRAY[%(slot)s::text] AND m.state <> 'abandoned' AND m.site = %(site)s
      AND m.traces @> %(trace)s::jsonb
      AND m.at - %(window)s::interval <= %(at)s AND (m.until IS NULL OR m.until + %(window)s::interval >= %(at)s)
) AS there
