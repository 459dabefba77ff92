-- name: zone_of
SELECT id FROM zone WHERE id = %(zone)s AND site = %(site)s

-- name: roles_of
SELECT roles FROM person WHERE id = %(person)s AND site = %(site)s AND disabled_at IS NULL

-- name: add_take
INSERT INTO stock_take (id, site, kind, zone, cause, opened_by, opened_at, index, population, population_hash, wanted,
                        state, keeper, bookkeeper)
VALUES (%(id)s, %(site)s, %(kind)s, %(zone)s, %(cause)s, %(opened_by)s, %(at)s, %(index)s, 0, '', %(wanted)s,
        %(state)s, %(keeper)s, %(bookkeeper)s)

-- The book as it is now: packages that are in the warehouse, and items that are in no such package. How many things,
-- and their hash (custody.stock_taking.population_hash).
-- name: add_lines
WITH line AS (
    INSERT INTO stock_take_line (stock_take, thing, slot, quantity, drawn)
    SELECT %(stock_take)s, t.id, c.slot, t.quantity, %(drawn)s
    FROM (
        SELECT id, NULL AS quantity FROM package WHERE site = %(site)s AND state = ANY (%(inside)s)
        UNION ALL
        SELECT i.id, i.quantity FROM item i WHERE i.site = %(site)s AND i.state = ANY (%(inside)s)
            AND NOT EXISTS (SELECT FROM package p WHERE p.id = i.package_id AND p.state = ANY (%(inside)s))
    ) t
    LEFT JOIN custody c ON c.thing = t.id
    WHERE %(zone)s::text IS NULL OR c.slot IN (SELECT id FROM slot WHERE zone = %(zone)s)
    RETURNING thing, slot, quantity
)
SELECT count(*) AS population, encode(sha256(convert_to(E'sealtrail/population/1\n' || coalesce(string_agg(
    thing || E'\t' || coalesce(slot, '') || E'\t' || coalesce(quantity::text, '') || E'\n', '' ORDER BY thing COLLATE "C"
), ''), 'UTF8')), 'hex') AS population_hash
FROM line

-- name: lines
SELECT thing, slot, quantity, drawn FROM stock_take_line WHERE stock_take = %(stock_take)s

-- name: set_population
UPDATE stock_take SET population = %(population)s, population_hash = %(population_hash)s WHERE id = %(stock_take)s

-- The first checkpoint that covers the opening is the one; which comes later means nothing.
-- name: to_draw
SELECT t.id, t.wanted, c.size, c.root
FROM stock_take t
CROSS JOIN LATERAL (
    SELECT size, root FROM checkpoint WHERE site = t.site AND size > t.index ORDER BY size LIMIT 1
) c
WHERE t.state = 'open' AND t.site = %(site)s
ORDER BY t.index

-- name: sites_to_draw
SELECT DISTINCT t.site FROM stock_take t
WHERE t.state = 'open' AND EXISTS (SELECT FROM checkpoint WHERE site = t.site AND size > t.index)
ORDER BY t.site

-- name: draw_lines
UPDATE stock_take_line SET drawn = true WHERE stock_take = %(stock_take)s AND thing = ANY (%(sample)s)

-- name: set_drawn
UPDATE stock_take
SET state = 'counting', checkpoint_size = %(size)s, checkpoint_root = %(root)s, drawn_index = %(index)s
WHERE id = %(stock_take)s

-- name: take
SELECT * FROM stock_take WHERE id = %(stock_take)s AND site = %(site)s

-- name: join_keeper
UPDATE stock_take SET keeper = %(person)s WHERE id = %(stock_take)s

-- name: join_bookkeeper
UPDATE stock_take SET bookkeeper = %(person)s WHERE id = %(stock_take)s

-- name: evidence_among
SELECT id FROM item WHERE id = ANY (%(things)s) AND site = %(site)s
UNION ALL SELECT id FROM package WHERE id = ANY (%(things)s) AND site = %(site)s

-- name: slots_among
SELECT id FROM slot WHERE id = ANY (%(slots)s) AND site = %(site)s

-- name: add_counts
INSERT INTO stock_take_count (stock_take, person, key, thing, slot, quantity, taken_back, issue, at)
SELECT %(stock_take)s, %(person)s, s.* FROM jsonb_to_recordset(%(scans)s)
    AS s (key text, thing text, slot text, quantity integer, taken_back boolean, issue integer, at timestamptz)

-- name: counts_by_key
SELECT key, thing, slot, quantity, taken_back, issue, at FROM stock_take_count
WHERE stock_take = %(stock_take)s AND person = %(person)s AND key = ANY (%(keys)s)

-- name: counts_of
SELECT key, thing, slot, quantity, taken_back, issue, at FROM stock_take_count
WHERE stock_take = %(stock_take)s AND person = %(person)s

-- name: close_keeper
UPDATE stock_take SET keeper_index = %(index)s WHERE id = %(stock_take)s

-- name: close_bookkeeper
UPDATE stock_take SET bookkeeper_index = %(index)s WHERE id = %(stock_take)s

-- name: add_differences
INSERT INTO difference (stock_take, thing, kind, expected, keeper, bookkeeper)
SELECT %(stock_take)s, d.thing, d.kind, nullif(d.expected, 'null'), nullif(d.keeper, 'null'), nullif(d.bookkeeper, 'null')
FROM jsonb_to_recordset(%(differences)s)
    AS d (thing text, kind text, expected jsonb, keeper jsonb, bookkeeper jsonb)

-- name: set_compared
UPDATE stock_take SET state = 'compared', compared_index = %(index)s, compared_at = %(at)s WHERE id = %(stock_take)s

-- name: difference_of
SELECT thing, answer, answered_by FROM difference WHERE stock_take = %(stock_take)s AND thing = %(thing)s

-- name: lies_in
SELECT c.slot
FROM (SELECT id, site, state FROM item UNION ALL SELECT id, site, state FROM package) t
LEFT JOIN custody c ON c.thing = t.id
WHERE t.id = %(thing)s AND t.site = %(site)s AND t.state = ANY (%(inside)s)

-- What was done with the thing after the book was fixed: a step, by its act or its entry, or a passage, by its entry.
-- name: step_on
SELECT e.index
FROM thing_entry e
LEFT JOIN record r ON r.site = e.site AND r.index = e.index AND r.kind = 'custody_step'
LEFT JOIN fact f ON f.site = e.site AND f.index = e.index AND f.kind IN ('passage_crossed', 'step_decided')
WHERE e.thing = %(thing)s AND e.site = %(site)s AND e.index > %(after)s
  AND (r.content::jsonb ->> 'act' = %(reference)s
       OR (e.index::text = %(reference)s AND (r.index IS NOT NULL OR f.index IS NOT NULL)))
  AND coalesce(r.content::jsonb ->> 'action' = 'declare_missing', false) = %(missing)s

-- name: later_take_of
SELECT t.id FROM stock_take t JOIN stock_take_line l ON l.stock_take = t.id AND l.thing = %(thing)s AND l.drawn
WHERE t.id = %(stock_take)s AND t.site = %(site)s AND t.index > %(after)s

-- name: answer
UPDATE difference
SET answer = %(answer)s, reference = %(reference)s, reason = %(reason)s, answered_by = %(person)s,
    answered_at = %(at)s, answered_index = %(index)s
WHERE stock_take = %(stock_take)s AND thing = %(thing)s

-- name: unanswered
SELECT count(*) AS open FROM difference WHERE stock_take = %(stock_take)s AND answer IS NULL

-- name: set_closed
UPDATE stock_take SET state = 'closed', closed_index = %(index)s, closed_at = %(at)s WHERE id = %(stock_take)s
