-- Every change of which slot a thing lies in, from the period's first entry to the newest, as what it did to a zone on a
-- day; days are counted back from the period's end. A move out of a slot that it was put into before is looked up.
-- name: changes
WITH told AS MATERIALIZED (
    SELECT index, at, c ->> 'action' AS action, c -> 'things' AS things, c #>> '{details,slot}' AS slot
    FROM (SELECT index, at, content::jsonb AS c FROM record
          WHERE site = %(site)s AND index >= %(first)s AND kind = 'custody_step' AND content LIKE '{%%'
            AND content LIKE ANY (ARRAY['%%"action":"place"%%', '%%"action":"move"%%', '%%"action":"shelve"%%',
                                        '%%"action":"empty"%%', '%%"action":"declare_missing"%%'])
          OFFSET 0) r  -- so that each is read once
), step AS (
    SELECT index, at, action, thing, slot FROM told, jsonb_array_elements_text(things) AS thing
    UNION ALL
    SELECT p.crossed_index, p.taken_at, 'stock_out', thing, NULL FROM passage p, unnest(p.things) AS thing
    WHERE p.site = %(site)s AND p.index >= %(first)s AND p.direction = 'out' AND p.crossed_index IS NOT NULL
), known AS (
    SELECT thing, index, at, action, slot, lag(slot) OVER w AS was, row_number() OVER w AS n
    FROM step WINDOW w AS (PARTITION BY thing COLLATE "C" ORDER BY index)
), change AS (
    SELECT k.at, k.slot, CASE WHEN k.n > 1 OR k.action IN ('place', 'shelve') THEN k.was ELSE before.slot END AS was
    FROM known k LEFT JOIN LATERAL (
        SELECT r.content::jsonb #>> '{details,slot}' AS slot
        FROM thing_entry e JOIN record r ON r.site = e.site AND r.index = e.index
        WHERE k.n = 1 AND k.action NOT IN ('place', 'shelve') AND e.thing = k.thing AND e.index < k.index
          AND r.kind = 'custody_step' AND r.content ~ '^{.*"action":"(place|move|shelve|empty|declare_missing)"'
        ORDER BY e.index DESC LIMIT 1) before ON true
), delta AS (
    SELECT slot, at, 1 AS by FROM change WHERE slot IS DISTINCT FROM was AND slot IS NOT NULL
    UNION ALL
    SELECT was, at, -1 FROM change WHERE slot IS DISTINCT FROM was AND was IS NOT NULL
)
SELECT s.zone, floor(extract(epoch FROM %(until)s - d.at) / 86400)::int AS days_before, sum(d.by)::int AS by
FROM delta d JOIN slot s ON s.id = d.slot GROUP BY 1, 2

-- Each zone that has slots: how many things fit, how many lie there now, when it was furnished.
-- name: zones
SELECT z.id AS zone, z.class AS zone_class, sum(s.capacity)::int AS capacity,
       (SELECT count(*)::int FROM custody u JOIN slot t ON t.id = u.slot WHERE t.zone = z.id) AS used, r.at AS founded_at
FROM zone z JOIN slot s ON s.zone = z.id LEFT JOIN record r ON r.site = z.site AND r.index = z.index
WHERE z.site = %(site)s GROUP BY z.id, r.at ORDER BY z.name
