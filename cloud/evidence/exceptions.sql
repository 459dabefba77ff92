-- name: cut_short
UPDATE exception SET state = 'closed', closed_index = %(index)s, closed_at = %(at)s
WHERE agent = %(agent)s AND (%(station)s::text IS NULL OR station = %(station)s) AND state = 'open'
RETURNING id

-- name: open_exception
INSERT INTO exception (id, site, agent, station, input, opened_seq, opened_index, opened_at, due_at, index)
VALUES (%(id)s, %(site)s, %(agent)s, %(station)s, %(input)s, %(opened_seq)s, %(opened_index)s, %(opened_at)s,
        %(due_at)s, %(index)s)

-- name: of_opening
SELECT id, state FROM exception WHERE agent = %(agent)s AND opened_seq = %(opened)s AND site = %(site)s

-- name: open_at
SELECT id FROM exception WHERE agent = %(agent)s AND station = %(station)s AND state = 'open'

-- name: add_clip
UPDATE exception SET pictures = pictures || %(pictures)s::text[], missed = missed + %(missed)s WHERE id = %(id)s

-- name: close_exception
UPDATE exception SET state = 'closed', closed_index = %(index)s, closed_at = %(at)s, open_ms = %(open_ms)s,
    crossings = %(crossings)s
WHERE id = %(id)s

-- name: to_review
SELECT id, agent, station, state FROM exception WHERE id = %(id)s AND site = %(site)s

-- name: review
UPDATE exception SET state = 'reviewed', finding = %(finding)s, reviewed_index = %(index)s WHERE id = %(id)s

-- name: unreviewed_at
SELECT id FROM exception WHERE agent = %(agent)s AND station = %(station)s AND state <> 'reviewed' LIMIT 1

-- name: overdue
SELECT id, agent, station, opened_at, due_at FROM exception
WHERE site = %(site)s AND state <> 'reviewed' AND due_at <= %(at)s
  AND NOT EXISTS (SELECT FROM alarm WHERE site = %(site)s AND cause = 'exception_review_overdue' AND place = exception.id
                  AND cleared_at IS NULL)
ORDER BY index LIMIT 200

-- name: uncounted
SELECT id, agent, station FROM exception WHERE site = %(site)s AND recounts IS NULL AND state <> 'open'
ORDER BY index LIMIT 20

-- name: zones
SELECT id, name FROM zone WHERE site = %(site)s ORDER BY name

-- name: set_recounts
UPDATE exception SET recounts = %(recounts)s WHERE id = %(id)s

-- name: exceptions
SELECT x.id, x.agent, x.station, x.input, x.opened_index, x.opened_at, x.closed_index, x.closed_at, x.open_ms, x.crossings,
       x.missed, x.recounts, x.due_at, x.state, x.finding, x.reviewed_index, x.index,
       x.state <> 'reviewed' AND x.due_at <= %(at)s AS overdue,
       ARRAY (SELECT hand ->> 'person' FROM jsonb_array_elements(r.content::jsonb -> 'hands') AS hand) AS reviewed_by,
       (SELECT a.id FROM act a WHERE a.site = x.site AND a.ended IS NULL AND a.action = 'review_exception'
            AND a.details ->> 'exception' = x.id ORDER BY a.index LIMIT 1) AS act,
       coalesce((SELECT jsonb_agg(jsonb_build_object('sha256', p.sha256, 'ready', m.sha256 IS NOT NULL) ORDER BY p.place)
                 FROM unnest(x.pictures) WITH ORDINALITY AS p (sha256, place)
                 LEFT JOIN media m ON m.sha256 = p.sha256 AND m.erased_index IS NULL), '[]') AS pictures
FROM exception x LEFT JOIN record r ON r.site = x.site AND r.index = x.reviewed_index
WHERE x.site = %(site)s AND x.index < %(before)s AND (%(id)s::text IS NULL OR x.id = %(id)s)
  AND (%(state)s::text IS NULL OR x.state = %(state)s)
ORDER BY x.index DESC LIMIT %(most)s
