-- An entry of the log with what it is about; of a step in an alarm's life also the alarm.
-- name: entry
SELECT e.entry, s.origin, f.agent, f.seq, coalesce(f.kind, r.kind) AS kind, coalesce(f.at, r.at) AS at,
       coalesce(f.content, r.content) AS content,
       ARRAY(SELECT thing FROM thing_entry t WHERE t.site = e.site AND t.index = e.index ORDER BY thing) AS things,
       a.index AS alarm, a.cause, a.place, a.severity
FROM ledger_entry e
JOIN site s ON s.id = e.site
LEFT JOIN fact f ON f.site = e.site AND f.index = e.index
LEFT JOIN record r ON r.site = e.site AND r.index = e.index
LEFT JOIN alarm a ON a.site = e.site AND a.index = CASE
    WHEN r.kind = 'alarm_raised' THEN r.index
    WHEN r.kind LIKE 'alarm\_%%' THEN nullif(split_part(r.content::jsonb ->> 'about', '/A-', 2), '')::bigint END
WHERE e.site = %(site)s AND e.index = %(index)s AND coalesce(f.kind, r.kind) IS NOT NULL
