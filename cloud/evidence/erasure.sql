-- name: erasable
SELECT l.index, f.kind AS fact_kind, r.kind AS record_kind,
       coalesce(f.content, r.content) IS NULL AS erased,
       array(SELECT thing FROM thing_entry t WHERE t.site = l.site AND t.index = l.index ORDER BY thing) AS things
FROM ledger_entry l
LEFT JOIN fact f ON f.site = l.site AND f.index = l.index
LEFT JOIN record r ON r.site = l.site AND r.index = l.index
WHERE l.site = %(site)s AND l.index = ANY (%(indexes)s)
ORDER BY l.index

-- What is under hold among things, what belongs to a case among them, and what a permit among them is for.
-- name: held_among
SELECT h.thing FROM held h
WHERE h.site = %(site)s AND (
    h.thing = ANY (%(things)s)
    OR h.thing IN (SELECT id FROM item WHERE case_id = ANY (%(things)s) UNION
                   SELECT id FROM package WHERE case_id = ANY (%(things)s))
    OR h.thing IN (SELECT thing FROM permit_thing WHERE permit = ANY (%(things)s)))
ORDER BY h.thing LIMIT 1

-- name: proposal
SELECT content, actor FROM record WHERE site = %(site)s AND index = %(index)s AND kind = 'erasure_proposed'

-- name: add_erasures
INSERT INTO erasure (site, index, entry) SELECT %(site)s, unnest(%(indexes)s::bigint[]), %(entry)s

-- Stills that erased decisions name, and no other decision whose content is there.
-- name: erase_stills
UPDATE media SET erased_index = %(entry)s
WHERE erased_index IS NULL
  AND sha256 IN (SELECT picture FROM passage WHERE site = %(site)s AND index = ANY (%(indexes)s))
  AND sha256 NOT IN (
    SELECT p.picture FROM passage p JOIN fact f ON f.site = p.site AND f.index = p.index
    WHERE p.picture IS NOT NULL AND f.content IS NOT NULL AND p.picture IN (
        SELECT picture FROM passage WHERE site = %(site)s AND index = ANY (%(indexes)s)))
RETURNING sha256

-- name: erase_facts
UPDATE fact SET content = NULL, salt = NULL WHERE site = %(site)s AND index = ANY (%(indexes)s)

-- name: erase_records
UPDATE record SET content = NULL, salt = NULL WHERE site = %(site)s AND index = ANY (%(indexes)s)

-- The tables that repeat what was in a record say what became of it.
-- name: forget_names
WITH gone AS (SELECT unnest(%(things)s::text[]) AS thing),
     a AS (UPDATE item SET name = %(erased)s WHERE id IN (SELECT thing FROM gone) AND %(kind)s = 'item_registered'),
     b AS (UPDATE evidence_case SET title = %(erased)s
           WHERE id IN (SELECT thing FROM gone) AND %(kind)s = 'case_opened'),
     i AS (UPDATE import_row SET salt = NULL
           WHERE thing IN (SELECT thing FROM gone) AND %(kind)s = 'item_registered'),
     c AS (UPDATE hold SET reason = %(erased)s WHERE site = %(site)s AND index = %(index)s)
UPDATE person SET name = %(erased)s WHERE id IN (SELECT thing FROM gone) AND %(kind)s = 'person_added'
