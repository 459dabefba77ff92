-- Batches of which the ledger does not say yet that they are here: beyond those that it told of, and late ones between.
-- name: untold
SELECT b.agent, b.number, b.head
FROM (SELECT DISTINCT agent FROM telemetry_series WHERE site = %(site)s) g
LEFT JOIN telemetry_told t ON t.agent = g.agent
CROSS JOIN LATERAL unnest(int8multirange(int8range(1, NULL)) - coalesce(t.numbers, '{}')) AS span
JOIN telemetry_batch b
    ON b.agent = g.agent AND b.number >= lower(span) AND b.number < coalesce(upper(span), 9223372036854775807)
ORDER BY b.agent, b.number LIMIT %(most)s

-- name: set_told
INSERT INTO telemetry_told AS t (agent, numbers)
SELECT %(agent)s, range_agg(int8range(first, last, '[]'))
FROM unnest(%(firsts)s::bigint[], %(lasts)s::bigint[]) AS s (first, last)
ON CONFLICT (agent) DO UPDATE SET numbers = t.numbers + excluded.numbers

-- name: agents
SELECT DISTINCT agent FROM telemetry_series WHERE site = %(site)s ORDER BY agent

-- name: due
SELECT id, agent, number, prev, head, since, until, rows, jws, content FROM telemetry_batch
WHERE agent = %(agent)s AND removed_index IS NULL AND content IS NOT NULL
  AND until >= coalesce(%(since)s::timestamptz, '-infinity') AND until < %(until)s::timestamptz
  AND since - coalesce(error_ms * interval '1 ms', %(unknown)s) >= coalesce(%(since)s::timestamptz, '-infinity')
  AND until + coalesce(error_ms * interval '1 ms', %(unknown)s) < %(until)s::timestamptz
  AND number <> ALL (%(doubtful)s::bigint[])
ORDER BY until LIMIT %(most)s

-- name: release
SELECT telemetry_release(%(agent)s, %(numbers)s::bigint[], %(digests)s::bytea[], %(entry)s)

-- name: sweep
SELECT telemetry_sweep(%(site)s, %(most)s) AS swept

-- name: tidy
SELECT telemetry_tidy(%(before)s) AS tidied
