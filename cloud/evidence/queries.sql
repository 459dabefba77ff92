-- name: add_case
INSERT INTO evidence_case (id, site, number, title, rule_pack, opened_at, opened_by, index, parties, vehicles, scene)
VALUES (%(id)s, %(site)s, %(number)s, %(title)s, %(rule_pack)s, %(opened_at)s, %(opened_by)s, %(index)s,
        %(parties)s, %(vehicles)s, %(scene)s)
ON CONFLICT (site, number) DO NOTHING RETURNING id

-- name: case_of
SELECT id, site, number, title, rule_pack, opened_at, opened_by, index FROM evidence_case
WHERE id = %(id)s AND site = %(site)s

-- name: add_item
INSERT INTO item (id, site, case_id, name, quantity, unit, goods, value_fen, state, index, brand, sku)
VALUES (%(id)s, %(site)s, %(case_id)s, %(name)s, %(quantity)s, %(unit)s, %(goods)s, %(value_fen)s, %(state)s, %(index)s,
        %(brand)s, %(sku)s)

-- name: add_hand_on
INSERT INTO thing_hand (thing, action, person) VALUES (%(thing)s, %(action)s, %(person)s)

-- name: things
SELECT id FROM item WHERE site = %(site)s AND id = ANY (%(things)s)
UNION ALL SELECT id FROM package WHERE site = %(site)s AND id = ANY (%(things)s)

-- name: labelled
SELECT CASE WHEN EXISTS (SELECT FROM item WHERE id = %(thing)s AND site = %(site)s) THEN 'item'
            WHEN EXISTS (SELECT FROM package WHERE id = %(thing)s AND site = %(site)s) THEN 'package'
            WHEN EXISTS (SELECT FROM slot WHERE id = %(thing)s AND site = %(site)s) THEN 'slot'
            WHEN EXISTS (SELECT FROM person WHERE id = %(thing)s AND site = %(site)s AND disabled_at IS NULL)
            THEN 'person' END AS kind,
       coalesce((SELECT max(issue) FROM label WHERE thing = %(thing)s), 0) AS issue

-- name: add_label
INSERT INTO label (thing, issue, kind, site, text, issued_at, index)
VALUES (%(thing)s, %(issue)s, %(kind)s, %(site)s, %(text)s, %(at)s, %(index)s)

-- name: set_newest_entry
WITH item_ AS (UPDATE item SET index = %(index)s WHERE id = ANY (%(things)s))
UPDATE package SET index = %(index)s WHERE id = ANY (%(things)s)

-- name: living_agent
SELECT id FROM agent WHERE id = %(agent)s AND site = %(site)s AND revoked_at IS NULL

-- name: living_agents
SELECT id FROM agent WHERE site = %(site)s AND revoked_at IS NULL ORDER BY id

-- name: add_permit
INSERT INTO permit (id, site, agent, direction, not_before, not_after, payload, jws, granted_by, index, order_id)
VALUES (%(id)s, %(site)s, %(agent)s, %(direction)s, %(not_before)s, %(not_after)s, %(payload)s, %(jws)s,
        %(granted_by)s, %(index)s, %(order_id)s)

-- name: add_permit_things
INSERT INTO permit_thing (permit, thing) SELECT %(permit)s, unnest(%(things)s::text[])

-- name: permit_to_revoke
SELECT agent, revoked_at FROM permit WHERE id = %(permit)s AND site = %(site)s

-- name: revoke_permit
UPDATE permit SET revoked_at = %(at)s WHERE id = %(permit)s

-- Permits that still let any of these things pass.
-- name: living_permits
SELECT DISTINCT p.id, p.agent, p.index FROM permit p JOIN permit_thing t ON t.permit = p.id
WHERE p.site = %(site)s AND t.thing = ANY (%(things)s) AND t.spent_index IS NULL AND p.revoked_at IS NULL
  AND p.not_after > %(at)s
ORDER BY p.index

-- name: permit_things
SELECT thing FROM permit_thing WHERE permit = %(permit)s ORDER BY thing

-- name: held
SELECT DISTINCT thing FROM held WHERE site = %(site)s ORDER BY thing

-- name: add_hold
INSERT INTO hold (thing, site, reason, placed_by, index)
VALUES (%(thing)s, %(site)s, %(reason)s, %(placed_by)s, %(index)s) ON CONFLICT DO NOTHING RETURNING thing

-- name: lift_hold
DELETE FROM hold WHERE thing = %(thing)s AND site = %(site)s RETURNING thing
