-- name: behind
SELECT w.id FROM webhook w JOIN ledger_head h ON h.site = w.site
WHERE w.ended_at IS NULL AND h.size - 1 > w.upto

-- One worker looks through the ledger for a webhook at a time; another that comes meanwhile has nothing to do.
-- name: to_feed
SELECT w.id, w.site, w.events, w.upto, h.size - 1 AS newest, (
    SELECT count(*)::int FROM (
        SELECT FROM webhook_delivery d
        WHERE d.webhook = w.id AND d.state = 'waiting' AND d.attempts = 0 LIMIT %(most)s) q) AS untried
FROM webhook w JOIN ledger_head h ON h.site = w.site
WHERE w.id = %(id)s AND w.ended_at IS NULL AND h.size - 1 > w.upto
FOR UPDATE OF w SKIP LOCKED

-- name: looked
UPDATE webhook SET upto = %(upto)s WHERE id = %(id)s

-- name: due
SELECT w.id FROM webhook w
WHERE w.ended_at IS NULL AND NOT w.paused AND (w.quiet_until IS NULL OR w.quiet_until <= %(at)s) AND EXISTS (
    SELECT FROM webhook_delivery d WHERE d.webhook = w.id AND d.state = 'waiting' AND d.next_at <= %(at)s
      AND (d.claimed_until IS NULL OR d.claimed_until <= %(at)s))

-- The oldest that is due, for this worker alone until its time is over.
-- name: claim
UPDATE webhook_delivery d
SET claimed_until = %(until)s, attempts = d.attempts + 1, first_at = coalesce(d.first_at, %(at)s), tried_at = %(at)s
FROM webhook w
WHERE w.id = d.webhook AND w.ended_at IS NULL AND NOT w.paused AND (w.quiet_until IS NULL OR w.quiet_until <= %(at)s)
  AND d.number = (
    SELECT number FROM webhook_delivery
    WHERE webhook = %(id)s AND state = 'waiting' AND next_at <= %(at)s
      AND (claimed_until IS NULL OR claimed_until <= %(at)s)
    ORDER BY number LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING d.number, d.webhook, d.index, d.type, d.queued_at, d.attempts, d.first_at, w.site, w.url, w.signs, w.secret,
          w.rotated_at

-- What was revoked meanwhile stays as it is.
-- name: settle
UPDATE webhook_delivery
SET state = %(state)s, status = %(status)s, told = %(told)s, next_at = coalesce(%(next_at)s, next_at),
    claimed_until = NULL
WHERE number = %(number)s AND state = 'waiting'

-- name: arrived
UPDATE webhook SET failures = 0, quiet_until = NULL, sent_at = %(at)s WHERE id = %(id)s

-- name: failed
UPDATE webhook SET failures = failures + 1, quiet_until = %(quiet_until)s, failed_at = %(at)s,
                   gone = gone OR %(gone)s
WHERE id = %(id)s

-- name: failures
SELECT failures FROM webhook WHERE id = %(id)s

-- Where an alarm has to be raised or cleared, or nobody wants to be told any more.
-- name: unsettled
SELECT w.id, w.site FROM webhook w
WHERE w.ended_at IS NULL AND (w.gone AND NOT w.paused OR w.alarmed <> EXISTS (
    SELECT FROM webhook_delivery d WHERE d.webhook = w.id AND d.state = 'parked'))

-- name: standing
SELECT w.id, w.name, w.url, w.events, w.paused, w.gone, w.alarmed,
       (SELECT count(*)::int FROM webhook_delivery d WHERE d.webhook = w.id AND d.state = 'parked') AS parked
FROM webhook w WHERE w.id = %(id)s AND w.ended_at IS NULL FOR UPDATE

-- name: alarmed
UPDATE webhook SET alarmed = %(alarmed)s WHERE id = %(id)s

-- name: stop
UPDATE webhook SET paused = true, newest = %(index)s WHERE id = %(id)s

-- name: forget
DELETE FROM webhook_delivery WHERE state IN ('done', 'failed', 'dropped') AND queued_at < %(before)s
