-- name: head
SELECT h.size, h.frontier, s.origin, coalesce((SELECT index FROM sensed_from f WHERE f.site = h.site), 0) AS sensed_from,
       coalesce((SELECT index FROM doors_from f WHERE f.site = h.site), 0) AS doors_from
FROM ledger_head h JOIN site s ON s.id = h.site WHERE h.site = %(site)s

-- name: entries
SELECT e.index, e.entry,
       f.agent, f.seq, f.kind AS fact_kind, f.at AS fact_at, f.salt AS fact_salt, f.content AS fact_content,
       r.kind AS record_kind, r.at AS record_at, r.actor, r.salt AS record_salt, r.content AS record_content,
       x.entry AS erased_by
FROM ledger_entry e
LEFT JOIN fact f ON f.site = e.site AND f.index = e.index
LEFT JOIN record r ON r.site = e.site AND r.index = e.index
LEFT JOIN erasure x ON x.site = e.site AND x.index = e.index
WHERE e.site = %(site)s AND e.index >= %(low)s AND e.index < %(high)s
ORDER BY e.index

-- name: entry_beyond
SELECT index FROM ledger_entry WHERE site = %(site)s AND index >= %(size)s ORDER BY index LIMIT 1

-- name: passages
SELECT index, agent, seq, station, direction, outcome, reason, rule, subject, things, people, at, taken_at, picture,
       crossed_index, abandoned_index
FROM passage WHERE site = %(site)s AND index >= %(low)s AND index < %(high)s

-- name: readings
SELECT index, agent, device, measures, value, low, high, at FROM reading
WHERE site = %(site)s AND index >= %(low)s AND index < %(high)s

-- name: checkpoints
SELECT size, root, note FROM checkpoint WHERE site = %(site)s AND size > %(low)s AND size <= %(high)s ORDER BY size

-- name: cosignatures
SELECT c.size, c.witness, c.at, c.line, k.note FROM cosignature c
LEFT JOIN checkpoint k ON k.site = c.site AND k.size = c.size
WHERE c.site = %(site)s AND c.size > %(low)s AND c.size <= %(high)s ORDER BY c.size, c.witness, c.at

-- name: checkpoints_beyond
SELECT (SELECT max(size) FROM checkpoint WHERE site = %(site)s) AS checkpoint,
       (SELECT max(size) FROM cosignature WHERE site = %(site)s) AS cosignature

-- name: statements
SELECT f.index, s.agent, s.first, s.last, s.jws FROM fact f
JOIN statement s ON s.agent = f.agent AND s.last = f.seq
WHERE f.site = %(site)s AND f.index >= %(low)s AND f.index < %(high)s
ORDER BY f.index, s.first

-- name: tiles
SELECT t.level, t.n, t.hashes
FROM unnest(%(levels)s::smallint[], %(ns)s::bigint[]) AS w (level, n)
JOIN ledger_tile t ON t.site = %(site)s AND t.level = w.level AND t.n = w.n

-- name: streams
SELECT s.agent, s.next_seq, s.head, s.receipt FROM agent_stream s JOIN agent a ON a.id = s.agent
WHERE a.site = %(site)s ORDER BY s.agent

-- name: counts
SELECT (SELECT count(*) FROM fact WHERE site = %(site)s) AS facts,
       (SELECT count(*) FROM record WHERE site = %(site)s) AS records

-- name: tile_count
SELECT count(*) AS tiles FROM ledger_tile WHERE site = %(site)s

-- name: statement_count
SELECT count(*) AS statements FROM statement s JOIN agent a ON a.id = s.agent WHERE a.site = %(site)s

-- name: thing_entries
SELECT index, array_agg(thing) AS things FROM thing_entry
WHERE site = %(site)s AND index >= %(low)s GROUP BY index ORDER BY index

-- name: rule_packs
SELECT hash, name, version, content FROM rule_pack ORDER BY hash
