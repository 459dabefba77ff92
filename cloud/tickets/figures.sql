-- name: living
SELECT t.index, t.type, t.state, t.assigned_to, p.name AS assigned_name, t.opened_at, t.round,
       t.overdue_index IS NOT NULL AS overdue,
       EXISTS (SELECT FROM ticket_pause s WHERE s.site = t.site AND s.ticket = t.index AND s.resumed_at IS NULL) AS paused
FROM ticket t LEFT JOIN person p ON p.id = t.assigned_to
WHERE t.site = %(site)s AND t.closed_at IS NULL

-- name: ended
SELECT count(*)::int AS closed, count(*) FILTER (WHERE round > 1)::int AS second_round
FROM ticket WHERE site = %(site)s AND closed_at >= %(since)s

-- Each reply with the check before it.
-- name: replies
SELECT t.index, t.type, r.at AS replied_at,
       (SELECT max(c.at) FROM thing_entry ce JOIN record c ON c.site = ce.site AND c.index = ce.index
        WHERE ce.thing = e.thing AND c.kind = 'ticket_checked' AND c.index < r.index) AS checked_at
FROM ticket t JOIN thing_entry e ON e.thing = t.site || '/T-' || t.index
JOIN record r ON r.site = e.site AND r.index = e.index
WHERE t.site = %(site)s AND (t.closed_at IS NULL OR t.closed_at >= %(since)s)
  AND r.kind = 'ticket_replied' AND r.at >= %(since)s
ORDER BY r.index

-- name: pauses
SELECT ticket, paused_at, resumed_at FROM ticket_pause WHERE site = %(site)s AND ticket = ANY (%(tickets)s) ORDER BY index

-- Day by day of the time zone, none left out. A breach is a deadline that was missed.
-- name: days
WITH told AS (
    SELECT opened_at AS at, 1 AS opened, 0 AS closed, 0 AS breached FROM ticket
    WHERE site = ANY (%(sites)s) AND opened_at >= %(since)s
    UNION ALL
    SELECT closed_at, 0, 1, 0 FROM ticket WHERE site = ANY (%(sites)s) AND closed_at >= %(since)s
    UNION ALL
    SELECT r.at, 0, 0, 1 FROM ticket t JOIN thing_entry e ON e.thing = t.site || '/T-' || t.index
    JOIN record r ON r.site = e.site AND r.index = e.index
    WHERE t.site = ANY (%(sites)s) AND (t.closed_at IS NULL OR t.closed_at >= %(since)s)
      AND r.kind = 'ticket_overdue' AND r.at >= %(since)s
), summed AS (
    SELECT (at AT TIME ZONE %(zone)s)::date AS day, sum(opened)::int AS opened, sum(closed)::int AS closed,
           sum(breached)::int AS breached
    FROM told GROUP BY 1
)
SELECT d::date AS day, coalesce(s.opened, 0) AS opened, coalesce(s.closed, 0) AS closed,
       coalesce(s.breached, 0) AS breached
FROM generate_series(%(first)s::date, %(last)s::date, interval '1 day') AS d LEFT JOIN summed s ON s.day = d::date
ORDER BY d

-- name: sites
SELECT s.id AS site, s.name_zh, s.name_en, s.unit, t.*, a.*, b.breached, r.capacity, r.used
FROM site s
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE closed_at IS NULL)::int AS open,
           count(*) FILTER (WHERE overdue_index IS NOT NULL)::int AS overdue,
           count(*) FILTER (WHERE opened_at >= %(since)s)::int AS opened,
           count(*) FILTER (WHERE closed_at >= %(since)s)::int AS closed
    FROM ticket WHERE site = s.id
) t
CROSS JOIN LATERAL (
    SELECT count(*)::int AS alarms, count(*) FILTER (WHERE severity IN ('major', 'critical'))::int AS grave_alarms
    FROM alarm WHERE site = s.id AND cleared_at IS NULL
) a
CROSS JOIN LATERAL (
    SELECT count(*)::int AS breached FROM ticket t JOIN thing_entry e ON e.thing = t.site || '/T-' || t.index
    JOIN record r ON r.site = e.site AND r.index = e.index
    WHERE t.site = s.id AND (t.closed_at IS NULL OR t.closed_at >= %(since)s)
      AND r.kind = 'ticket_overdue' AND r.at >= %(since)s
) b
CROSS JOIN LATERAL (
    SELECT coalesce(sum(capacity), 0)::int AS capacity,
           coalesce(sum((SELECT count(*) FROM custody c WHERE c.slot = slot.id)), 0)::int AS used
    FROM slot WHERE site = s.id
) r
WHERE s.id = ANY (%(sites)s) AND s.id > %(after)s
ORDER BY s.id LIMIT %(most)s

-- What could wait for somebody at their site, and what they reported elsewhere.
-- name: could_wait
SELECT t.*, o.id AS originator, CASE WHEN r.content LIKE '{%%' THEN r.content::jsonb ->> 'title' END AS title
FROM ticket t JOIN record r ON r.site = t.site AND r.index = t.index
LEFT JOIN person o ON o.id = t.opened_by AND o.disabled_at IS NULL
WHERE t.closed_at IS NULL AND (t.site = %(site)s OR t.opened_by = %(person)s)
ORDER BY t.site, t.index

-- name: notices_for
SELECT n.site, n.ticket, n.index AS notice, n.due_at, n.remedied_index, t.type, t.round,
       CASE WHEN r.content LIKE '{%%' THEN r.content::jsonb ->> 'title' END AS title
FROM rectification n JOIN ticket t ON t.site = n.site AND t.index = n.ticket
JOIN record r ON r.site = t.site AND r.index = t.index
WHERE n.confirmed_index IS NULL AND n.site = %(site)s
  AND ((n.remedied_index IS NULL AND n.person = %(person)s)
       OR (n.remedied_index IS NOT NULL AND n.person <> %(person)s AND %(confirms)s))
ORDER BY n.due_at
