-- Approvals that were given: who asked, whose hand of one of these roles is on it, how many seconds after it was asked.
-- name: approvals
SELECT a.index, a.action, h.seat, a.proposed_by, h.person, h.index AS signed, extract(epoch FROM h.at - a.proposed_at)::float8 AS seconds
FROM act a JOIN act_hand h ON h.act = a.id AND h.part = 'begin'
WHERE a.site = %(site)s AND a.index >= %(first)s AND a.index < %(end)s AND a.ended = 'done'
  AND h.person <> a.proposed_by AND a.seats -> h.seat ?| %(by)s::text[]
ORDER BY a.index

-- Each person at doors and gates that let them in: how often, and how often outside the hours of work. What came in the
-- period and was before it, told late, is of hours that nobody looked up.
-- name: access
WITH seen AS (
    SELECT d.index, d.at, d.people, d.agent || ':' || d.station AS place FROM door_session d
    WHERE d.site = %(site)s AND d.index >= %(first)s AND d.index < %(end)s AND d.state <> 'refused'
    UNION ALL
    SELECT p.index, p.at, p.people, p.agent || ':' || p.station FROM passage p
    WHERE p.site = %(site)s AND p.index >= %(first)s AND p.index < %(end)s AND p.outcome = 'allowed'
      AND p.abandoned_index IS NULL
)
SELECT person, count(*)::int AS n, count(*) FILTER (WHERE o)::int AS hits,
       coalesce(array_agg(index ORDER BY index DESC) FILTER (WHERE o), '{}') AS indexes,
       mode() WITHIN GROUP (ORDER BY place) FILTER (WHERE o) AS place
FROM seen, unnest(people) AS person, LATERAL (SELECT NOT (at <@ %(hours)s::tstzmultirange) AS o) AS outside
WHERE at BETWEEN %(since)s AND %(until)s GROUP BY person ORDER BY person

-- Of what was counted and compared: how much each person had placed, moved or shelved, and how much of it differed.
-- Where only the counts differ from each other nothing is said of the keeper; what was found where it should be neither.
-- name: handled
SELECT h.person, count(*)::int AS n, count(d.thing)::int AS hits,
       coalesce(array_agg(DISTINCT d.thing) FILTER (WHERE d.thing IS NOT NULL), '{}') AS things,
       coalesce(array_agg(DISTINCT t.id) FILTER (WHERE d.thing IS NOT NULL), '{}') AS takes
FROM stock_take t JOIN stock_take_line l ON l.stock_take = t.id AND l.drawn
JOIN (SELECT DISTINCT thing, person FROM thing_hand WHERE action IN ('place', 'move', 'shelve')) h ON h.thing = l.thing
LEFT JOIN difference d ON d.stock_take = t.id AND d.thing = l.thing
     AND d.kind <> 'count_disagrees' AND d.answer IS DISTINCT FROM 'found'
WHERE t.site = %(site)s AND t.compared_index >= %(first)s AND t.compared_index < %(end)s
GROUP BY h.person ORDER BY h.person
