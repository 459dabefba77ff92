-- name: to_print
SELECT DISTINCT ON (l.thing) l.thing, l.kind, l.issue, l.text, l.issued_at,
       coalesce(i.name, '封签 ' || p.seal_number, u.name, s.name, '') AS name, coalesce(c.number, '') AS case
FROM label l
LEFT JOIN item i ON i.id = l.thing
LEFT JOIN package p ON p.id = l.thing
LEFT JOIN person u ON u.id = l.thing
LEFT JOIN slot s ON s.id = l.thing
LEFT JOIN evidence_case c ON c.id = coalesce(i.case_id, p.case_id)
WHERE l.site = %(site)s AND l.thing = ANY (%(things)s) AND (%(issue)s::int IS NULL OR l.issue = %(issue)s)
ORDER BY l.thing, l.issue DESC

-- name: living_agent
SELECT id FROM agent WHERE id = %(agent)s AND site = %(site)s AND revoked_at IS NULL

-- name: set_newest_entry
WITH item_ AS (UPDATE item SET index = %(index)s WHERE id = ANY (%(things)s))
UPDATE package SET index = %(index)s WHERE id = ANY (%(things)s)

-- name: print_order
SELECT o.id, o.agent, o.answer, f.content FROM agent_order o JOIN agent a ON a.id = o.agent
LEFT JOIN fact f ON f.site = a.site AND f.index = o.answered_index
WHERE o.id = %(id)s AND a.site = %(site)s AND o.kind = 'print_labels'
