-- Alarms that lived in the period.
-- name: offline
SELECT place AS agent, NULL AS device, raised_at AS since, cleared_at AS until, index FROM alarm
WHERE site = %(site)s AND cause = 'agent_offline' AND raised_at < %(until)s
  AND (cleared_at IS NULL OR cleared_at > %(since)s)
ORDER BY raised_at

-- What agents told of their devices: each loss, until the device was back.
-- name: lost
WITH told AS (
    SELECT agent, content::jsonb ->> 'device' AS device, kind, at, index FROM fact
    WHERE site = %(site)s AND index >= %(first)s AND index < %(end)s AND kind IN ('device_lost', 'device_back')
      AND content LIKE '{%%'
), next AS (
    SELECT *, lag(kind) OVER w AS before, min(at) FILTER (WHERE kind = 'device_back') OVER (
               PARTITION BY agent, device ORDER BY index ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS until
    FROM told WINDOW w AS (PARTITION BY agent, device ORDER BY index)
)
SELECT agent, device, at AS since, until, index FROM next
WHERE kind = 'device_lost' AND before IS DISTINCT FROM 'device_lost' ORDER BY index

-- name: agents
SELECT a.id, a.added_at, EXISTS (SELECT FROM alarm l WHERE l.site = a.site AND l.cause = 'agents_offline'
                                 AND l.raised_at < %(until)s AND coalesce(l.cleared_at, %(until)s) > %(since)s) AS grouped
FROM agent a WHERE a.site = %(site)s AND a.revoked_at IS NULL AND a.added_at < %(until)s ORDER BY a.id

-- Alarms and tickets by where they were; what is about a thing, a case, a person or a ticket has no place of its own.
-- name: places
SELECT place AS subject, count(*)::int AS n, (array_agg(about ORDER BY index DESC))[1:20] AS abouts,
       (array_agg(index ORDER BY index DESC))[1:20] AS indexes
FROM (SELECT place, index, 'entry' AS about FROM alarm
      WHERE site = %(site)s AND index >= %(first)s AND index < %(end)s AND place !~ '^[a-z0-9-]+/[^ZS]-'
      UNION ALL
      SELECT place, index, 'ticket' FROM ticket
      WHERE site = %(site)s AND index >= %(first)s AND index < %(end)s AND place IS NOT NULL AND alarm IS NULL) found
GROUP BY place

-- Whom gates and doors turned away, and about whom there were tickets.
-- name: persons
SELECT person AS subject, count(*)::int AS n, (array_agg(about ORDER BY index DESC))[1:20] AS abouts,
       (array_agg(index ORDER BY index DESC))[1:20] AS indexes
FROM (SELECT unnest(people) AS person, index, 'entry' AS about FROM passage
      WHERE site = %(site)s AND index >= %(first)s AND index < %(end)s AND outcome = 'refused'
      UNION ALL
      SELECT unnest(people), index, 'entry' FROM door_session
      WHERE site = %(site)s AND index >= %(first)s AND index < %(end)s AND state = 'refused'
      UNION ALL
      SELECT p.id, t.index, 'ticket' FROM ticket t JOIN person p ON p.id = ANY (t.links)
      WHERE t.site = %(site)s AND t.index >= %(first)s AND t.index < %(end)s) found
GROUP BY person

-- Alarms and tickets about items, by their class, beside how many items of the class there are.
-- name: classes
WITH about AS (
    SELECT place AS thing, index, 'entry' AS about FROM alarm
    WHERE site = %(site)s AND index >= %(first)s AND index < %(end)s AND place ~ '^[a-z0-9-]+/[IP]-'
    UNION ALL
    SELECT link, index, 'ticket' FROM ticket, unnest(links) AS link
    WHERE site = %(site)s AND index >= %(first)s AND index < %(end)s AND link ~ '^[a-z0-9-]+/[IP]-'
), hit AS (
    SELECT DISTINCT i.goods, a.index, a.about FROM about a JOIN item i ON i.id = a.thing
    UNION
    SELECT i.goods, a.index, a.about FROM about a JOIN item i ON i.package_id = a.thing
)
SELECT g.goods AS subject, g.items, count(h.index)::int AS n,
       coalesce((array_agg(h.about ORDER BY h.index DESC) FILTER (WHERE h.index IS NOT NULL))[1:20], '{}') AS abouts,
       coalesce((array_agg(h.index ORDER BY h.index DESC) FILTER (WHERE h.index IS NOT NULL))[1:20], '{}') AS indexes
FROM (SELECT goods, count(*)::int AS items FROM item WHERE site = %(site)s GROUP BY goods) g
LEFT JOIN hit h ON h.goods = g.goods GROUP BY g.goods, g.items

-- Alarms of these causes from some time before the period on.
-- name: alarms
SELECT cause, place, raised_at AS at, cleared_at AS until, index FROM alarm
WHERE site = %(site)s AND cause = ANY (%(causes)s) AND raised_at >= %(from)s AND index < %(end)s
ORDER BY raised_at, index

-- Records of these kinds, by what they are about; those of reminders say which subject and which of its clocks.
-- name: told
SELECT concat_ws('.', kind, content::jsonb ->> 'subject') AS cause,
       concat_ws(':', content::jsonb ->> 'about', nullif(content::jsonb ->> 'clock', '')) AS place, at, NULL::timestamptz AS until, index FROM record
WHERE site = %(site)s AND index >= %(from_index)s AND index < %(end)s AND kind = ANY (%(kinds)s) AND content LIKE '{%%'
ORDER BY index
