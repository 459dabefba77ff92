-- How long after a gate saw something the ledger had it, by agent.
-- name: capture
SELECT agent, array_agg(extract(epoch FROM taken_at - at)::float8) AS seconds, array_agg(index) AS indexes
FROM passage WHERE site = %(site)s AND index >= %(first)s AND index < %(end)s GROUP BY agent ORDER BY agent

-- What may be told of an item, a package and a ticket: how often it was, and the newest entries in which it was not.
-- name: content
WITH told AS MATERIALIZED (
    SELECT index, kind, content::jsonb AS c FROM record
    WHERE site = %(site)s AND index >= %(first)s AND index < %(end)s AND content LIKE '{%%'
      AND (kind IN ('item_registered', 'ticket_opened') OR (kind = 'custody_step' AND content LIKE '%%"action":"seal"%%'))
), part AS (
    SELECT index, 'item_value' AS part, coalesce((c ->> 'value_fen')::bigint, 0) > 0 AS there FROM told
    WHERE kind = 'item_registered'
    UNION ALL
    SELECT index, 'package_size', c #>> '{details,size}' IS NOT NULL FROM told WHERE kind = 'custody_step'
    UNION ALL
    SELECT index, 'package_photos', jsonb_array_length(c #> '{details,photos}') > 1 FROM told WHERE kind = 'custody_step'
    UNION ALL
    SELECT t.index, p.part, p.there FROM told t, LATERAL (VALUES
        ('ticket_place', t.c ->> 'place' IS NOT NULL), ('ticket_photos', t.c -> 'photos' <> '[]'),
        ('ticket_links', t.c -> 'links' <> '[]' OR t.c -> 'alarm' <> 'null')) AS p (part, there)
    WHERE t.kind = 'ticket_opened' AND t.c -> 'words' <> 'null'
)
SELECT part, count(*)::int AS n, count(*) FILTER (WHERE there)::int AS hits,
       coalesce((array_agg(index ORDER BY index DESC) FILTER (WHERE there IS NOT TRUE))[1:20], '{}') AS lacking
FROM part GROUP BY part ORDER BY part

-- Open tickets, and alarms that live: since when nothing was done about each.
-- name: silent
SELECT 'tickets' AS what, t.index, 'ticket' AS about, t.index::text AS id, r.at AS newest_at
FROM ticket t JOIN record r ON r.site = t.site AND r.index = t.newest
WHERE t.site = %(site)s AND t.closed_at IS NULL
UNION ALL
SELECT 'alarms', a.index, 'alarm', a.id::text, coalesce(
    (SELECT max(r.at) FROM thing_entry e JOIN record r ON r.site = e.site AND r.index = e.index
     WHERE e.thing = a.site || '/A-' || a.index AND r.actor NOT IN ('jobs', 'cloud')), a.raised_at)
FROM alarm a WHERE a.site = %(site)s AND a.cleared_at IS NULL
  AND (a.shelved_until IS NULL OR a.shelved_until <= %(until)s)
  AND NOT EXISTS (SELECT FROM ticket t WHERE t.site = a.site AND t.alarm = a.index)
ORDER BY newest_at
