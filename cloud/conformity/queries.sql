-- Each zone with what is there: its doors, the agents that film among those that have its doors and slots, and which
-- slots nothing lights and no sensor ever told of.
-- name: zones
SELECT z.id, z.name, z.class AS zone_class,
       (SELECT coalesce(array_agg(d.agent || ':' || d.station ORDER BY d.agent, d.station), '{}')
        FROM door d WHERE d.site = z.site AND d.zones @> ARRAY[z.id]) AS doors,
       (SELECT coalesce(array_agg(a.agent ORDER BY a.agent), '{}')
        FROM (SELECT d.agent FROM door d WHERE d.site = z.site AND d.zones @> ARRAY[z.id]
              UNION SELECT s.agent FROM slot s WHERE s.zone = z.id AND s.agent IS NOT NULL) a
        CROSS JOIN LATERAL (SELECT f.content::jsonb #>> '{body,cameras}' AS cameras FROM fact f
                            WHERE f.agent = a.agent AND f.kind = 'agent_started' ORDER BY f.seq DESC LIMIT 1) f
        WHERE f.cameras::int > 0) AS cameras,
       coalesce(s.slots, 0)::int AS slots, coalesce(s.capacity, 0)::int AS capacity, coalesce(s.used, 0)::int AS used,
       coalesce(s.unlit, '{}') AS unlit, coalesce(s.unsensed, '{}') AS unsensed
FROM zone z
LEFT JOIN LATERAL (
    SELECT count(*) AS slots, sum(s.capacity) AS capacity,
           sum((SELECT count(*) FROM custody u WHERE u.slot = s.id)) AS used,
           array_agg(s.name ORDER BY s.name) FILTER (WHERE s.agent IS NULL) AS unlit,
           array_agg(s.name ORDER BY s.name) FILTER (WHERE n.slot IS NULL) AS unsensed
    FROM slot s LEFT JOIN slot_sensor n ON n.slot = s.id WHERE s.zone = z.id
) s ON true
WHERE z.site = %(site)s
ORDER BY z.name
