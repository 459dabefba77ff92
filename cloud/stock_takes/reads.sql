-- name: takes
SELECT t.*, z.name AS zone_name,
       (SELECT count(*) FROM difference d WHERE d.stock_take = t.id) AS differences,
       (SELECT count(*) FROM difference d WHERE d.stock_take = t.id AND d.answer IS NULL) AS unanswered,
       (SELECT count(DISTINCT thing) FROM stock_take_count c WHERE c.stock_take = t.id AND c.person = t.keeper)
           AS keeper_things,
       (SELECT count(DISTINCT thing) FROM stock_take_count c WHERE c.stock_take = t.id AND c.person = t.bookkeeper)
           AS bookkeeper_things
FROM stock_take t LEFT JOIN zone z ON z.id = t.zone
WHERE t.site = %(site)s AND t.index < %(before)s AND (%(id)s::text IS NULL OR t.id = %(id)s)
  AND (NOT %(running)s OR t.state <> 'closed')
ORDER BY t.index DESC LIMIT %(most)s

-- Where there is something to be counted, not what: all slots of the scope, or those of the sample.
-- name: places
SELECT s.id AS slot, s.name, z.id AS zone, z.name AS zone_name
FROM slot s JOIN zone z ON z.id = s.zone
WHERE s.site = %(site)s AND (%(zone)s::text IS NULL OR s.zone = %(zone)s)
  AND (NOT %(sampled)s OR EXISTS (
      SELECT FROM stock_take_line l WHERE l.stock_take = %(stock_take)s AND l.drawn AND l.slot = s.id))
ORDER BY z.name, s.name

-- name: outside
SELECT EXISTS (SELECT FROM stock_take_line WHERE stock_take = %(stock_take)s AND drawn AND slot IS NULL) AS outside

-- name: counts
SELECT key, thing, slot, quantity, taken_back, issue IS NULL AS typed, at FROM stock_take_count
WHERE stock_take = %(stock_take)s AND person = %(person)s AND key > %(after)s
ORDER BY key LIMIT %(most)s

-- name: count_total
SELECT count(*) AS total FROM stock_take_count WHERE stock_take = %(stock_take)s AND person = %(person)s

-- name: differences
SELECT thing, kind, expected, keeper, bookkeeper, answer, reference, reason, answered_by, answered_at, answered_index
FROM difference
WHERE stock_take = %(stock_take)s AND thing > %(after)s AND (NOT %(unanswered)s OR answer IS NULL)
ORDER BY thing LIMIT %(most)s

-- name: lines
SELECT l.thing, coalesce(i.name, p.seal_number) AS name, l.slot, s.name AS slot_name, l.quantity, l.drawn,
       d.kind AS difference
FROM stock_take_line l
LEFT JOIN item i ON i.id = l.thing
LEFT JOIN package p ON p.id = l.thing
LEFT JOIN slot s ON s.id = l.slot
LEFT JOIN difference d ON d.stock_take = l.stock_take AND d.thing = l.thing
WHERE l.stock_take = %(stock_take)s AND l.thing > %(after)s AND (l.drawn OR NOT %(drawn)s)
ORDER BY l.thing LIMIT %(most)s

-- name: zones
SELECT z.id AS zone, z.name, z.class AS zone_class, r.at AS founded_at, l.id AS last, l.opened_at AS last_at,
       (SELECT max(t.id) FROM stock_take t WHERE t.site = z.site AND t.state <> 'closed'
            AND t.compared_at IS NULL AND (t.kind = 'full' OR (t.kind = 'zone' AND t.zone = z.id))) AS running
FROM zone z
LEFT JOIN record r ON r.site = z.site AND r.index = z.index
LEFT JOIN LATERAL (
    SELECT t.id, t.opened_at FROM stock_take t
    WHERE t.site = z.site AND t.compared_at IS NOT NULL AND (t.kind = 'full' OR (t.kind = 'zone' AND t.zone = z.id))
    ORDER BY t.index DESC LIMIT 1
) l ON true
WHERE z.site = %(site)s
ORDER BY z.name
