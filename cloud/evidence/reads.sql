-- name: cases
SELECT id, number, title, rule_pack, opened_at, opened_by, index, parties, vehicles, scene, corrected_index FROM evidence_case
WHERE site = %(site)s AND index < %(after)s
  AND (%(like)s::text IS NULL OR number ILIKE %(like)s OR title ILIKE %(like)s OR id ILIKE %(like)s)
ORDER BY index DESC LIMIT %(most)s

-- name: case_
SELECT id, number, title, rule_pack, opened_at, opened_by, index, parties, vehicles, scene, corrected_index FROM evidence_case
WHERE site = %(site)s AND id = %(id)s

-- name: items
SELECT i.id, i.case_id, c.number AS case_number, i.name, i.quantity, i.unit, i.goods, i.value_fen, i.state, i.package_id,
       i.index, i.brand, i.sku, i.corrected_index,
       (SELECT jsonb_build_object('slot', u.slot, 'slot_name', s.name, 'zone', s.zone, 'size', u.size, 'weight_g', u.weight_g,
                                  'openings', coalesce(u.openings, 0), 'parent', u.parent, 'purpose', u.purpose, 'due_at', u.due_at,
                                  'method', u.method, 'act', (SELECT act FROM act_thing a WHERE a.thing IN (i.id, i.package_id) AND a.open LIMIT 1),
                                  'corroborated', moved_as_seen(coalesce(i.package_id, i.id)))
        FROM (VALUES (1)) AS one LEFT JOIN custody u ON u.thing = coalesce(i.package_id, i.id) LEFT JOIN slot s ON s.id = u.slot) AS custody,
       EXISTS (SELECT FROM held h WHERE h.thing = i.id) AS held,
       (SELECT max(issue) FROM label l WHERE l.thing = i.id) AS label_issue
FROM item i JOIN evidence_case c ON c.id = i.case_id
WHERE i.site = %(site)s AND i.id > %(after)s
  AND (%(id)s::text IS NULL OR i.id = %(id)s)
  AND (%(package)s::text IS NULL OR i.package_id = %(package)s)
  AND (%(case)s::text IS NULL OR i.case_id = %(case)s)
  AND (%(state)s::text IS NULL OR i.state = %(state)s)
  AND (%(like)s::text IS NULL OR i.name ILIKE %(like)s OR i.id ILIKE %(like)s OR c.number ILIKE %(like)s)
ORDER BY i.id LIMIT %(most)s

-- name: packages
SELECT p.id, p.case_id, c.number AS case_number, p.seal_number, p.state, p.index,
       (SELECT jsonb_build_object('slot', u.slot, 'slot_name', s.name, 'zone', s.zone, 'size', u.size, 'weight_g', u.weight_g,
                                  'openings', coalesce(u.openings, 0), 'parent', u.parent, 'purpose', u.purpose, 'due_at', u.due_at,
                                  'method', u.method, 'act', (SELECT act FROM act_thing a WHERE a.thing IN (p.id) AND a.open LIMIT 1),
                                  'corroborated', moved_as_seen(p.id))
        FROM (VALUES (1)) AS one LEFT JOIN custody u ON u.thing = p.id LEFT JOIN slot s ON s.id = u.slot) AS custody,
       EXISTS (SELECT FROM held h WHERE h.thing = p.id) AS held,
       (SELECT max(issue) FROM label l WHERE l.thing = p.id) AS label_issue
FROM package p JOIN evidence_case c ON c.id = p.case_id
WHERE p.site = %(site)s AND p.id > %(after)s
  AND (%(id)s::text IS NULL OR p.id = %(id)s)
  AND (%(case)s::text IS NULL OR p.case_id = %(case)s)
  AND (%(state)s::text IS NULL OR p.state = %(state)s)
  AND (%(like)s::text IS NULL OR p.seal_number ILIKE %(like)s OR p.id ILIKE %(like)s OR c.number ILIKE %(like)s)
ORDER BY p.id LIMIT %(most)s

-- name: label_
SELECT thing AS thing_id, kind, issue, text FROM label
WHERE thing = %(thing)s AND site = %(site)s AND (%(issue)s::int IS NULL OR issue = %(issue)s)
ORDER BY issue DESC LIMIT 1

-- name: permits
SELECT p.id, p.site, p.agent, p.direction, p.not_before, p.not_after, p.payload, p.granted_by, g.name AS granted_by_name,
       p.revoked_at, r.actor AS revoked_by, r.name AS revoked_by_name, r.index AS revoked_index, r.reason AS revoked_because,
       p.index, o.answer, s.state,
       (SELECT jsonb_object_agg(t.thing, jsonb_build_object('spent_index', t.spent_index, 'spent_at', w.at))
        FROM permit_thing t LEFT JOIN passage w ON w.site = p.site AND w.index = t.spent_index
        WHERE t.permit = p.id) AS spent
FROM permit p
LEFT JOIN agent_order o ON o.id = p.order_id
LEFT JOIN person g ON g.id = p.granted_by
LEFT JOIN LATERAL (
    SELECT r.index, r.actor, q.name, r.content::jsonb ->> 'reason' AS reason
    FROM thing_entry e JOIN record r ON r.site = e.site AND r.index = e.index LEFT JOIN person q ON q.id = r.actor
    WHERE p.revoked_at IS NOT NULL AND e.thing = p.id AND r.kind = 'permit_revoked' LIMIT 1
) AS r ON true
CROSS JOIN LATERAL (
    SELECT CASE WHEN NOT EXISTS (SELECT FROM permit_thing t WHERE t.permit = p.id AND t.spent_index IS NULL) THEN 'spent'
                WHEN p.revoked_at IS NOT NULL THEN 'revoked' WHEN p.not_after <= %(at)s THEN 'expired' ELSE 'living' END
) AS s (state)
WHERE p.site = %(site)s AND p.index < %(after)s AND (%(id)s::text IS NULL OR p.id = %(id)s)
  AND (%(agent)s::text IS NULL OR p.agent = %(agent)s)
  AND (%(station)s::text IS NULL OR p.payload -> 'stations' @> to_jsonb(%(station)s::text))
  AND (%(thing)s::text IS NULL OR p.id IN (
      SELECT t.permit FROM permit_thing t
      WHERE t.thing IN (%(thing)s, (SELECT i.package_id FROM item i WHERE i.id = %(thing)s))))
  AND (%(case)s::text IS NULL OR p.id IN (
      SELECT t.permit FROM permit_thing t
      WHERE t.thing IN (SELECT i.id FROM item i WHERE i.case_id = %(case)s
                        UNION ALL SELECT b.id FROM package b WHERE b.case_id = %(case)s)))
  AND (%(state)s::text IS NULL OR s.state = %(state)s)
ORDER BY p.index DESC LIMIT %(most)s

-- name: thing
SELECT 'item' AS kind, name, state FROM item WHERE id = %(thing)s AND site = %(site)s
UNION ALL SELECT 'package', seal_number, state FROM package WHERE id = %(thing)s AND site = %(site)s
UNION ALL SELECT 'case', number, NULL FROM evidence_case WHERE id = %(thing)s AND site = %(site)s
UNION ALL SELECT 'person', name, NULL FROM person WHERE id = %(thing)s AND site = %(site)s
UNION ALL SELECT 'permit', NULL, NULL FROM permit WHERE id = %(thing)s AND site = %(site)s
UNION ALL SELECT 'exception', station, NULL FROM exception WHERE id = %(thing)s AND site = %(site)s

-- A package begins with its sealing, so all that is said of it is said of what is in it.
-- name: history
WITH about AS (
    SELECT %(thing)s::text AS thing
    UNION SELECT package_id FROM item WHERE id = %(thing)s AND package_id IS NOT NULL
), entry AS (
    SELECT DISTINCT e.site, e.index FROM about JOIN thing_entry e ON e.thing = about.thing
    WHERE e.site = %(site)s AND e.index > %(after)s
    ORDER BY e.index LIMIT %(most)s
), correction AS (
    SELECT r.index, (r.content::jsonb -> 'details' ->> 'cites')::bigint AS cites
    FROM (SELECT DISTINCT e.index FROM about JOIN thing_entry e ON e.thing = about.thing WHERE e.site = %(site)s) e
    JOIN record r ON r.site = %(site)s AND r.index = e.index
    WHERE (r.kind = 'case_corrected' AND r.content IS NOT NULL)
       OR (r.kind = 'custody_step' AND r.content LIKE '%%"action":"correct"%%')
)
SELECT e.index, e.site, f.agent, f.seq, f.kind AS fact_kind, f.at AS fact_at, f.content AS fact_content,
       l.entry, r.kind AS record_kind, r.at AS record_at, r.actor, r.content AS record_content, p.name AS actor_name,
       m.sha256 IS NOT NULL AS picture_ready,
       ARRAY (SELECT c.index FROM correction c WHERE c.cites = e.index ORDER BY c.index) AS corrected_by
FROM entry e
JOIN ledger_entry l ON l.site = e.site AND l.index = e.index
LEFT JOIN fact f ON f.site = e.site AND f.index = e.index
LEFT JOIN record r ON r.site = e.site AND r.index = e.index
LEFT JOIN person p ON p.id = r.actor
LEFT JOIN passage g ON g.site = e.site AND g.index = e.index
LEFT JOIN media m ON m.sha256 = g.picture AND m.erased_index IS NULL
ORDER BY e.index
