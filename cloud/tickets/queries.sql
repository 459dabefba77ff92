-- name: add
INSERT INTO ticket (site, index, type, state, opened_by, opened_at, assigned_to, alarm, links, place, since, newest)
VALUES (%(site)s, %(index)s, %(type)s, 'reported', %(actor)s, %(at)s, %(assigned_to)s, %(alarm)s, %(links)s, %(place)s,
        %(at)s, %(index)s)

-- name: find
SELECT t.*, (SELECT p.id FROM person p WHERE p.id = t.opened_by AND p.disabled_at IS NULL) AS originator
FROM ticket t WHERE t.site = %(site)s AND t.index = %(index)s

-- name: shown
SELECT t.*, o.name AS opened_name, a.name AS assigned_name,
       CASE WHEN r.content LIKE '{%%' THEN r.content::jsonb ->> 'title' END AS title
FROM ticket t JOIN record r ON r.site = t.site AND r.index = t.index
LEFT JOIN person o ON o.id = t.opened_by LEFT JOIN person a ON a.id = t.assigned_to
WHERE t.site = %(site)s AND t.index < %(before)s AND (%(index)s::bigint IS NULL OR t.index = %(index)s)
  AND (%(type)s::text IS NULL OR t.type = %(type)s) AND (%(state)s::text IS NULL OR t.state = %(state)s)
  AND (%(owner)s::text IS NULL OR t.assigned_to = %(owner)s) AND (NOT %(overdue)s OR t.overdue_index IS NOT NULL)
  AND (%(opened_before)s::timestamptz IS NULL OR t.opened_at < %(opened_before)s)
  AND (%(opened_after)s::timestamptz IS NULL OR t.opened_at >= %(opened_after)s) AND (NOT %(again)s OR t.round > 1)
  AND (NOT %(nobodys)s OR t.assigned_to IS NULL)
  AND (NOT %(living)s OR t.closed_at IS NULL) AND (%(alarm)s::bigint IS NULL OR t.alarm = %(alarm)s)
ORDER BY t.index DESC LIMIT %(most)s

-- name: sent
SELECT t.*, o.name AS opened_name, a.name AS assigned_name,
       CASE WHEN r.content LIKE '{%%' THEN r.content::jsonb ->> 'title' END AS title
FROM ticket t JOIN record r ON r.site = t.site AND r.index = t.index
LEFT JOIN person o ON o.id = t.opened_by LEFT JOIN person a ON a.id = t.assigned_to
WHERE t.opened_by = %(person)s AND t.site <> %(own)s
ORDER BY t.opened_at DESC, t.site LIMIT %(most)s

-- name: pauses
SELECT index, paused_at, resumed_at FROM ticket_pause WHERE site = %(site)s AND ticket = %(ticket)s ORDER BY index

-- name: pause
INSERT INTO ticket_pause (site, ticket, index, paused_at) VALUES (%(site)s, %(ticket)s, %(index)s, %(at)s)

-- name: resume
UPDATE ticket_pause SET resumed_at = %(at)s WHERE site = %(site)s AND ticket = %(ticket)s AND resumed_at IS NULL

-- name: entries
SELECT r.index, r.kind, r.at, r.actor, p.name AS actor_name, w.name AS whom_name, r.content
FROM thing_entry t JOIN record r ON r.site = t.site AND r.index = t.index LEFT JOIN person p ON p.id = r.actor
LEFT JOIN person w ON w.id = CASE WHEN r.content LIKE '{%%'
    THEN coalesce(r.content::jsonb ->> 'person', r.content::jsonb ->> 'assigned_to') END
WHERE t.thing = %(name)s AND t.site = %(site)s ORDER BY r.index

-- name: said_by
SELECT r.index FROM thing_entry t JOIN record r ON r.site = t.site AND r.index = t.index
WHERE t.thing = %(name)s AND t.site = %(site)s AND r.index = %(index)s AND r.actor = %(person)s

-- A new stage begins: its clock runs from now.
-- name: move
UPDATE ticket SET state = %(state)s, round = round + %(more)s, since = %(at)s, newest = %(index)s,
    assigned_to = coalesce(assigned_to, %(assigned_to)s), reminded_index = NULL, overdue_index = NULL,
    repliers = CASE WHEN %(replier)s::text IS NULL OR %(replier)s = ANY (repliers) THEN repliers
                    ELSE repliers || %(replier)s::text END,
    closed_at = CASE WHEN %(state)s = 'satisfied' THEN %(at)s::timestamptz END
WHERE site = %(site)s AND index = %(ticket)s

-- name: touch
UPDATE ticket SET newest = %(index)s
WHERE site = %(site)s AND index = %(ticket)s

-- name: mark
UPDATE ticket SET newest = %(index)s, reminded_index = CASE WHEN %(late)s THEN reminded_index ELSE %(index)s END,
    overdue_index = CASE WHEN %(late)s THEN %(index)s ELSE overdue_index END
WHERE site = %(site)s AND index = %(ticket)s

-- name: add_notice
INSERT INTO rectification (site, ticket, index, person, ordered_by, due_at)
VALUES (%(site)s, %(ticket)s, %(index)s, %(person)s, %(ordered_by)s, %(due_at)s)

-- name: notices
SELECT * FROM rectification WHERE site = %(site)s AND ticket = %(ticket)s ORDER BY index

-- name: late_notices
SELECT site, ticket, index, person, due_at FROM rectification
WHERE site = %(site)s AND remedied_index IS NULL AND overdue_index IS NULL AND due_at <= %(at)s ORDER BY index

-- name: notice_late
UPDATE rectification SET overdue_index = %(index)s WHERE site = %(site)s AND index = %(notice)s

-- name: still_late
SELECT index FROM rectification
WHERE site = %(site)s AND ticket = %(ticket)s AND remedied_index IS NULL AND overdue_index IS NOT NULL

-- name: remedied
UPDATE rectification SET remedied_index = %(index)s WHERE site = %(site)s AND index = %(notice)s

-- name: confirmed
UPDATE rectification SET confirmed_index = %(index)s WHERE site = %(site)s AND index = %(notice)s

-- name: unknown_links
SELECT link FROM unnest(%(links)s::text[]) AS link
WHERE NOT EXISTS (SELECT FROM item WHERE id = link AND site = %(site)s)
  AND NOT EXISTS (SELECT FROM package WHERE id = link AND site = %(site)s)
  AND NOT EXISTS (SELECT FROM evidence_case WHERE id = link AND site = %(site)s)
  AND NOT EXISTS (SELECT FROM person WHERE id = link AND site = %(site)s)

-- What goes to another site (`from`: whose it is) is a photograph that somebody made there: no still, and of no third site.
-- name: unknown_photos
SELECT photo FROM unnest(%(photos)s::text[]) AS photo
WHERE NOT EXISTS (SELECT FROM media m LEFT JOIN person p ON p.id = m.person
                  WHERE m.sha256 = photo AND (%(from)s::text IS NULL OR (p.site = %(from)s AND m.erased_index IS NULL)))

-- name: roles_of
SELECT roles FROM person WHERE id = %(person)s AND site = %(site)s AND disabled_at IS NULL

-- name: candidates
SELECT p.id, p.username, p.roles,
       (SELECT count(*) FROM ticket t WHERE t.site = p.site AND t.assigned_to = p.id AND t.closed_at IS NULL)::int AS open,
       (SELECT max(t.index) FROM ticket t WHERE t.site = p.site AND t.assigned_to = p.id) AS newest
FROM person p WHERE p.site = %(site)s AND p.disabled_at IS NULL AND p.id <> %(opener)s
ORDER BY p.id

-- name: goods
SELECT DISTINCT goods FROM item WHERE site = %(site)s AND (id = ANY (%(links)s) OR package_id = ANY (%(links)s))

-- name: alarm
SELECT index, place, severity FROM alarm WHERE id = %(id)s AND site = %(site)s

-- name: running
SELECT * FROM ticket WHERE site = %(site)s AND closed_at IS NULL AND overdue_index IS NULL ORDER BY index

-- An alarm that is about tickets opens none; one that is set aside waits until then.
-- name: persisting
SELECT a.index, a.cause, a.place, a.severity, a.raised_at FROM alarm a
WHERE a.site = %(site)s AND a.cleared_at IS NULL AND a.cause NOT IN ('ticket_overdue', 'rectification_overdue')
  AND (a.shelved_until IS NULL OR a.shelved_until <= %(at)s)
  AND NOT EXISTS (SELECT FROM ticket t WHERE t.site = a.site AND t.alarm = a.index)
ORDER BY a.index

-- name: open_of_alarm
SELECT index FROM ticket WHERE site = %(site)s AND alarm = %(alarm)s AND closed_at IS NULL

-- name: reassign
UPDATE ticket SET newest = %(index)s, assigned_to = %(person)s WHERE site = %(site)s AND index = %(ticket)s
