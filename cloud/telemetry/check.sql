-- In the order of each agent's chain.
-- name: batches
SELECT id, agent, number, prev, head, since, until, rows, jws, content, digest, removed_index FROM telemetry_batch
WHERE site = %(site)s AND (agent, number) > (%(agent)s, %(number)s) ORDER BY agent, number LIMIT 100

-- All keys that an agent ever had.
-- name: agent_keys
SELECT public_key FROM agent WHERE id = %(agent)s
UNION SELECT public_key FROM key_life WHERE site = %(site)s AND role = 'agent' AND owner = %(agent)s

-- name: stored
SELECT s.device, s.measures, t.at, t.value FROM telemetry t JOIN telemetry_series s ON s.id = t.series
WHERE t.series IN (SELECT id FROM telemetry_series WHERE agent = %(agent)s) AND t.batch = %(id)s
  AND t.at >= %(since)s AND t.at <= %(until)s

-- What agents said in their journals of where their chains stand, as the ledger holds it.
-- name: sealed
SELECT f.agent, f.index, f.content::jsonb -> 'body' AS body, b.head
FROM fact f LEFT JOIN telemetry_batch b ON b.agent = f.agent AND b.number::text = f.content::jsonb -> 'body' ->> 'number'
WHERE f.site = %(site)s AND f.kind = 'readings_sealed' ORDER BY f.index

-- name: count_stored
SELECT count(*) AS n FROM telemetry WHERE series IN (SELECT id FROM telemetry_series WHERE site = %(site)s)

-- name: heads
SELECT number, head FROM telemetry_batch WHERE agent = %(agent)s AND number BETWEEN %(first)s AND %(last)s

-- name: named
SELECT index, content FROM record WHERE site = %(site)s AND kind = %(kind)s ORDER BY index

-- A reading that is in no batch that is here.
-- name: stray
SELECT s.agent, s.device, s.measures, t.at
FROM telemetry t JOIN telemetry_series s ON s.id = t.series AND s.site = %(site)s
LEFT JOIN telemetry_batch b ON b.id = t.batch AND b.agent = s.agent AND b.content IS NOT NULL AND t.at BETWEEN b.since AND b.until
WHERE b.id IS NULL LIMIT 1

-- name: batch_count
SELECT count(*) AS n FROM telemetry_batch WHERE site = %(site)s

-- Buckets against what they were gathered from; of minutes, those of which all readings are here.
-- name: minute
WITH s AS (SELECT id, agent, device, measures FROM telemetry_series WHERE site = %(site)s)
SELECT s.agent, s.device, s.measures, bucket FROM (
    SELECT series, date_trunc('minute', at, 'UTC') AS bucket, count(*) AS n, min(value) AS low, max(value) AS high,
           sum(value) AS total
    FROM telemetry WHERE series IN (SELECT id FROM s) GROUP BY 1, 2
) r FULL JOIN (SELECT * FROM telemetry_by_minute WHERE series IN (SELECT id FROM s)) g USING (series, bucket)
JOIN s ON s.id = series
WHERE ((r.n, r.low, r.high) IS DISTINCT FROM (g.n, g.low, g.high) OR abs(r.total - g.total) > 1e-9 * g.n * (1 + abs(g.high)))
  AND NOT EXISTS (
    SELECT FROM telemetry_batch b WHERE b.agent = s.agent AND b.removed_index IS NOT NULL
    AND b.since < bucket + interval '1 minute' AND b.until >= bucket)
LIMIT 1

-- name: hour
WITH s AS (SELECT id, agent, device, measures FROM telemetry_series WHERE site = %(site)s)
SELECT s.agent, s.device, s.measures, bucket FROM (
    SELECT series, date_trunc('hour', bucket, 'UTC') AS bucket, sum(n)::bigint AS n, min(low) AS low, max(high) AS high,
           sum(total) AS total
    FROM telemetry_by_minute WHERE series IN (SELECT id FROM s) GROUP BY 1, 2
) r FULL JOIN (SELECT * FROM telemetry_by_hour WHERE series IN (SELECT id FROM s)) g USING (series, bucket)
JOIN s ON s.id = series
WHERE (r.n, r.low, r.high) IS DISTINCT FROM (g.n, g.low, g.high) OR abs(r.total - g.total) > 1e-9 * g.n * (1 + abs(g.high))
LIMIT 1

-- name: day
WITH s AS (SELECT id, agent, device, measures FROM telemetry_series WHERE site = %(site)s)
SELECT s.agent, s.device, s.measures, bucket FROM (
    SELECT series, date_trunc('day', bucket, 'UTC') AS bucket, sum(n)::bigint AS n, min(low) AS low, max(high) AS high,
           sum(total) AS total
    FROM telemetry_by_hour WHERE series IN (SELECT id FROM s) GROUP BY 1, 2
) r FULL JOIN (SELECT * FROM telemetry_by_day WHERE series IN (SELECT id FROM s)) g USING (series, bucket)
JOIN s ON s.id = series
WHERE (r.n, r.low, r.high) IS DISTINCT FROM (g.n, g.low, g.high) OR abs(r.total - g.total) > 1e-9 * g.n * (1 + abs(g.high))
LIMIT 1
