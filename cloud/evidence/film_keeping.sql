-- Film that nothing needs any more. What binds it: a hold, a case that is open or ended after `before`, an alarm that
-- lives, a break-glass opening that nobody has reviewed. An alarm binds what its agent filmed from its first entry on.
-- name: due
WITH part AS (
    SELECT id, case_id, state, index FROM item WHERE site = %(site)s
    UNION ALL SELECT id, case_id, state, index FROM package WHERE site = %(site)s
), bound_case AS (
    SELECT c.id FROM evidence_case c
    WHERE c.site = %(site)s AND (
        NOT EXISTS (SELECT FROM part p WHERE p.case_id = c.id)
        OR EXISTS (
            SELECT FROM part p
            LEFT JOIN record r ON r.site = %(site)s AND r.index = p.index
            LEFT JOIN fact f ON f.site = %(site)s AND f.index = p.index
            WHERE p.case_id = c.id
              AND (p.state <> ALL (%(final)s) OR coalesce(r.at, f.at, 'infinity') >= %(before)s)))
), bound_thing AS (
    SELECT thing FROM held WHERE site = %(site)s
    UNION SELECT id FROM bound_case
    UNION SELECT p.id FROM part p JOIN bound_case c ON c.id = p.case_id
    UNION SELECT place FROM alarm WHERE site = %(site)s AND cleared_at IS NULL
), bound_entry AS MATERIALIZED (
    SELECT DISTINCT t.index FROM thing_entry t JOIN bound_thing b ON b.thing = t.thing WHERE t.site = %(site)s
), living AS MATERIALIZED (
    SELECT a.place, a.detail ->> 'agent' AS agent,
           coalesce((r.content::jsonb -> 'detail' ->> 'entry')::bigint, a.index) AS since
    FROM alarm a LEFT JOIN record r ON r.site = a.site AND r.index = a.index
    WHERE a.site = %(site)s AND a.cleared_at IS NULL
)
SELECT m.sha256, m.bytes FROM media m JOIN agent g ON g.id = m.agent
WHERE g.site = %(site)s AND m.media_type = 'video/mp4' AND m.erased_index IS NULL AND m.stored_at < %(before)s
  AND NOT EXISTS (
    SELECT FROM film_shows s WHERE s.sha256 = m.sha256 AND (
        s.site <> %(site)s
        OR s.index IN (SELECT index FROM bound_entry)
        OR EXISTS (
            SELECT FROM living l WHERE s.index >= l.since
            AND (l.agent = s.agent OR l.place = s.agent OR starts_with(l.place, s.agent || ':')))
        OR EXISTS (
            SELECT FROM exception x WHERE x.site = s.site AND x.agent = s.agent AND x.state <> 'reviewed'
            AND s.index >= x.opened_index)))
ORDER BY m.stored_at, m.sha256 LIMIT %(limit)s

-- name: shown_by
SELECT DISTINCT t.thing FROM film_shows s JOIN thing_entry t ON t.site = s.site AND t.index = s.index
WHERE s.site = %(site)s AND s.sha256 = ANY (%(digests)s) ORDER BY t.thing

-- name: remove
UPDATE media SET erased_index = %(entry)s WHERE sha256 = ANY (%(digests)s)

-- Also what was erased by people: whoever was to delete its bytes may have been killed.
-- name: to_delete
SELECT m.sha256 FROM media m LEFT JOIN agent g ON g.id = m.agent LEFT JOIN person p ON p.id = m.person
WHERE coalesce(g.site, p.site) = %(site)s AND m.erased_index IS NOT NULL AND m.bytes_gone_at IS NULL
ORDER BY m.sha256 LIMIT %(limit)s

-- name: deleted
UPDATE media SET bytes_gone_at = %(at)s WHERE sha256 = ANY (%(digests)s)

-- name: living_alarms
SELECT cause FROM alarm WHERE site = %(site)s AND cause = ANY (%(causes)s) AND cleared_at IS NULL
