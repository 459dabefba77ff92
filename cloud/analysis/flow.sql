-- Every state that a thing came into, by which action (and the one before), with how long it stayed so in seconds;
-- `next` is the entry that ended it, null where it lasts. What is sealed into a package goes on as that.
-- name: stays
WITH told AS MATERIALIZED (
    SELECT index, at, kind, c ->> 'action' AS action, c ->> 'item' AS item, c -> 'things' AS things,
           CASE WHEN c ->> 'action' IN ('seal', 'repack') THEN c -> 'made' END AS made
    FROM (SELECT index, at, kind, content::jsonb AS c FROM record
          WHERE site = %(site)s AND index >= %(first)s AND index < %(end)s
            AND kind IN ('custody_step', 'item_registered') AND content LIKE '{%%'
            AND NOT (content LIKE ANY (ARRAY['%%"action":"weigh"%%', '%%"action":"move"%%', '%%"action":"correct"%%']))
          OFFSET 0) r  -- so that each is read once
), step AS (
    SELECT index, at, 'register' AS action, item AS thing FROM told WHERE kind = 'item_registered'
    UNION ALL
    SELECT index, at, CASE WHEN action IN ('seal', 'repack') THEN 'packed' ELSE action END, thing
    FROM told, jsonb_array_elements_text(things) AS thing WHERE kind = 'custody_step'
    UNION ALL
    SELECT index, at, action, package ->> 'package' FROM told, jsonb_array_elements(made) AS package WHERE made IS NOT NULL
    UNION ALL
    SELECT p.crossed_index, p.taken_at, CASE p.direction WHEN 'in' THEN 'stock_in' ELSE 'stock_out' END, thing
    FROM passage p, unnest(p.things) AS thing
    WHERE p.site = %(site)s AND p.index >= %(first)s AND p.index < %(end)s AND p.crossed_index IS NOT NULL
), stay AS (
    SELECT thing, action, index, lag(action) OVER w AS before, lead(index) OVER w AS next,
           extract(epoch FROM coalesce(lead(at) OVER w, %(until)s) - at)::float8 AS seconds
    FROM step WINDOW w AS (PARTITION BY thing COLLATE "C" ORDER BY index)
)
SELECT action, before, next IS NOT NULL AS over, array_agg(seconds) AS seconds, array_agg(thing) AS things,
       array_agg(coalesce(next, index)) AS indexes
FROM stay WHERE action <> 'packed' AND action <> ALL (%(settled)s::text[]) GROUP BY 1, 2, 3

-- What was in such a state before the period and of which nothing was heard since.
-- name: stuck
SELECT t.id AS thing, t.state, t.index, extract(epoch FROM %(until)s - coalesce(r.at, f.at))::float8 AS seconds
FROM (SELECT id, site, state, index, package_id FROM item UNION ALL SELECT id, site, state, index, NULL FROM package) t
LEFT JOIN record r ON r.site = t.site AND r.index = t.index LEFT JOIN fact f ON f.site = t.site AND f.index = t.index
WHERE t.site = %(site)s AND t.state = ANY (%(stages)s) AND t.index < %(first)s
  AND NOT EXISTS (SELECT FROM package p WHERE p.id = t.package_id AND p.state = t.state AND t.state <> 'opened')
ORDER BY t.index LIMIT 1000

-- What lies here by the age of its case; what is in a closed package counts as that.
-- name: lying
WITH lying AS (
    SELECT p.id, p.case_id FROM package p WHERE p.site = %(site)s AND p.state IN ('stored', 'arrived', 'opened')
    UNION ALL
    SELECT i.id, i.case_id FROM item i LEFT JOIN package p ON p.id = i.package_id
    WHERE i.site = %(site)s AND i.state IN ('stored', 'arrived', 'opened')
      AND (p.id IS NULL OR p.state <> i.state OR i.state = 'opened')
)
SELECT c.id AS case_id, extract(epoch FROM %(until)s - c.opened_at)::float8 / 86400 AS days, count(*)::int AS n,
       count(h.thing)::int AS held, (array_agg(l.id ORDER BY l.id) FILTER (WHERE h.thing IS NULL))[1:3] AS things
FROM lying l JOIN evidence_case c ON c.id = l.case_id LEFT JOIN held h ON h.thing = l.id
WHERE c.opened_at < %(until)s GROUP BY c.id ORDER BY days DESC
