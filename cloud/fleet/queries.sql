-- name: add_agent
INSERT INTO agent (id, site, public_key, added_at) VALUES (%(agent)s, %(site)s, %(public_key)s, %(at)s)
ON CONFLICT DO NOTHING
RETURNING id

-- name: add_stream
INSERT INTO agent_stream (agent) VALUES (%(agent)s)

-- name: keys
SELECT a.id, coalesce(k.public_key, a.public_key) AS public_key
FROM agent a LEFT JOIN key_life k ON k.site = a.site AND k.role = 'agent' AND k.owner = a.id
WHERE a.id = ANY (%(agents)s) AND a.revoked_at IS NULL AND k.ended IS NULL

-- name: agents
SELECT a.id, a.site, s.online, s.seen_at, s.next_seq
FROM agent a JOIN agent_stream s ON s.agent = a.id
WHERE a.revoked_at IS NULL AND (%(site)s::text IS NULL OR a.site = %(site)s)
ORDER BY a.id

-- Looked for among the newest facts only: an agent that has said so many others since has no sign of life to show.
-- name: heartbeats
SELECT a.id AS agent, s.online, f.content
FROM agent a JOIN agent_stream s ON s.agent = a.id
CROSS JOIN LATERAL (
    SELECT n.content FROM (SELECT seq, kind, content FROM fact WHERE agent = a.id ORDER BY seq DESC LIMIT 5000) AS n
    WHERE n.kind = 'heartbeat' ORDER BY n.seq DESC LIMIT 1
) AS f
WHERE a.site = %(site)s AND a.revoked_at IS NULL AND f.content IS NOT NULL
ORDER BY a.id

-- What each agent told at its last start, and in its newest sign of life among its newest facts.
-- name: health
SELECT a.id, s.online, s.seen_at, b.at AS started_at, b.content AS start, f.at AS beat_at, f.content AS beat
FROM agent a JOIN agent_stream s ON s.agent = a.id
LEFT JOIN LATERAL (SELECT at, content FROM fact WHERE agent = a.id AND kind = 'agent_started' ORDER BY seq DESC LIMIT 1) b ON true
LEFT JOIN LATERAL (
    SELECT n.at, n.content FROM (SELECT seq, kind, at, content FROM fact WHERE agent = a.id ORDER BY seq DESC LIMIT 5000) AS n
    WHERE n.kind = 'heartbeat' ORDER BY n.seq DESC LIMIT 1
) f ON true
WHERE a.site = %(site)s AND a.revoked_at IS NULL
ORDER BY a.id

-- name: add_order
INSERT INTO agent_order (id, agent, kind, jws, created_at, about)
VALUES (%(id)s, %(agent)s, %(kind)s, %(jws)s, %(at)s, %(about)s)

-- name: notify_orders
SELECT pg_notify('orders', %(agent)s)

-- name: open_orders
SELECT id, agent, jws FROM agent_order
WHERE answered_index IS NULL AND (%(agent)s::text IS NULL OR agent = %(agent)s)
ORDER BY number
LIMIT 1000

-- name: lock_streams
SELECT agent, next_seq, head, receipt, asked_from, asked_at FROM agent_stream
WHERE agent = ANY (%(agents)s)
ORDER BY agent
FOR UPDATE

-- name: save_stream
UPDATE agent_stream
SET next_seq = %(next_seq)s, head = %(head)s, receipt = %(receipt)s, asked_from = %(asked_from)s,
    asked_at = %(asked_at)s, seen_at = %(seen_at)s
WHERE agent = %(agent)s

-- name: entry_of_fact
SELECT e.entry FROM fact f JOIN ledger_entry e ON e.site = f.site AND e.index = f.index
WHERE f.agent = %(agent)s AND f.seq = %(seq)s

-- name: next_seqs
SELECT agent, next_seq FROM agent_stream WHERE agent = ANY (%(agents)s)

-- name: lock_presence
SELECT online, birth FROM agent_stream WHERE agent = %(agent)s FOR UPDATE

-- name: set_presence
UPDATE agent_stream
SET online = %(online)s, seen_at = coalesce(%(seen_at)s, seen_at), birth = coalesce(%(birth)s, birth)
WHERE agent = %(agent)s

-- name: stream_end
SELECT s.next_seq - 1 AS upto, s.head FROM agent_stream s JOIN agent a ON a.id = s.agent
WHERE s.agent = %(agent)s AND a.revoked_at IS NULL
