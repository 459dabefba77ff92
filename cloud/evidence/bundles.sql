-- name: subject
SELECT 'item' AS kind, i.id, i.name AS title, c.id AS case_id, c.number, c.title AS case_title
FROM item i JOIN evidence_case c ON c.id = i.case_id WHERE i.id = %(id)s AND i.site = %(site)s
UNION ALL
SELECT 'package', p.id, p.seal_number, c.id, c.number, c.title
FROM package p JOIN evidence_case c ON c.id = p.case_id WHERE p.id = %(id)s AND p.site = %(site)s
UNION ALL
SELECT 'case', id, title, id, number, title FROM evidence_case WHERE id = %(id)s AND site = %(site)s

-- name: site
SELECT name_zh, name_en, origin FROM site WHERE id = %(site)s

-- An item goes with its package, a package with what is in it, a case with all of it.
-- name: things
SELECT id FROM item WHERE site = %(site)s AND (id = %(id)s OR package_id = %(id)s OR case_id = %(id)s)
UNION SELECT id FROM package WHERE site = %(site)s AND (id = %(id)s OR case_id = %(id)s)
UNION SELECT package_id FROM item WHERE site = %(site)s AND id = %(id)s AND package_id IS NOT NULL
UNION SELECT id FROM evidence_case WHERE site = %(site)s AND id = %(id)s

-- name: indexes
SELECT index FROM thing_entry WHERE site = %(site)s AND thing = ANY (%(things)s)
UNION SELECT index FROM evidence_case WHERE site = %(site)s AND id = %(case)s
UNION SELECT e.index FROM act a JOIN thing_entry e ON e.site = a.site AND e.thing = a.id  -- how its case was corrected
WHERE a.site = %(site)s AND a.action = 'correct_case' AND a.things = ARRAY[%(case)s::text]

-- Who speaks in those entries, and whose passes they were.
-- name: speakers
SELECT array(SELECT DISTINCT agent FROM fact WHERE site = %(site)s AND index = ANY (%(indexes)s)) AS agents,
       array(SELECT actor FROM record WHERE site = %(site)s AND index = ANY (%(indexes)s)
             UNION SELECT unnest(people) FROM passage WHERE site = %(site)s AND index = ANY (%(indexes)s)) AS people

-- What the entries cannot be understood without: keys, passes, passkeys, erasures, and the alarms they raised.
-- name: around
SELECT unnest(ARRAY[born, ended]) AS index FROM key_life
WHERE site = %(site)s AND (role NOT IN ('agent', 'person') OR owner = ANY (%(agents)s::text[] || %(people)s::text[]))
UNION
SELECT e.index FROM thing_entry e JOIN record r ON r.site = e.site AND r.index = e.index
WHERE e.site = %(site)s AND e.thing = ANY (%(people)s::text[])
  AND r.kind IN ('person_added', 'label_issued', 'passkey_added', 'passkey_removed')
UNION SELECT entry FROM erasure WHERE site = %(site)s AND index = ANY (%(indexes)s)
UNION SELECT index FROM alarm WHERE site = %(site)s AND detail ->> 'entry' = ANY (%(indexes)s::text[])

-- name: entries
SELECT l.index, l.entry, f.agent, f.seq, f.kind AS fact_kind, f.content AS fact_content, f.salt AS fact_salt,
       r.kind AS record_kind, r.actor, r.content AS record_content, r.salt AS record_salt
FROM ledger_entry l
LEFT JOIN fact f ON f.site = l.site AND f.index = l.index
LEFT JOIN record r ON r.site = l.site AND r.index = l.index
WHERE l.site = %(site)s AND l.index = ANY (%(indexes)s)
ORDER BY l.index

-- The statement that brought each fact in: of those that cover it, the one that ends first.
-- name: statements
SELECT f.agent, f.seq, s.first, s.last, s.jws
FROM unnest(%(agents)s::text[], %(seqs)s::bigint[]) AS f (agent, seq)
CROSS JOIN LATERAL (
    SELECT first, last, jws FROM statement
    WHERE agent = f.agent AND last >= f.seq AND first <= f.seq ORDER BY last LIMIT 1
) s

-- name: commitments
SELECT s.agent, s.first, s.last, array_agg(l.entry::json ->> 'c' ORDER BY f.seq) AS commitments
FROM unnest(%(agents)s::text[], %(firsts)s::bigint[], %(lasts)s::bigint[]) AS s (agent, first, last)
JOIN fact f ON f.agent = s.agent AND f.seq BETWEEN s.first AND s.last
JOIN ledger_entry l ON l.site = f.site AND l.index = f.index
GROUP BY s.agent, s.first, s.last

-- name: checkpoints
SELECT c.size, c.note || coalesce((
    SELECT string_agg(line, '' ORDER BY witness) FROM (
        SELECT DISTINCT ON (witness) witness, line FROM cosignature
        WHERE site = c.site AND size = c.size ORDER BY witness, at DESC
    ) newest
), '') AS note
FROM checkpoint c
WHERE c.site = %(site)s AND c.size > %(newest)s
ORDER BY c.size DESC LIMIT 100

-- name: older_checkpoint
SELECT size, note FROM checkpoint
WHERE site = %(site)s AND size > %(first)s AND size < %(size)s
ORDER BY size LIMIT 1

-- The first time stamp since the first entry, and the last one.
-- name: stamps
WITH stamped AS (
    SELECT s.size, s.token, c.note, s.at FROM checkpoint_stamp s JOIN checkpoint c USING (site, size)
    WHERE site = %(site)s AND size > %(first)s AND size <= %(size)s
)
(SELECT size, token, note FROM stamped ORDER BY size, at LIMIT 1)
UNION (SELECT size, token, note FROM stamped ORDER BY size DESC, at DESC LIMIT 1)
ORDER BY size

-- name: rule_packs
SELECT hash, content FROM rule_pack WHERE hash = ANY (%(hashes)s)

-- name: kept_media
SELECT m.sha256, m.media_type FROM media m LEFT JOIN agent a ON a.id = m.agent LEFT JOIN person p ON p.id = m.person
WHERE m.sha256 = ANY (%(digests)s) AND m.erased_index IS NULL
  AND (coalesce(a.site, p.site) = %(site)s
       OR m.sha256 IN (SELECT s.sha256 FROM photo_sent s WHERE s.site = %(site)s AND s.sha256 = ANY (%(digests)s)))

-- name: people
SELECT id, name FROM person WHERE site = %(site)s AND id = ANY (%(people)s)
