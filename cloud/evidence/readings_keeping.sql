-- name: size
SELECT size FROM ledger_head WHERE site = %(site)s

-- An entry whose content was erased has no time any more: then what it told of binds without end.
-- name: free
WITH part AS (
    SELECT id, case_id, state, index FROM item WHERE site = %(site)s
    UNION ALL SELECT id, case_id, state, index FROM package WHERE site = %(site)s
), stay AS (
    SELECT p.id, p.case_id, coalesce(fr.at, ff.at, '-infinity') AS since,
           CASE WHEN p.state = ANY (%(final)s) THEN coalesce(lr.at, lf.at) END AS until
    FROM part p
    LEFT JOIN LATERAL (SELECT min(t.index) AS index FROM thing_entry t WHERE t.thing = p.id) first ON true
    LEFT JOIN record fr ON fr.site = %(site)s AND fr.index = first.index
    LEFT JOIN fact ff ON ff.site = %(site)s AND ff.index = first.index
    LEFT JOIN record lr ON lr.site = %(site)s AND lr.index = p.index
    LEFT JOIN fact lf ON lf.site = %(site)s AND lf.index = p.index
), living AS (
    SELECT case_id FROM stay GROUP BY case_id HAVING bool_or(until IS NULL) OR max(until) >= %(before)s
), bound AS (
    SELECT since, until FROM stay
    WHERE case_id IN (SELECT case_id FROM living) OR id IN (SELECT thing FROM held WHERE site = %(site)s)
    UNION ALL
    SELECT a.raised_at, a.cleared_at FROM alarm a
    WHERE a.site = %(site)s AND (coalesce(a.cleared_at, 'infinity') >= %(before)s OR EXISTS (
        SELECT FROM ticket t WHERE t.site = a.site AND t.alarm = a.index AND t.closed_at IS NULL))
    UNION ALL
    SELECT opened_at, NULL FROM exception WHERE site = %(site)s AND state <> 'reviewed'
)
SELECT nullif(lower(span), '-infinity') AS since, upper(span) AS until
FROM (
    SELECT unnest(tstzmultirange(tstzrange('-infinity', %(before)s)) - coalesce(
        range_agg(tstzrange(since - %(margin)s, CASE WHEN until IS NOT NULL THEN greatest(since, until) + %(margin)s END)), '{}')) AS span
    FROM bound
) s
ORDER BY 1 NULLS FIRST

-- name: bound_since
SELECT 1 AS found FROM record
WHERE site = %(site)s AND index >= %(size)s AND kind IN ('hold_placed', 'custody_step', 'readings_removed') LIMIT 1
