-- What the rules look at: the thing, its state, its rules, what is under hold, what it is worth, how it may be disposed of.
-- name: things
SELECT t.id, t.kind, t.state, t.case_id, t.package_id, c.rule_pack, t.index, coalesce(t.value_fen, 0) AS value_fen, t.goods,
       u.method, u.size, u.slot, u.weight_g,
       EXISTS (SELECT FROM package p WHERE p.id = t.package_id AND p.state = t.state AND t.state <> 'opened') AS packed,
       (SELECT max(issue) FROM label l WHERE l.thing = t.id) AS issue,
       EXISTS (SELECT FROM held h WHERE h.thing = t.id) AS held,
       ARRAY (
           SELECT h.action || ' ' || h.person FROM thing_hand h
           WHERE h.thing = t.id OR h.thing = t.package_id
              OR h.thing IN (SELECT i.id FROM item i WHERE t.kind = 'package' AND i.package_id = t.id)
           ORDER BY 1
       ) AS hands
FROM (SELECT id, 'item' AS kind, site, state, case_id, index, package_id, value_fen, ARRAY[goods] AS goods FROM item
      WHERE id = ANY (%(things)s)
      UNION ALL
      SELECT id, 'package', site, state, case_id, index, NULL,
             (SELECT sum(i.value_fen)::bigint FROM item i WHERE i.package_id = package.id),
             ARRAY (SELECT DISTINCT i.goods FROM item i WHERE i.package_id = package.id ORDER BY 1)
      FROM package WHERE id = ANY (%(things)s)) t
JOIN evidence_case c ON c.id = t.case_id
LEFT JOIN custody u ON u.thing = t.id
WHERE t.site = %(site)s

-- name: take_step
SELECT moved FROM take_step(%(site)s, %(action)s, %(things)s, %(hands)s, %(keyed)s, %(gate)s, %(index)s)

-- Somebody was quicker: what happened to a thing last, and by whom.
-- name: newest_entry
SELECT e.index, coalesce(r.kind, f.kind) AS kind, coalesce(r.at, f.at) AS at,
       r.content::jsonb ->> 'action' AS action, coalesce(p.name, r.actor, f.agent) AS who
FROM thing_entry e
LEFT JOIN record r ON r.site = e.site AND r.index = e.index
LEFT JOIN fact f ON f.site = e.site AND f.index = e.index
LEFT JOIN person p ON p.id = r.actor
WHERE e.thing = ANY (%(things)s) AND e.site = %(site)s
ORDER BY e.index DESC LIMIT 1

-- name: open_acts_on
SELECT a.id, a.action, a.proposed_at, t.thing, p.name AS who
FROM act_thing t JOIN act a ON a.id = t.act LEFT JOIN person p ON p.id = a.proposed_by
WHERE t.thing = ANY (%(things)s) AND t.open
ORDER BY t.thing LIMIT 1

-- name: add_act
INSERT INTO act (id, site, action, things, details, hash, rule, rule_pack, seats, proposed_by, proposed_at, expires_at,
                 ages_at, index)
VALUES (%(id)s, %(site)s, %(action)s, %(things)s, %(details)s, %(hash)s, %(rule)s, %(rule_pack)s, %(seats)s,
        %(proposed_by)s, %(proposed_at)s, %(expires_at)s, %(ages_at)s, %(index)s)

-- name: add_act_things
INSERT INTO act_thing (act, thing) SELECT %(act)s, unnest(%(things)s::text[])

-- name: act
SELECT a.*, p.name AS proposed_by_name, coalesce((
    SELECT jsonb_agg(jsonb_build_object(
        'person', h.person, 'name', q.name, 'roles', q.roles, 'part', h.part, 'seat', h.seat,
        'credential', h.credential, 'at', h.at, 'signature', h.signature) ORDER BY h.index)
    FROM act_hand h JOIN person q ON q.id = h.person WHERE h.act = a.id
), '[]') AS hands
FROM act a LEFT JOIN person p ON p.id = a.proposed_by
WHERE a.id = %(act)s AND a.site = %(site)s

-- name: acts
SELECT a.*, p.name AS proposed_by_name, coalesce((
    SELECT jsonb_agg(jsonb_build_object(
        'person', h.person, 'name', q.name, 'roles', q.roles, 'part', h.part, 'seat', h.seat,
        'credential', h.credential, 'at', h.at, 'signature', h.signature) ORDER BY h.index)
    FROM act_hand h JOIN person q ON q.id = h.person WHERE h.act = a.id
), '[]') AS hands
FROM act a LEFT JOIN person p ON p.id = a.proposed_by
WHERE a.site = %(site)s AND a.index < %(before)s
  AND (NOT %(waiting)s OR a.ended IS NULL)
  AND (%(action)s::text IS NULL OR a.action = %(action)s)
  AND (%(thing)s::text IS NULL OR a.id IN (SELECT act FROM act_thing WHERE thing = %(thing)s))
ORDER BY a.index DESC LIMIT %(most)s

-- name: add_hand
INSERT INTO act_hand (act, person, part, seat, credential, at, signature, index)
VALUES (%(act)s, %(person)s, %(part)s, %(seat)s, %(credential)s, %(at)s, %(signature)s, %(index)s)
ON CONFLICT (act, person, part) DO UPDATE
SET seat = excluded.seat, credential = excluded.credential, at = excluded.at, signature = excluded.signature,
    index = excluded.index

-- name: end_act
UPDATE act SET ended = %(ended)s, ended_at = %(at)s, ended_index = %(index)s WHERE id = %(act)s AND ended IS NULL

-- name: free_things
UPDATE act_thing SET open = false WHERE act = %(act)s

-- name: custody_of
SELECT thing, site, slot, size, weight_g, openings, parent, purpose, due_at, method FROM custody
WHERE thing = ANY (%(things)s)

-- name: set_custody
INSERT INTO custody (thing, site, slot, size, weight_g, openings, parent, purpose, due_at, method, index)
VALUES (%(thing)s, %(site)s, %(slot)s, %(size)s, %(weight_g)s, %(openings)s, %(parent)s, %(purpose)s, %(due_at)s,
        %(method)s, %(index)s)
ON CONFLICT (thing) DO UPDATE
SET slot = excluded.slot, size = excluded.size, weight_g = excluded.weight_g, openings = excluded.openings,
    parent = excluded.parent, purpose = excluded.purpose, due_at = excluded.due_at, method = excluded.method,
    index = excluded.index

-- name: add_hands_on
INSERT INTO thing_hand (thing, action, person)
SELECT thing, %(action)s, person FROM unnest(%(things)s::text[]) AS thing, unnest(%(people)s::text[]) AS person
ON CONFLICT DO NOTHING

-- name: add_package
INSERT INTO package (id, site, case_id, seal_number, state, index)
VALUES (%(id)s, %(site)s, %(case_id)s, %(seal_number)s, %(state)s, %(index)s)
ON CONFLICT (site, seal_number) WHERE seal_number <> '已依法删除 / erased' DO NOTHING RETURNING id

-- name: new_seal
UPDATE package SET seal_number = %(seal_number)s WHERE id = %(package)s
  AND NOT EXISTS (SELECT FROM package WHERE site = %(site)s AND seal_number = %(seal_number)s)
RETURNING id

-- name: put_into_package
UPDATE item SET package_id = %(package)s, index = %(index)s WHERE id = ANY (%(items)s)

-- name: still_inside
SELECT id FROM item WHERE package_id = %(package)s AND state = 'opened' ORDER BY id LIMIT 1

-- name: item_row
SELECT id, case_id, name, quantity, unit, goods, value_fen, package_id, state, brand, sku FROM item WHERE id = %(item)s

-- name: add_part
INSERT INTO item (id, site, case_id, name, quantity, unit, state, package_id, goods, value_fen, index, brand, sku)
VALUES (%(id)s, %(site)s, %(case_id)s, %(name)s, %(quantity)s, %(unit)s, %(state)s, %(package_id)s, %(goods)s,
        %(value_fen)s, %(index)s, %(brand)s, %(sku)s)

-- name: correct_item
UPDATE item SET name = coalesce(c ->> 'name', name), quantity = coalesce((c -> 'quantity')::int, quantity),
    unit = coalesce(c ->> 'unit', unit), goods = coalesce(c ->> 'goods', goods),
    value_fen = coalesce((c -> 'value_fen')::bigint, value_fen),
    brand = CASE WHEN c ? 'brand' THEN c ->> 'brand' ELSE brand END,
    sku = CASE WHEN c ? 'sku' THEN c ->> 'sku' ELSE sku END, index = %(index)s, corrected_index = %(index)s
FROM (SELECT %(changes)s::jsonb) AS told (c) WHERE id = %(item)s

-- name: case_to_correct
SELECT c.id, c.title, c.parties, c.vehicles, c.scene, coalesce(c.corrected_index, c.index) AS told_index,
       EXISTS (SELECT FROM held h JOIN (SELECT id FROM item WHERE case_id = c.id
                                        UNION ALL SELECT id FROM package WHERE case_id = c.id) t ON t.id = h.thing
               WHERE h.site = c.site) AS held
FROM evidence_case c WHERE c.id = %(case)s AND c.site = %(site)s

-- name: correct_case
UPDATE evidence_case SET title = %(title)s, parties = %(parties)s, vehicles = %(vehicles)s, scene = %(scene)s,
    corrected_index = %(index)s
WHERE id = %(case)s

-- The newest correction of any of these fields of a thing: what a further one has to cite, or something newer.
-- name: corrected_at
SELECT max(r.index) AS index FROM thing_entry e JOIN record r ON r.site = e.site AND r.index = e.index
WHERE e.site = %(site)s AND e.thing = %(thing)s AND r.content IS NOT NULL
  AND ((r.kind = 'custody_step' AND r.content LIKE '%%"action":"correct"%%'
        AND r.content::jsonb -> 'things' ->> 0 = %(thing)s AND r.content::jsonb -> 'details' -> 'changes' ?| %(fields)s)
       OR (r.kind = 'case_corrected' AND r.content::jsonb -> 'details' -> 'particulars' ?| %(fields)s))

-- name: kind_of_entry
SELECT r.kind FROM record r JOIN thing_entry e ON e.site = r.site AND e.index = r.index
WHERE r.site = %(site)s AND r.index = %(index)s AND e.thing = %(thing)s

-- Whoever corrected a case since entry `seen`.
-- name: case_told_since
SELECT r.index, r.kind, r.at, NULL AS action, coalesce(p.name, r.actor) AS who
FROM evidence_case c JOIN record r ON r.site = c.site AND r.index = c.corrected_index LEFT JOIN person p ON p.id = r.actor
WHERE c.id = ANY (%(things)s) AND c.site = %(site)s

-- name: unknown_photos
SELECT photo FROM unnest(%(photos)s::text[]) AS photo WHERE photo NOT IN (SELECT sha256 FROM media)

-- name: entry_is_about
SELECT EXISTS (SELECT FROM thing_entry WHERE site = %(site)s AND index = %(index)s AND thing = ANY (%(things)s)) AS there

-- name: slot_to_fill
SELECT s.id, z.class AS zone_class, s.size,
       s.capacity - (SELECT count(*)::int FROM custody u WHERE u.slot = s.id AND NOT u.thing = ANY (%(things)s)) AS free
FROM slot s JOIN zone z ON z.id = s.zone
WHERE s.id = %(slot)s AND s.site = %(site)s

-- name: case_to_repin
SELECT id, rule_pack FROM evidence_case WHERE id = %(case)s AND site = %(site)s

-- name: repin_case
UPDATE evidence_case SET rule_pack = %(pack)s WHERE id = %(case)s

-- name: overdue_acts
SELECT id, action, things, expires_at, index FROM act WHERE site = %(site)s AND ended IS NULL AND expires_at <= %(at)s
ORDER BY index LIMIT 200

-- name: aged_acts
SELECT id, action, things, proposed_at FROM act
WHERE site = %(site)s AND ended IS NULL AND ages_at <= %(at)s
  AND NOT EXISTS (SELECT FROM alarm WHERE site = %(site)s AND cause = 'act_stuck' AND place = act.id AND cleared_at IS NULL)
ORDER BY index LIMIT 200

-- name: overdue_loans
SELECT u.thing, u.due_at, u.purpose FROM custody u
WHERE u.site = %(site)s AND u.due_at <= %(at)s
  AND 'out' IN (SELECT state FROM item WHERE id = u.thing UNION ALL SELECT state FROM package WHERE id = u.thing)
  AND NOT EXISTS (SELECT FROM alarm WHERE site = %(site)s AND cause = 'loan_overdue' AND place = u.thing
                  AND cleared_at IS NULL)
ORDER BY u.thing LIMIT 200

-- Cases with things that are not at their end yet and that a clock of the law has run out on, by the limits of their
-- own rules. Who clears the alarm has answered for it: it is raised once for each clock.
-- name: late_cases
WITH clock AS MATERIALIZED (
    SELECT p.hash, l.key AS name, make_interval(days => coalesce((l.value ->> 'days')::int, 0),
                                                hours => coalesce((l.value ->> 'hours')::int, 0)) AS lasts,
           ARRAY (SELECT s.key FROM jsonb_each(p.content::jsonb -> 'states') s WHERE s.value ? 'final') AS final
    FROM rule_pack p, LATERAL jsonb_each(p.content::jsonb -> 'limits') l
    WHERE l.key IN ('preservation', 'case_decision')
)
SELECT c.id, c.number, c.opened_at, c.opened_at + k.lasts AS due_at, k.name AS clock, c.id || ':' || k.name AS place
FROM evidence_case c JOIN clock k ON k.hash = c.rule_pack
WHERE c.site = %(site)s AND c.opened_at + k.lasts <= %(at)s
  AND EXISTS (SELECT FROM item i WHERE i.case_id = c.id AND NOT i.state = ANY (k.final))
  AND NOT EXISTS (SELECT FROM alarm a WHERE a.site = c.site AND a.cause = 'case_clock' AND a.place = c.id || ':' || k.name)
ORDER BY c.index, k.name LIMIT 200
