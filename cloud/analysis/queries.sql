-- Until the transaction ends: a quarter's steps are sorted in memory, and nothing is compiled for one use.
-- name: roomy
SELECT set_config('work_mem', '64MB', true), set_config('jit', 'off', true)

-- The first entry at or after a time, by halving: some twenty rows are looked at, whatever the log has.
-- name: entry_at
WITH RECURSIVE cut (low, high) AS (
    SELECT CASE WHEN %(at)s >= '9999-01-01' THEN size ELSE 0 END, size FROM ledger_head WHERE site = %(site)s
    UNION ALL
    SELECT CASE WHEN m.at < %(at)s THEN m.index + 1 ELSE c.low END,
           CASE WHEN m.at < %(at)s THEN c.high ELSE (c.low + c.high) / 2 END
    FROM cut c LEFT JOIN LATERAL (
        SELECT r.index, r.at FROM record r WHERE r.site = %(site)s AND r.index >= (c.low + c.high) / 2
        ORDER BY r.index LIMIT 1) m ON true
    WHERE c.low < c.high
)
SELECT max(low) AS index FROM cut

-- What people call what figures are about.
-- name: names
SELECT id, name FROM person WHERE id = ANY (%(ids)s)
UNION ALL SELECT id, name FROM zone WHERE id = ANY (%(ids)s)
UNION ALL SELECT id, name FROM item WHERE id = ANY (%(ids)s)
UNION ALL SELECT id, number FROM evidence_case WHERE id = ANY (%(ids)s)

-- Which alarm each entry raised, or else what it is about, an act first.
-- name: pages
SELECT index, max(thing) AS thing, max(alarm) AS alarm FROM (
    SELECT index, NULL AS thing, id AS alarm FROM alarm WHERE site = %(site)s AND index = ANY (%(indexes)s)
    UNION ALL
    SELECT index, coalesce(c ->> 'act', c ->> 'item', c #>> '{things,0}', c ->> 'stock_take'), NULL
    FROM (SELECT index, content::jsonb AS c FROM record
          WHERE site = %(site)s AND index = ANY (%(indexes)s) AND content LIKE '{%%') r
    UNION ALL
    SELECT index, coalesce(things[1], people[1]), NULL FROM passage WHERE site = %(site)s AND index = ANY (%(indexes)s)
    UNION ALL
    SELECT crossed_index, things[1], NULL FROM passage WHERE site = %(site)s AND crossed_index = ANY (%(indexes)s)
    UNION ALL
    SELECT index, people[1], NULL FROM door_session WHERE site = %(site)s AND index = ANY (%(indexes)s)
) found GROUP BY index
