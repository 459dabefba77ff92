-- name: sizes
SELECT site, size FROM ledger_head

-- name: online
SELECT count(*) AS agents FROM agent_stream WHERE online
