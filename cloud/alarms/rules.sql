-- name: sites
SELECT site FROM ledger_head ORDER BY site

-- name: new_cursor
INSERT INTO rule_cursor (site, upto) VALUES (%(site)s, 0) ON CONFLICT DO NOTHING

-- name: cursor
SELECT c.upto, h.size FROM rule_cursor c JOIN ledger_head h ON h.site = c.site
WHERE c.site = %(site)s FOR UPDATE OF c

-- name: move_cursor
UPDATE rule_cursor SET upto = %(upto)s WHERE site = %(site)s

-- name: watches
SELECT rule, place, text, seen, due FROM rule_watch WHERE site = %(site)s

-- name: set_watch
INSERT INTO rule_watch (site, rule, place, text, seen, due)
VALUES (%(site)s, %(rule)s, %(place)s, %(text)s, %(seen)s, %(due)s)
ON CONFLICT (site, rule, place) DO UPDATE SET text = excluded.text, seen = excluded.seen, due = excluded.due

-- name: drop_watch
DELETE FROM rule_watch WHERE site = %(site)s AND rule = %(rule)s AND place = %(place)s

-- What may concern a rule, in the order of the log.
-- name: entries
SELECT index, kind, at, content, agent, NULL AS actor FROM fact
WHERE site = %(site)s AND index >= %(first)s AND index < %(end)s AND kind = ANY (%(kinds)s) AND content IS NOT NULL
UNION ALL
SELECT index, kind, at, content, NULL AS agent, actor FROM record
WHERE site = %(site)s AND index >= %(first)s AND index < %(end)s AND kind = ANY (%(kinds)s) AND content IS NOT NULL
ORDER BY index

-- When entries came: each was there at the latest when the first checkpoint over it was signed.
-- name: arrivals
SELECT size, at FROM checkpoint WHERE site = %(site)s AND size > %(first)s ORDER BY size LIMIT %(most)s

-- Whether anything may lie in another slot than before.
-- name: any_moved
SELECT EXISTS (SELECT FROM record WHERE site = %(site)s AND index >= %(first)s AND index < %(end)s
                 AND kind NOT LIKE 'alarm\_%%')
    OR EXISTS (SELECT FROM fact WHERE site = %(site)s AND index >= %(first)s AND index < %(end)s
                 AND kind IN ('step_decided', 'passage_crossed')) AS moved

-- name: fills
SELECT z.id AS zone, z.name, z.class AS zone_class, coalesce(sum(s.capacity), 0)::int AS capacity,
       (SELECT count(*)::int FROM custody u JOIN slot t ON t.id = u.slot WHERE t.zone = z.id) AS used
FROM zone z LEFT JOIN slot s ON s.zone = z.id
WHERE z.site = %(site)s
GROUP BY z.id ORDER BY z.id

-- name: slot_zones
SELECT s.id, z.id AS zone, z.class AS zone_class FROM slot s JOIN zone z ON z.id = s.zone WHERE s.site = %(site)s

-- The first entry that was certainly there after `since`.
-- name: first_since
SELECT coalesce(max(c.size), 0) AS first, h.size FROM ledger_head h
LEFT JOIN checkpoint c ON c.site = h.site AND c.at < %(since)s
WHERE h.site = %(site)s GROUP BY h.size
