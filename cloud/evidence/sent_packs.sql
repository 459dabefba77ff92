-- name: has_packs
UPDATE agent_stream SET packs = %(packs)s WHERE agent = %(agent)s

-- name: has_pack_too
UPDATE agent_stream SET packs = array_append(packs, %(pack)s)
WHERE agent = %(agent)s AND NOT %(pack)s = ANY (packs)

-- What the agent is to have, and neither has nor was asked to take: what was put in force here, and whatever was sent
-- to it before. An agent that never told what it has is not asked about.
-- name: lacking
WITH wanted AS (
    SELECT hash, index AS adopted FROM pack_adoption WHERE site = %(site)s
    UNION ALL
    SELECT about, NULL FROM agent_order WHERE agent = %(agent)s AND kind = 'rule_pack'
    UNION ALL
    SELECT %(also)s::text, NULL WHERE %(also)s::text IS NOT NULL
)
SELECT w.hash, max(w.adopted) AS adopted
FROM wanted w JOIN agent_stream s ON s.agent = %(agent)s
WHERE NOT w.hash = ANY (s.packs) AND NOT EXISTS (
    SELECT FROM agent_order o
    WHERE o.agent = %(agent)s AND o.kind = 'rule_pack' AND o.about = w.hash AND o.answered_index IS NULL
)
GROUP BY w.hash ORDER BY w.hash
