-- name: head
SELECT h.size, h.frontier, s.origin FROM ledger_head h JOIN site s ON s.id = h.site WHERE h.site = %(site)s

-- name: everything
SELECT e.index, e.entry,
       f.agent, f.seq, f.kind AS fact_kind, f.salt AS fact_salt, f.content AS fact_content,
       r.kind AS record_kind, r.actor, r.salt AS record_salt, r.content AS record_content
FROM ledger_entry e
LEFT JOIN fact f ON f.site = e.site AND f.index = e.index
LEFT JOIN record r ON r.site = e.site AND r.index = e.index
WHERE e.site = %(site)s
ORDER BY e.index

-- name: streams
SELECT s.agent, s.next_seq, s.head FROM agent_stream s JOIN agent a ON a.id = s.agent
WHERE a.site = %(site)s ORDER BY s.agent

-- name: counts
SELECT (SELECT count(*) FROM fact WHERE site = %(site)s) AS facts,
       (SELECT count(*) FROM record WHERE site = %(site)s) AS records
