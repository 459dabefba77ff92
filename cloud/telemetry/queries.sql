-- The batch, unless it is here. What it says of its neighbours is looked at by the same statement.
-- name: neighbours
SELECT number, prev, head FROM telemetry_batch
WHERE agent = %(agent)s AND number BETWEEN %(number)s - 1 AND %(number)s + 1

-- One batch of an agent after the other.
-- name: lock_agent
SELECT pg_advisory_xact_lock(hashtextextended('telemetry ' || %(agent)s, 0))

-- name: add_batch
INSERT INTO telemetry_batch
    (site, agent, number, prev, head, rows, since, until, error_ms, taken_at, jws, content)
VALUES (%(site)s, %(agent)s, %(number)s, %(prev)s, %(head)s, %(rows)s, %(since)s, %(until)s, %(error_ms)s,
        %(taken_at)s, %(jws)s, %(content)s)
RETURNING id

-- name: set_series
INSERT INTO telemetry_series (site, agent, device, measures, newest_at, newest)
SELECT %(site)s, %(agent)s, * FROM unnest(%(devices)s::text[], %(measures)s::text[], %(at)s::timestamptz[], %(values)s::float8[])
ON CONFLICT (agent, device, measures) DO UPDATE SET
    newest = CASE WHEN excluded.newest_at >= telemetry_series.newest_at THEN excluded.newest ELSE telemetry_series.newest END,
    newest_at = greatest(excluded.newest_at, telemetry_series.newest_at)
RETURNING id, device, measures

-- name: days
SELECT telemetry_days(%(days)s::date[])

-- name: copy
COPY telemetry (series, at, value, batch) FROM STDIN (FORMAT BINARY)

-- name: gathers
SELECT EXISTS (SELECT FROM pg_partitioned_table WHERE partrelid = 'telemetry'::regclass) AS gathers

-- name: add_minutes
WITH told AS (
    SELECT * FROM unnest(%(series)s::int[], %(bucket)s::timestamptz[], %(n)s::bigint[], %(low)s::float8[], %(high)s::float8[],
        %(total)s::float8[]) AS t (series, bucket, n, low, high, total)
), minutes AS (
    INSERT INTO telemetry_minute AS m SELECT * FROM told
    ON CONFLICT (series, bucket) DO UPDATE SET n = m.n + excluded.n, low = least(m.low, excluded.low),
        high = greatest(m.high, excluded.high), total = m.total + excluded.total
), hours AS (
    INSERT INTO telemetry_hour AS m
    SELECT series, date_trunc('hour', bucket, 'UTC'), sum(n), min(low), max(high), sum(total) FROM told GROUP BY 1, 2
    ON CONFLICT (series, bucket) DO UPDATE SET n = m.n + excluded.n, low = least(m.low, excluded.low),
        high = greatest(m.high, excluded.high), total = m.total + excluded.total
)
INSERT INTO telemetry_day AS m
SELECT series, date_trunc('day', bucket, 'UTC'), sum(n), min(low), max(high), sum(total) FROM told GROUP BY 1, 2
ON CONFLICT (series, bucket) DO UPDATE SET n = m.n + excluded.n, low = least(m.low, excluded.low),
    high = greatest(m.high, excluded.high), total = m.total + excluded.total

-- name: series
SELECT agent, device, measures, newest_at, newest FROM telemetry_series WHERE site = %(site)s
ORDER BY agent, device, measures

-- name: find_series
SELECT id FROM telemetry_series
WHERE site = %(site)s AND agent = %(agent)s AND device = %(device)s AND measures = %(measures)s

-- name: raw
SELECT at, 1::bigint AS n, value AS low, value AS high, value AS mean FROM telemetry
WHERE series = %(series)s AND at >= %(since)s AND at < %(until)s ORDER BY at LIMIT %(most)s

-- name: minute
SELECT bucket AS at, n, low, high, total / n AS mean FROM telemetry_by_minute
WHERE series = %(series)s AND bucket >= %(since)s AND bucket < %(until)s ORDER BY bucket

-- name: hour
SELECT bucket AS at, n, low, high, total / n AS mean FROM telemetry_by_hour
WHERE series = %(series)s AND bucket >= %(since)s AND bucket < %(until)s ORDER BY bucket

-- name: day
SELECT bucket AS at, n, low, high, total / n AS mean FROM telemetry_by_day
WHERE series = %(series)s AND bucket >= %(since)s AND bucket < %(until)s ORDER BY bucket

-- name: gaps
SELECT first, last, since, until FROM telemetry_gap
WHERE site = %(site)s AND agent = %(agent)s AND until >= %(since)s AND since <= %(before)s ORDER BY first LIMIT 1000

-- How wrong the agent's clock could be at most, in what is shown; null where somebody did not know.
-- name: error
SELECT CASE WHEN bool_or(error_ms IS NULL) THEN NULL ELSE max(error_ms) END AS error_ms FROM telemetry_batch
WHERE agent = %(agent)s AND until >= %(since)s AND since <= %(before)s

-- name: add_late
SELECT telemetry_late(%(series)s::int[], %(bucket)s::timestamptz[], %(n)s::bigint[], %(low)s::float8[], %(high)s::float8[],
    %(total)s::float8[])

-- name: any_removed
SELECT 1 AS found FROM telemetry_batch
WHERE agent = %(agent)s AND removed_index IS NOT NULL AND until >= %(since)s AND since < %(until)s LIMIT 1
