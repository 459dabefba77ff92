-- name: program
SELECT sha256, version, bytes, manifest, notes, brought_by, brought_at, index, approved_at, approved_index
FROM program WHERE site = %(site)s AND sha256 = %(sha256)s

-- name: programs
SELECT p.sha256, p.version, p.bytes, p.manifest, p.notes, p.brought_by, p.brought_at, p.index, p.approved_at,
       p.approved_index,
       (SELECT a.id FROM act a WHERE a.site = p.site AND a.action = 'approve_update' AND a.ended IS NULL
        AND a.details ->> 'release' = p.sha256 ORDER BY a.index DESC LIMIT 1) AS act,
       (SELECT count(*)::int FROM agent_update u WHERE u.site = p.site AND u.sha256 = p.sha256 AND u.state = 'applied')
           AS applied
FROM program p WHERE p.site = %(site)s ORDER BY p.index DESC LIMIT 100

-- name: add_program
INSERT INTO program (site, sha256, version, bytes, manifest, notes, brought_by, brought_at, index)
VALUES (%(site)s, %(sha256)s, %(version)s, %(bytes)s, %(manifest)s, %(notes)s, %(brought_by)s, %(brought_at)s,
        %(index)s)

-- name: approve
UPDATE program SET approved_at = %(at)s, approved_index = %(index)s WHERE site = %(site)s AND sha256 = %(sha256)s

-- name: agents
SELECT id, revoked_at FROM agent WHERE site = %(site)s AND id = ANY (%(agents)s)

-- name: tried_out
SELECT EXISTS (SELECT FROM agent_update WHERE site = %(site)s AND sha256 = %(sha256)s AND state = 'applied') AS applied,
       (SELECT count(*) FROM agent WHERE site = %(site)s AND revoked_at IS NULL)::int AS agents,
       ARRAY (SELECT u.agent FROM agent_update u WHERE u.site = %(site)s AND u.sha256 = %(sha256)s
              AND u.state IN ('ordered', 'staged', 'waiting')
              AND NOT EXISTS (SELECT FROM agent_update n WHERE n.agent = u.agent AND n.number > u.number)) AS under_way

-- name: newest_number
SELECT coalesce(max(number), 0)::int AS number FROM agent_update WHERE agent = %(agent)s

-- name: add_update
INSERT INTO agent_update (site, agent, number, sha256, version, order_id, ordered_by, ordered_at, index)
VALUES (%(site)s, %(agent)s, %(number)s, %(sha256)s, %(version)s, %(order_id)s, %(ordered_by)s, %(ordered_at)s,
        %(index)s)

-- name: set_state
UPDATE agent_update SET state = %(state)s, state_index = %(index)s
WHERE agent = %(agent)s AND number = %(number)s AND sha256 = %(sha256)s

-- name: ordered_for
SELECT p.bytes FROM agent_update u JOIN program p ON p.site = u.site AND p.sha256 = u.sha256
WHERE u.agent = %(agent)s AND u.sha256 = %(sha256)s AND p.approved_index IS NOT NULL LIMIT 1

-- Of each living agent what is wanted now, with what its order was answered by and what it said last of it.
-- name: updates
SELECT a.id AS agent, u.number, u.sha256, u.version, u.ordered_by, u.ordered_at, u.index, u.state,
       o.answer, f.content AS told
FROM agent a
LEFT JOIN LATERAL (SELECT * FROM agent_update WHERE agent = a.id ORDER BY number DESC LIMIT 1) u ON true
LEFT JOIN agent_order o ON o.id = u.order_id
LEFT JOIN fact f ON f.site = u.site AND f.index = u.state_index
WHERE a.site = %(site)s AND a.revoked_at IS NULL ORDER BY a.id
