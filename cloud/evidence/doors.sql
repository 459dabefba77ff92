-- name: furnish_door
INSERT INTO door (site, agent, station, guards, zones, index)
VALUES (%(site)s, %(agent)s, %(station)s, %(guards)s, %(zones)s, %(index)s)
ON CONFLICT (agent, station) DO UPDATE SET guards = excluded.guards, zones = excluded.zones, index = excluded.index

-- name: doors
SELECT d.agent, d.station, d.guards, d.zones, d.index,
       EXISTS (SELECT FROM door_session s WHERE s.agent = d.agent AND s.station = d.station AND s.state = 'open') AS open
FROM door d WHERE d.site = %(site)s ORDER BY d.agent, d.station

-- name: zones_among
SELECT id FROM zone WHERE site = %(site)s AND id = ANY (%(zones)s)

-- name: door_at
SELECT d.guards, d.zones, ARRAY (SELECT z.class FROM zone z WHERE z.id = ANY (d.zones)) AS classes
FROM door d WHERE d.agent = %(agent)s AND d.station = %(station)s

-- Tasks at these stations that were not taken back at a time; the one that was named, where one was.
-- name: tasks_at
SELECT payload, done_index FROM task
WHERE agent = %(agent)s AND (%(named)s::text IS NULL OR id = %(named)s) AND payload ->> 'station' = ANY (%(stations)s)
  AND (revoked_at IS NULL OR revoked_at > %(at)s)
ORDER BY index DESC LIMIT 1000

-- name: permits_at
SELECT p.id, p.payload,
       ARRAY (SELECT thing FROM permit_thing s WHERE s.permit = p.id AND s.spent_index IS NOT NULL) AS spent
FROM permit p
WHERE p.agent = %(agent)s AND (%(named)s::text IS NULL OR p.id = %(named)s) AND p.payload -> 'stations' ?| %(stations)s
  AND (p.revoked_at IS NULL OR p.revoked_at > %(at)s)
ORDER BY p.index DESC LIMIT 1000

-- name: add_session
INSERT INTO door_session (site, index, agent, station, state, at, decision_seq, rule, reason, subject, task, permit,
                          things, people, picture, differs)
VALUES (%(site)s, %(index)s, %(agent)s, %(station)s, %(state)s, %(at)s, %(decision_seq)s, %(rule)s, %(reason)s,
        %(subject)s, %(task)s, %(permit)s, %(things)s, %(people)s, %(picture)s, %(differs)s)

-- name: cut_short
UPDATE door_session SET state = 'closed', closed_index = %(index)s, closed_at = %(at)s
WHERE agent = %(agent)s AND (%(station)s::text IS NULL OR station = %(station)s) AND state = 'open'

-- The session that its agent's restart cut short goes on.
-- name: resume_session
UPDATE door_session SET state = 'open', closed_index = NULL, closed_at = NULL
WHERE agent = %(agent)s AND station = %(station)s AND opened_seq = %(opened)s AND state = 'closed' AND open_ms IS NULL
  AND NOT EXISTS (
      SELECT FROM door_session o WHERE o.agent = %(agent)s AND o.station = %(station)s AND o.state = 'open')

-- name: open_allowed
UPDATE door_session SET state = 'open', how = %(how)s, opened_seq = %(seq)s, opened_index = %(index)s,
    opened_at = %(at)s, picture = coalesce(%(picture)s, picture)
WHERE agent = %(agent)s AND station = %(station)s AND decision_seq = %(decision)s AND state = 'allowed'
RETURNING index

-- name: open_unasked
INSERT INTO door_session (site, index, agent, station, state, at, how, opened_seq, opened_index, opened_at, picture)
VALUES (%(site)s, %(index)s, %(agent)s, %(station)s, 'open', %(at)s, %(how)s, %(seq)s, %(index)s, %(at)s, %(picture)s)

-- name: hold_open
UPDATE door_session SET held_index = %(index)s
WHERE agent = %(agent)s AND station = %(station)s AND state = 'open' AND held_index IS NULL

-- name: close_session
UPDATE door_session SET state = 'closed', closed_index = %(index)s, closed_at = %(at)s, open_ms = %(open_ms)s,
    moved = %(moved)s, heads_in = %(heads_in)s, heads_out = %(heads_out)s, people = ARRAY (SELECT DISTINCT unnest(people || %(people)s::text[]) COLLATE "C" ORDER BY 1)
WHERE agent = %(agent)s AND station = %(station)s AND state = 'open'
  AND (%(opened)s::bigint IS NULL OR opened_seq = %(opened)s)
RETURNING how, task, permit, opened_at, moved, cardinality(people) AS shown

-- Whether somebody was let in through the door, or it was opened for life, so that somebody could be inside.
-- name: came_in
SELECT EXISTS (
    SELECT FROM door_session WHERE agent = %(agent)s AND station = %(station)s 
      AND (how IN ('decision', 'break_glass') OR how = 'found' AND decision_seq IS NOT NULL)
      AND opened_at BETWEEN %(since)s AND %(until)s
) AS so

-- Whether something was done behind the door: a movement by the records, or a stock-take that is being counted.
-- name: something_done
SELECT EXISTS (
    SELECT FROM movement m JOIN door d ON d.agent = %(agent)s AND d.station = %(station)s
    WHERE m.site = %(site)s AND m.places && d.zones AND m.state <> 'abandoned' AND m.at BETWEEN %(since)s AND %(until)s
) OR EXISTS (
    SELECT FROM stock_take t JOIN door d ON d.agent = %(agent)s AND d.station = %(station)s
    WHERE t.site = %(site)s AND t.state IN ('open', 'counting') AND (t.zone IS NULL OR t.zone = ANY (d.zones))
) AS so

-- name: zones_behind
SELECT DISTINCT s.zone FROM slot s JOIN door d ON d.site = s.site AND s.zone = ANY (d.zones)
WHERE s.id = ANY (%(slots)s)

-- name: sessions
SELECT s.index, s.agent, s.station, s.state, s.at, s.rule, s.reason, s.subject, s.task, s.permit, s.things, s.people,
       s.picture, m.sha256 IS NOT NULL AS picture_ready, s.differs, s.how, s.opened_index, s.opened_at,
       s.held_index IS NOT NULL AS held_open, s.closed_index, s.closed_at, s.open_ms, s.moved, s.heads_in, s.heads_out,
       ARRAY (SELECT coalesce(p.name, w.id) FROM unnest(s.people) AS w (id) LEFT JOIN person p ON p.id = w.id) AS names
FROM door_session s LEFT JOIN media m ON m.sha256 = s.picture AND m.erased_index IS NULL
WHERE s.site = %(site)s AND s.index < %(before)s
  AND (%(agent)s::text IS NULL OR s.agent = %(agent)s) AND (%(station)s::text IS NULL OR s.station = %(station)s)
  AND (%(state)s::text IS NULL OR s.state = %(state)s) AND (%(how)s::text IS NULL OR s.how = %(how)s)
  AND (%(person)s::text IS NULL OR s.people @> ARRAY[%(person)s::text])
  AND (%(task)s::text IS NULL OR s.task = %(task)s)
ORDER BY s.index DESC LIMIT %(most)s
