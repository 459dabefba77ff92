-- What an entry is about; a segment of film is about what it shows.
-- name: erasable
SELECT l.index, f.kind AS fact_kind, r.kind AS record_kind,
       coalesce(f.content, r.content) IS NULL AS erased,
       array(SELECT DISTINCT thing FROM thing_entry t WHERE t.site = l.site AND (
                 t.index = l.index OR t.index IN (
                     SELECT s.index FROM clip_segment c JOIN film_shows s ON s.site = c.site AND s.sha256 = c.sha256
                     WHERE c.site = l.site AND c.index = l.index))
             ORDER BY thing) AS things
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

-- Acts among things that still wait for a hand: what is to be signed cannot go.
-- name: open_among
SELECT id FROM act WHERE site = %(site)s AND id = ANY (%(things)s) AND ended IS NULL ORDER BY id LIMIT 1

-- Pictures that the contents name: a decision its still, a step its photographs. Asked before the contents go.
-- name: pictures_named
SELECT sha256 FROM media WHERE erased_index IS NULL AND sha256 IN (
    SELECT (regexp_matches(c.content, '[0-9a-f]{64}', 'g'))[1]
    FROM (SELECT content FROM fact WHERE site = %(site)s AND index = ANY (%(indexes)s)
          UNION ALL SELECT content FROM record WHERE site = %(site)s AND index = ANY (%(indexes)s)) AS c)
ORDER BY sha256

-- Those of the pictures that no content names any more. All contents are searched: a picture that is still evidence of
-- anything must not go, and nobody erases often.
-- name: erase_stills
WITH named AS MATERIALIZED (
    SELECT content FROM fact WHERE site = %(site)s AND content LIKE ANY (%(patterns)s)
    UNION ALL SELECT content FROM record WHERE site = %(site)s AND content LIKE ANY (%(patterns)s))
UPDATE media m SET erased_index = %(entry)s
WHERE m.sha256 = ANY (%(pictures)s) AND NOT EXISTS (SELECT FROM named n WHERE strpos(n.content, m.sha256) > 0)
RETURNING m.sha256

-- name: erase_facts
UPDATE fact SET content = NULL, salt = NULL WHERE site = %(site)s AND index = ANY (%(indexes)s)

-- name: erase_records
UPDATE record SET content = NULL, salt = NULL WHERE site = %(site)s AND index = ANY (%(indexes)s)

-- The tables that repeat what was in a record say what became of it.
-- name: forget_names
WITH gone AS (SELECT unnest(%(things)s::text[]) AS thing),
     a AS (UPDATE item SET name = %(erased)s, brand = NULL, sku = NULL
           WHERE id IN (SELECT thing FROM gone) AND %(kind)s = 'item_registered'),
     b AS (UPDATE evidence_case SET title = %(erased)s, parties = '{}', vehicles = '{}', scene = NULL
           WHERE id IN (SELECT thing FROM gone) AND %(kind)s = 'case_opened'),
     i AS (UPDATE import_row SET salt = NULL
           WHERE thing IN (SELECT thing FROM gone) AND %(kind)s = 'item_registered'),
     d AS (UPDATE act SET details = jsonb_build_object('erased', %(erased)s::text)
           WHERE id IN (SELECT thing FROM gone) AND %(kind)s = 'act_proposed'),
     c AS (UPDATE hold SET reason = %(erased)s WHERE site = %(site)s AND index = %(index)s)
UPDATE person SET name = %(erased)s WHERE id IN (SELECT thing FROM gone) AND %(kind)s = 'person_added'
