-- name: add
INSERT INTO webhook (id, site, name, url, events, signs, made_by, made_at, index, newest, upto)
VALUES (%(id)s, %(site)s, %(name)s, %(url)s, %(events)s, %(signs)s, %(actor)s, %(at)s, %(index)s, %(index)s, %(index)s)

-- name: living
SELECT count(*)::int AS webhooks FROM webhook WHERE site = %(site)s AND ended_at IS NULL

-- name: find
SELECT * FROM webhook WHERE id = %(id)s AND site = %(site)s FOR UPDATE

-- name: shown
SELECT w.id, w.site, w.name, w.url, w.events, w.signs, w.secret, w.paused, w.made_by, p.name AS made_name, w.made_at,
       w.index, w.newest, w.ended_at, w.sent_at, w.failed_at, w.failures,
       (SELECT count(*)::int FROM webhook_delivery d WHERE d.webhook = w.id AND d.state = 'waiting') AS waiting,
       (SELECT count(*)::int FROM webhook_delivery d WHERE d.webhook = w.id AND d.state = 'parked') AS parked
FROM webhook w LEFT JOIN person p ON p.id = w.made_by
WHERE w.site = %(site)s AND (%(id)s::text IS NULL AND w.ended_at IS NULL OR w.id = %(id)s)
ORDER BY w.index

-- Whoever changes it has looked at it: it is tried anew at once.
-- name: change
UPDATE webhook SET name = %(name)s, url = %(url)s, events = %(events)s, paused = %(paused)s, newest = %(index)s,
                   gone = false, failures = 0, quiet_until = NULL
WHERE id = %(id)s

-- name: rotate
UPDATE webhook SET secret = secret + 1, rotated_at = %(at)s, newest = %(index)s WHERE id = %(id)s

-- name: end_it
UPDATE webhook SET ended_at = %(at)s, newest = %(index)s WHERE id = %(id)s

-- name: drop_waiting
UPDATE webhook_delivery SET state = 'dropped', claimed_until = NULL
WHERE webhook = %(id)s AND state IN ('waiting', 'parked')

-- name: add_test
INSERT INTO webhook_delivery (webhook, type, queued_at, next_at)
VALUES (%(id)s, 'webhook.test', %(at)s, %(at)s)
RETURNING *

-- name: try_anew
UPDATE webhook SET failures = 0, quiet_until = NULL WHERE id = %(id)s

-- name: replayed
UPDATE webhook SET failures = 0, quiet_until = NULL, newest = %(index)s WHERE id = %(id)s

-- Entries of its kinds above one and up to another: each waits once.
-- name: queue
INSERT INTO webhook_delivery (webhook, index, type, queued_at, next_at)
SELECT %(id)s, index, type, %(at)s, %(at)s FROM (
    SELECT index, 'fact.' || kind AS type FROM fact
    WHERE site = %(site)s AND index > %(after)s AND index <= %(upto)s
    UNION ALL
    SELECT index, 'record.' || kind FROM record
    WHERE site = %(site)s AND index > %(after)s AND index <= %(upto)s
) e
WHERE type LIKE ANY (%(patterns)s)
ORDER BY index
ON CONFLICT (webhook, index) DO UPDATE
    SET state = 'waiting', attempts = 0, first_at = NULL, next_at = excluded.next_at,
        claimed_until = CASE webhook_delivery.state WHEN 'waiting' THEN webhook_delivery.claimed_until END
    WHERE %(again)s

-- name: deliveries
SELECT number, webhook, index, type, queued_at, state, attempts, next_at, tried_at, status, told
FROM webhook_delivery
WHERE webhook = %(id)s AND number < %(before)s AND (%(state)s::text IS NULL OR state = %(state)s)
ORDER BY number DESC LIMIT %(most)s
