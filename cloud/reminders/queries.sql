-- name: people
SELECT id, roles FROM person WHERE site = %(site)s AND disabled_at IS NULL ORDER BY id

-- name: living
SELECT id, subject, about, clock, due_at, before_s, person, ended_at FROM reminder
WHERE site = %(site)s AND (ended_at IS NULL OR due_at >= %(since)s)

-- name: add
INSERT INTO reminder (site, subject, about, clock, label, due_at, before_s, severity, urgent, person, made_at, index)
SELECT %(site)s, %(subject)s, %(about)s, %(clock)s, %(label)s, %(due_at)s, %(before_s)s, %(severity)s, %(urgent)s, person,
       %(at)s, %(index)s
FROM unnest(%(people)s::text[]) AS person

-- name: end
UPDATE reminder SET ended_at = %(at)s WHERE id = ANY (%(ids)s) AND ended_at IS NULL

-- name: mine
SELECT id, site, subject, about, clock, label, due_at, before_s, severity, urgent, made_at, read_at, ended_at FROM reminder
WHERE person = %(person)s AND id < %(before)s AND (NOT %(unread)s OR (read_at IS NULL AND ended_at IS NULL))
ORDER BY id DESC LIMIT %(most)s

-- name: unread
SELECT count(*)::int AS unread FROM reminder WHERE person = %(person)s AND read_at IS NULL AND ended_at IS NULL

-- name: to_read
SELECT id, index, about FROM reminder
WHERE person = %(person)s AND site = %(site)s AND id = ANY (%(ids)s) AND read_at IS NULL ORDER BY id FOR UPDATE

-- name: read
UPDATE reminder SET read_at = %(at)s, read_index = %(index)s WHERE id = ANY (%(ids)s)

-- People who have a way to be told by, with what they have not been told of by any; what they read is no news.
-- name: untold
SELECT r.person, r.site, r.id, r.made_at, r.urgent, s.quiet_from, s.quiet_until, s.zone
FROM reminder r LEFT JOIN notify_settings s ON s.person = r.person
WHERE r.site = %(site)s AND r.read_at IS NULL AND r.ended_at IS NULL
  AND EXISTS (SELECT FROM channel c WHERE c.person = r.person AND c.removed_at IS NULL)
  AND NOT EXISTS (SELECT FROM notice_reminder n WHERE n.reminder = r.id)
ORDER BY r.person, r.id

-- name: lock_bundling
SELECT pg_advisory_xact_lock(hashtext('notices ' || %(site)s))

-- name: add_notices
INSERT INTO notice (person, channel, made_at)
SELECT person, id, %(at)s FROM channel WHERE person = %(person)s AND removed_at IS NULL ORDER BY id RETURNING id

-- name: add_told
INSERT INTO notice_reminder (notice, reminder)
SELECT notice, reminder FROM unnest(%(notices)s::bigint[]) AS notice, unnest(%(reminders)s::bigint[]) AS reminder

-- name: lock_person
SELECT id FROM person WHERE id = %(person)s FOR UPDATE

-- Of each channel the oldest: those after it wait for it anyway, and one that hangs takes nobody else's room.
-- name: pending_notices
SELECT DISTINCT ON (n.channel) n.id, n.channel, c.kind
FROM notice n JOIN channel c ON c.id = n.channel WHERE n.state = 'pending' ORDER BY n.channel, n.id

-- name: notice
SELECT n.id, n.person, n.state, c.kind, c.target, c.removed_at, coalesce(s.language, 'zh') AS language,
       coalesce(s.zone, 'Asia/Shanghai') AS zone,
       NOT EXISTS (SELECT FROM notice_reminder t WHERE t.notice = n.id) AS test,
       (SELECT count(*)::int FROM notice_try t WHERE t.notice = n.id) AS tries, p.disabled_at
FROM notice n JOIN channel c ON c.id = n.channel JOIN person p ON p.id = n.person
LEFT JOIN notify_settings s ON s.person = n.person
WHERE n.id = %(notice)s

-- name: told
SELECT r.site, r.subject, r.about, r.label, r.due_at, r.ended_at, r.read_at FROM notice_reminder t JOIN reminder r ON r.id = t.reminder
WHERE t.notice = %(notice)s ORDER BY r.due_at, r.id

-- name: add_try
INSERT INTO notice_try (notice, at, problem) VALUES (%(notice)s, %(at)s, %(problem)s)

-- name: end_notice
UPDATE notice SET state = %(state)s, ended_at = %(at)s WHERE id = %(notice)s AND state = 'pending'

-- name: settings
SELECT language, quiet_from, quiet_until, zone FROM notify_settings WHERE person = %(person)s

-- name: set_settings
INSERT INTO notify_settings (person, language, quiet_from, quiet_until, zone)
VALUES (%(person)s, %(language)s, %(quiet_from)s, %(quiet_until)s, %(zone)s)
ON CONFLICT (person) DO UPDATE SET language = excluded.language, quiet_from = excluded.quiet_from,
    quiet_until = excluded.quiet_until, zone = excluded.zone

-- name: channels
SELECT id, kind, target, made_at FROM channel WHERE person = %(person)s AND removed_at IS NULL ORDER BY id

-- name: add_channel
INSERT INTO channel (person, kind, target, made_at) VALUES (%(person)s, %(kind)s, %(target)s, %(at)s)
ON CONFLICT DO NOTHING RETURNING id, kind, target, made_at

-- name: remove_channel
UPDATE channel SET removed_at = %(at)s WHERE id = %(channel)s AND person = %(person)s AND removed_at IS NULL RETURNING id

-- name: test_channel
INSERT INTO notice (person, channel, made_at)
SELECT person, id, %(at)s FROM channel WHERE id = %(channel)s AND person = %(person)s AND removed_at IS NULL RETURNING id

-- name: tests_since
SELECT count(*)::int AS tests FROM notice n
WHERE n.person = %(person)s AND n.made_at > %(since)s
  AND NOT EXISTS (SELECT FROM notice_reminder t WHERE t.notice = n.id)

-- name: notices
SELECT n.id, c.kind, c.target, n.made_at, n.state, n.ended_at,
       (SELECT count(*)::int FROM notice_reminder t WHERE t.notice = n.id) AS reminders,
       (SELECT count(*)::int FROM notice_try t WHERE t.notice = n.id) AS tries,
       (SELECT t.problem FROM notice_try t WHERE t.notice = n.id ORDER BY t.at DESC LIMIT 1) AS problem
FROM notice n JOIN channel c ON c.id = n.channel
WHERE n.person = %(person)s AND n.id < %(before)s AND (%(id)s::bigint IS NULL OR n.id = %(id)s)
ORDER BY n.id DESC LIMIT %(most)s
