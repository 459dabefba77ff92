-- How each site is now; zones by the colours of their pages (cloud/evidence/slots.py, level).
-- name: states
SELECT s.id, s.name_zh, s.name_en, s.unit, a.*, z.*, g.*, t.*, o.index AS oldest_ticket, o.opened_at AS oldest_at,
       c.at AS checkpoint_at, greatest(0, h.size - coalesce(c.size, 0))::int AS entries_after
FROM site s JOIN ledger_head h ON h.site = s.id
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE severity = 'critical')::int AS critical,
           count(*) FILTER (WHERE severity = 'major')::int AS major,
           count(*) FILTER (WHERE severity = 'warning')::int AS warning,
           count(*) FILTER (WHERE severity = 'info')::int AS info
    FROM alarm WHERE site = s.id AND cleared_at IS NULL
) a
CROSS JOIN LATERAL (
    SELECT coalesce(sum(capacity), 0)::int AS capacity, coalesce(sum(used), 0)::int AS used, count(*)::int AS zones,
           count(*) FILTER (WHERE used >= capacity)::int AS zones_full,
           count(*) FILTER (WHERE used < capacity AND used * 10 >= capacity * 9)::int AS zones_filling
    FROM (SELECT sum(p.capacity) AS capacity,
                 (SELECT count(*) FROM custody u JOIN slot x ON x.id = u.slot WHERE x.zone = p.zone) AS used
          FROM slot p WHERE p.site = s.id GROUP BY p.zone) zone
) z
CROSS JOIN LATERAL (
    SELECT count(*)::int AS agents, count(*) FILTER (WHERE q.online IS NOT TRUE)::int AS agents_offline
    FROM agent b LEFT JOIN agent_stream q ON q.agent = b.id WHERE b.site = s.id AND b.revoked_at IS NULL
) g
CROSS JOIN LATERAL (
    SELECT count(*)::int AS tickets, count(*) FILTER (WHERE overdue_index IS NOT NULL)::int AS overdue
    FROM ticket WHERE site = s.id AND closed_at IS NULL
) t
LEFT JOIN LATERAL (
    SELECT index, opened_at FROM ticket WHERE site = s.id AND closed_at IS NULL ORDER BY index LIMIT 1
) o ON true
LEFT JOIN LATERAL (SELECT size, at FROM checkpoint WHERE site = s.id ORDER BY size DESC LIMIT 1) c ON true
WHERE s.id = ANY (%(sites)s)
ORDER BY s.id

-- name: living
SELECT id, site, cause, place, severity, detail, raised_at, last_at, occurrences, index, acknowledged_by, assigned_to,
       shelved_until, level, cleared_at, cleared_code, answer_due_at
FROM alarm WHERE site = ANY (%(sites)s) AND cleared_at IS NULL
ORDER BY array_position('{critical,major,warning,info}'::text[], severity), id DESC LIMIT %(most)s

-- name: how_many
SELECT count(*)::int AS n FROM alarm WHERE site = ANY (%(sites)s) AND cleared_at IS NULL
