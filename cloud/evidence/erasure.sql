-- What an entry is about; a segment of film is about what it shows. `named`: the items that a step names anew.
-- name: erasable
SELECT l.index, f.kind AS fact_kind, r.kind AS record_kind,
       coalesce(f.content, r.content) IS NULL AS erased,
       CASE WHEN r.kind <> 'custody_step' OR r.content IS NULL THEN '{}'
            WHEN r.content LIKE '%%"action":"correct"%%' THEN ARRAY[r.content::jsonb -> 'things' ->> 0]
            WHEN r.content LIKE '%%"action":"split"%%' THEN array(
                SELECT made ->> 'item' FROM jsonb_array_elements(r.content::jsonb -> 'made') AS made)
            ELSE '{}' END AS named,
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
-- anything must not go, and nobody erases often. A photograph may be evidence at the site that it came from and wherever
-- that site sent tickets, and stays as long as it is at any: what is held at either end holds it at both.
-- name: erase_stills
WITH origin AS MATERIALIZED (
    SELECT DISTINCT p.site FROM media m JOIN person p ON p.id = m.person WHERE m.sha256 = ANY (%(pictures)s)
), place AS MATERIALIZED (
    SELECT %(site)s::text AS site UNION SELECT site FROM origin UNION
    SELECT t.site FROM ticket t JOIN person o ON o.id = t.opened_by JOIN origin f ON f.site = o.site WHERE t.site <> o.site
), named AS MATERIALIZED (
    SELECT content FROM fact WHERE site IN (SELECT site FROM place) AND content LIKE ANY (%(patterns)s)
    UNION ALL SELECT content FROM record WHERE site IN (SELECT site FROM place) AND content LIKE ANY (%(patterns)s))
UPDATE media m SET erased_index = %(entry)s, erased_site = %(site)s
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
           WHERE (id IN (SELECT thing FROM gone) AND %(kind)s = 'item_registered') OR id = ANY (%(named)s)),
     b AS (UPDATE evidence_case SET title = %(erased)s, parties = '{}', vehicles = '{}', scene = NULL
           WHERE id IN (SELECT thing FROM gone) AND %(kind)s IN ('case_opened', 'case_corrected')),
     i AS (UPDATE import_row SET salt = NULL
           WHERE thing IN (SELECT thing FROM gone) AND %(kind)s = 'item_registered'),
     d AS (UPDATE act SET details = jsonb_build_object('erased', %(erased)s::text)
           WHERE id IN (SELECT thing FROM gone) AND %(kind)s = 'act_proposed'),
     c AS (UPDATE hold SET reason = %(erased)s WHERE site = %(site)s AND index = %(index)s)
UPDATE person SET name = %(erased)s WHERE id IN (SELECT thing FROM gone) AND %(kind)s = 'person_added'

-- The number of a seal goes with the last record that tells it. Where the search has it besides, it goes by itself.
-- name: forget_seals
UPDATE package p SET seal_number = %(erased)s
WHERE p.site = %(site)s AND p.id = ANY (%(things)s) AND NOT p.seal_number = ANY (seals_told(p) || ARRAY[%(erased)s])

-- What else tells what these entries tell: whatever describes the same case or item (its registration, its corrections
-- and what was asked for them), and the film of what they are about with all that names its segments.
-- name: related
WITH tells AS (
    SELECT e.thing, r.index, r.kind
    FROM thing_entry e JOIN record r ON r.site = e.site AND r.index = e.index
    WHERE e.site = %(site)s AND r.content IS NOT NULL
      AND e.thing IN (SELECT thing FROM thing_entry WHERE site = %(site)s AND index = ANY (%(indexes)s))
      AND (r.kind = 'case_opened' OR r.kind = 'case_corrected' AND r.content::jsonb ->> 'case' = e.thing
           OR r.kind = 'item_registered' AND r.content::jsonb ->> 'item' = e.thing
           OR r.kind = 'custody_step' AND r.content LIKE '%%"action":"correct"%%'
              AND r.content::jsonb -> 'things' ->> 0 = e.thing
           OR r.kind = 'act_proposed' AND r.content LIKE '%%"action":"correct%%'
              AND r.content::jsonb -> 'content' -> 'things' ->> 0 = e.thing)
), segment AS (
    SELECT DISTINCT s.sha256, f.agent
    FROM fact f
    JOIN LATERAL (
        SELECT f.seq AS clip UNION
        SELECT c.clip FROM clip c WHERE c.site = f.site AND c.agent = f.agent AND c.events @> ARRAY[f.seq]) n ON true
    JOIN clip_segment s ON s.site = f.site AND s.agent = f.agent AND s.clip = n.clip
    WHERE f.site = %(site)s AND f.index = ANY (%(indexes)s)
), film AS (
    SELECT s.index FROM clip_segment s JOIN segment USING (sha256) WHERE s.site = %(site)s
    UNION
    SELECT c.index FROM clip c WHERE c.site = %(site)s
      AND c.agent IN (SELECT agent FROM segment) AND c.segments && array(SELECT sha256 FROM segment)
), found AS (
    SELECT other.index, 'words' AS why FROM tells one JOIN tells other USING (thing) WHERE one.index = ANY (%(indexes)s)
    UNION SELECT index, 'film' FROM film
)
SELECT n.index, n.why, coalesce(f.kind, r.kind) AS kind,
       array(SELECT DISTINCT w.index FROM clip_segment s JOIN film_shows w ON w.site = s.site AND w.sha256 = s.sha256
             JOIN fact shown ON shown.site = w.site AND shown.index = w.index
             WHERE s.site = %(site)s AND s.index = n.index AND shown.kind NOT IN ('clip_segment', 'clip_closed')
               AND NOT w.index = ANY (%(indexes)s) ORDER BY w.index) AS shows
FROM found n
LEFT JOIN fact f ON f.site = %(site)s AND f.index = n.index
LEFT JOIN record r ON r.site = %(site)s AND r.index = n.index
WHERE NOT n.index = ANY (%(indexes)s) AND coalesce(f.content, r.content) IS NOT NULL
ORDER BY n.index
