-- name: add_passage
INSERT INTO passage (site, index, agent, seq, station, direction, outcome, reason, rule, subject, things, people,
                     at, taken_at, picture, differs)
VALUES (%(site)s, %(index)s, %(agent)s, %(seq)s, %(station)s, %(direction)s, %(outcome)s, %(reason)s, %(rule)s,
        %(subject)s, %(things)s, %(people)s, %(at)s, %(taken_at)s, %(picture)s, %(differs)s)

-- name: add_thing_entries
INSERT INTO thing_entry (thing, site, index)
SELECT thing, %(site)s, %(index)s FROM (
    SELECT unnest(%(things)s::text[]) AS thing
    UNION
    SELECT id FROM item WHERE package_id = ANY (%(things)s)
) concerned
ON CONFLICT DO NOTHING

-- name: spend
UPDATE permit_thing SET spent_index = %(index)s
FROM permit
WHERE permit.id = permit_thing.permit AND permit.agent = %(agent)s
  AND permit_thing.permit = %(permit)s AND permit_thing.thing = %(thing)s AND permit_thing.spent_index IS NULL

-- name: unspend
UPDATE permit_thing SET spent_index = NULL
WHERE permit = %(permit)s AND thing = %(thing)s AND spent_index = %(index)s

-- name: permits_for
SELECT p.id, p.payload,
       ARRAY (SELECT thing FROM permit_thing s WHERE s.permit = p.id AND s.spent_index IS NOT NULL) AS spent
FROM permit p
WHERE p.id IN (SELECT permit FROM permit_thing WHERE thing = ANY (%(things)s))
  AND p.site = %(site)s AND (p.revoked_at IS NULL OR p.revoked_at > %(at)s)
ORDER BY p.id

-- The permits of an agent, in force at a time, for packages that any of these items are in.
-- name: permits_around
SELECT p.id, p.payload,
       ARRAY (SELECT thing FROM permit_thing s WHERE s.permit = p.id AND s.spent_index IS NOT NULL) AS spent
FROM permit p
WHERE p.agent = %(agent)s AND %(at)s BETWEEN p.not_before AND p.not_after
  AND (p.revoked_at IS NULL OR p.revoked_at > %(known_at)s)
  AND EXISTS (SELECT FROM jsonb_array_elements(p.payload -> 'things') t WHERE t -> 'contents' ?| %(items)s)
ORDER BY p.id

-- name: permits_named
SELECT payload FROM permit WHERE site = %(site)s AND id = ANY (%(permits)s)

-- name: contents_of
SELECT package_id, array_agg(id ORDER BY id) AS items FROM item
WHERE site = %(site)s AND package_id = ANY (%(packages)s) GROUP BY package_id

-- name: holds_on
WITH placed AS (
    SELECT h.thing FROM hold h JOIN record r ON r.site = h.site AND r.index = h.index
    WHERE h.site = %(site)s AND r.at <= %(at)s
), held AS (  -- as the view of that name, at an earlier time
    SELECT thing FROM placed
    UNION SELECT i.package_id FROM placed p JOIN item i ON i.id = p.thing WHERE i.package_id IS NOT NULL
    UNION SELECT i.id FROM placed p JOIN item i ON i.package_id = p.thing
)
SELECT thing FROM held WHERE thing = ANY (%(things)s)

-- name: has_open_orders
SELECT EXISTS (SELECT FROM agent_order WHERE agent = %(agent)s AND answered_index IS NULL) AS open

-- name: passage_of
SELECT index, outcome, things, crossed_index, abandoned_index FROM passage
WHERE agent = %(agent)s AND seq = %(seq)s AND site = %(site)s

-- name: set_crossed
UPDATE passage SET crossed_index = %(index)s WHERE site = %(site)s AND index = %(passage)s

-- name: set_abandoned
UPDATE passage SET abandoned_index = %(index)s WHERE site = %(site)s AND index = %(passage)s

-- name: answer_order
UPDATE agent_order SET answered_index = %(index)s, answer = %(answer)s
WHERE id = %(order)s AND agent = %(agent)s AND answered_index IS NULL
RETURNING kind, about
