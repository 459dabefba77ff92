-- What the system as a whole is like: read whenever /metrics is asked for, each from an index or a small table.
-- name: ledgers
SELECT h.site, h.size, h.size - coalesce((SELECT max(size) FROM checkpoint c WHERE c.site = h.site), 0) AS unsigned
FROM ledger_head h

-- name: agents
SELECT a.site, count(*) FILTER (WHERE s.online) AS online, count(*) AS known
FROM agent a LEFT JOIN agent_stream s ON s.agent = a.id
WHERE a.revoked_at IS NULL GROUP BY a.site

-- name: alarms
SELECT site, severity, count(*) AS living FROM alarm WHERE cleared_at IS NULL GROUP BY site, severity

-- name: orders
SELECT a.site, count(*) AS open, extract(epoch FROM %(at)s - min(o.created_at))::float8 AS oldest
FROM agent_order o JOIN agent a ON a.id = o.agent
WHERE o.answered_index IS NULL GROUP BY a.site

-- name: quarantine
SELECT count(*) AS messages FROM quarantine

-- name: tickets
SELECT site, state, count(*) AS living FROM ticket WHERE closed_at IS NULL GROUP BY site, state

-- name: webhooks
SELECT w.site, d.state, count(*) AS deliveries,
       extract(epoch FROM %(at)s - min(d.queued_at))::float8 AS oldest
FROM webhook_delivery d JOIN webhook w ON w.id = d.webhook
WHERE d.state IN ('waiting', 'parked') GROUP BY w.site, d.state
