-- name: copy_facts
COPY fact (agent, seq, site, index, kind, at, salt, content) FROM STDIN (FORMAT BINARY)

-- name: copy_statements
COPY statement (agent, first, last, jws) FROM STDIN (FORMAT BINARY)

-- name: quarantine
INSERT INTO quarantine (received_at, topic, agent, reason, detail, sha256, payload)
VALUES (%(at)s, %(topic)s, %(agent)s, %(reason)s, %(detail)s, %(sha256)s, %(payload)s)
ON CONFLICT DO NOTHING
RETURNING id

-- name: lasting_gaps
SELECT a.site, s.agent, s.asked_from FROM agent_stream s JOIN agent a ON a.id = s.agent
WHERE s.asked_at <= %(before)s AND NOT EXISTS (
    SELECT FROM alarm WHERE site = a.site AND cause = 'gap' AND place = s.agent AND cleared_at IS NULL
)
ORDER BY a.site, s.agent
LIMIT 1000

-- name: gap_is_there
SELECT EXISTS (
    SELECT FROM agent_stream WHERE agent = %(agent)s AND asked_from = %(asked_from)s
) AS there

-- name: file_under
INSERT INTO thing_entry (thing, site, index)
SELECT thing, %(site)s, %(index)s FROM unnest(%(things)s::text[]) AS thing ON CONFLICT DO NOTHING

-- name: roles_of
SELECT id, roles FROM person WHERE site = %(site)s AND id = ANY (%(people)s) AND disabled_at IS NULL

-- name: entry_of_head
SELECT e.entry::jsonb ->> 'h' AS h FROM fact f JOIN ledger_entry e ON e.site = f.site AND e.index = f.index
WHERE f.agent = %(agent)s AND f.seq = %(seq)s
