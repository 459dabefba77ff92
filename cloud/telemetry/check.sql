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
