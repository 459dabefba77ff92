-- name: raw
SELECT at, 1 AS n, value AS low, value AS high, value AS mean FROM telemetry
WHERE series = %(series)s AND at >= %(since)s AND at < %(until)s AND at > coalesce(%(after)s::timestamptz, '-infinity')
ORDER BY at FETCH FIRST %(most)s ROWS WITH TIES

-- name: minute
SELECT bucket AS at, n, low, high, total / n AS mean FROM telemetry_by_minute
WHERE series = %(series)s AND bucket >= %(since)s AND bucket < %(until)s
  AND bucket > coalesce(%(after)s::timestamptz, '-infinity')
ORDER BY bucket FETCH FIRST %(most)s ROWS WITH TIES

-- name: hour
SELECT bucket AS at, n, low, high, total / n AS mean FROM telemetry_by_hour
WHERE series = %(series)s AND bucket >= %(since)s AND bucket < %(until)s
  AND bucket > coalesce(%(after)s::timestamptz, '-infinity')
ORDER BY bucket FETCH FIRST %(most)s ROWS WITH TIES

-- name: day
SELECT bucket AS at, n, low, high, total / n AS mean FROM telemetry_by_day
WHERE series = %(series)s AND bucket >= %(since)s AND bucket < %(until)s
  AND bucket > coalesce(%(after)s::timestamptz, '-infinity')
ORDER BY bucket FETCH FIRST %(most)s ROWS WITH TIES
