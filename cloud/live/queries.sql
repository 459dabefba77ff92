-- name: passages
SELECT p.*, m.sha256 IS NOT NULL AS picture_ready
FROM passage p LEFT JOIN media m ON m.sha256 = p.picture
WHERE p.site = %(site)s AND p.index < %(before)s AND (%(outcome)s::text IS NULL OR p.outcome = %(outcome)s)
ORDER BY p.index DESC LIMIT %(most)s

-- `hears`: severity → level from which on I hear of an alarm; null: all are asked for.
-- name: alarms
SELECT id, site, cause, place, severity, detail, raised_at, last_at, occurrences, index, acknowledged_by, assigned_to,
       shelved_until, level, cleared_at, cleared_code, answer_due_at
FROM alarm
WHERE site = %(site)s AND index < %(before)s AND (NOT %(living)s OR cleared_at IS NULL)
  AND (NOT %(unanswered)s OR (answer_due_at IS NOT NULL AND cleared_by IS NULL))
  AND (%(hears)s::jsonb IS NULL OR assigned_to = %(me)s OR level >= (%(hears)s::jsonb ->> severity)::int)
ORDER BY index DESC LIMIT %(most)s

-- name: passages_between
SELECT p.*, m.sha256 IS NOT NULL AS picture_ready
FROM passage p LEFT JOIN media m ON m.sha256 = p.picture
WHERE p.site = %(site)s AND p.index > %(after)s AND p.index <= %(upto)s

-- name: endings_between
SELECT crossed_index AS at_index, index, 'crossed' AS ending FROM passage
WHERE site = %(site)s AND crossed_index > %(after)s AND crossed_index <= %(upto)s
UNION ALL
SELECT abandoned_index, index, 'abandoned' FROM passage
WHERE site = %(site)s AND abandoned_index > %(after)s AND abandoned_index <= %(upto)s

-- What became of an alarm is filed under its name; a clearing of before that was kept is found by cause and place.
-- name: alarms_between
SELECT a.id, a.site, a.cause, a.place, a.severity, a.detail, a.raised_at, a.last_at, a.occurrences, a.index,
       a.acknowledged_by, a.assigned_to, a.shelved_until, a.level, a.cleared_at, a.cleared_code, a.answer_due_at,
       c.at_index
FROM (
    SELECT index AS at_index, index FROM alarm WHERE site = %(site)s AND index > %(after)s AND index <= %(upto)s
    UNION ALL
    SELECT r.index, split_part(r.content::jsonb ->> 'about', '/A-', 2)::bigint FROM record r
    WHERE r.site = %(site)s AND r.index > %(after)s AND r.index <= %(upto)s AND r.content::jsonb ? 'about'
      AND r.kind IN ('alarm_acknowledged', 'alarm_assigned', 'alarm_commented', 'alarm_shelved', 'alarm_escalated',
                     'alarm_clear_proposed', 'alarm_cleared', 'alarm_answer_asked', 'alarm_answered')
) c JOIN alarm a ON a.site = %(site)s AND a.index = c.index

-- What the supervisor's page shows: what went around the ordinary way (as the index record_override has it, migration
-- 0008), and how an opening by break-glass goes on.
-- name: overrides_between
SELECT r.index, r.kind FROM record r
WHERE r.site = %(site)s AND r.index > %(after)s AND r.index <= %(upto)s
  AND (r.kind IN ('exception_opened', 'exception_reviewed', 'act_refused', 'act_declined', 'case_repinned', 'rules_adopted',
                  'hold_lifted', 'content_erased', 'exception_recounted', 'case_corrected')
       OR (r.kind = 'custody_step' AND r.content LIKE '%%"action":"correct"%%')
       OR (r.kind = 'act_proposed' AND r.content LIKE '%%"action":"review_exception"%%'))
UNION ALL
SELECT f.index, f.kind FROM fact f
WHERE f.site = %(site)s AND f.index > %(after)s AND f.index <= %(upto)s
  AND f.kind IN ('break_glass_clip', 'break_glass_closed')

-- name: newest_index
SELECT size - 1 AS index FROM ledger_head WHERE site = %(site)s

-- name: facts_between
SELECT index, entry::jsonb ->> 'c' AS commitment FROM ledger_entry
WHERE site = %(site)s AND index > %(after)s AND index <= %(upto)s AND entry::jsonb ->> 'type' = 'fact'
