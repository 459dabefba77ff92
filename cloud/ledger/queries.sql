-- name: lock_head
SELECT h.size, h.frontier, s.origin
FROM ledger_head h JOIN site s ON s.id = h.site
WHERE h.site = %(site)s
FOR UPDATE OF h

-- name: copy_entries
COPY ledger_entry (site, index, entry) FROM STDIN (FORMAT BINARY)

-- name: set_head
UPDATE ledger_head SET size = %(size)s, frontier = %(frontier)s WHERE site = %(site)s

-- name: notify
SELECT pg_notify('ledger', %(payload)s)

-- name: add_record
INSERT INTO record (site, index, kind, at, actor, salt, content)
VALUES (%(site)s, %(index)s, %(kind)s, %(at)s, %(actor)s, %(salt)s, %(content)s)

-- name: add_thing_entries
INSERT INTO thing_entry (thing, site, index)
SELECT thing, %(site)s, %(index)s FROM unnest(%(things)s::text[]) AS thing
ON CONFLICT DO NOTHING

-- name: add_site
INSERT INTO site (id, name_zh, name_en, origin, created_at)
VALUES (%(site)s, %(name_zh)s, %(name_en)s, %(origin)s, %(at)s)
ON CONFLICT DO NOTHING
RETURNING id

-- name: add_head
INSERT INTO ledger_head (site) VALUES (%(site)s)

-- name: sites
SELECT s.id, s.name_zh, s.name_en, s.origin, h.size, h.frontier
FROM site s JOIN ledger_head h ON h.site = s.id
ORDER BY s.id

-- name: newest_checkpoint
SELECT size, root, note, at FROM checkpoint WHERE site = %(site)s ORDER BY size DESC LIMIT 1

-- name: add_checkpoint
INSERT INTO checkpoint (site, size, root, note, at)
VALUES (%(site)s, %(size)s, %(root)s, %(note)s, %(at)s)
ON CONFLICT DO NOTHING

-- One signs at a time, so that checkpoints are committed in the order of their sizes: what covers an entry first, stays
-- the first.
-- name: one_signer
SELECT pg_advisory_xact_lock(hashtext('sealtrail.checkpoint'))

-- name: grown
SELECT s.id, s.origin, h.size, h.frontier, ARRAY(
    SELECT public_key FROM key_life WHERE site = s.id AND role = 'log' AND ended IS NULL
) AS keys
FROM site s JOIN ledger_head h ON h.site = s.id
WHERE h.size > coalesce((SELECT max(size) FROM checkpoint WHERE site = s.id), 0)
ORDER BY s.id

-- name: published
SELECT c.note, coalesce((
    SELECT string_agg(line, '' ORDER BY witness) FROM (
        SELECT DISTINCT ON (witness) witness, line FROM cosignature
        WHERE site = c.site AND size = c.size ORDER BY witness, at DESC
    ) AS newest
), '') AS lines
FROM checkpoint c WHERE c.site = %(site)s AND (%(size)s::bigint IS NULL OR c.size = %(size)s)
ORDER BY c.size DESC LIMIT 1
