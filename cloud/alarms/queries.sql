-- name: again
UPDATE alarm SET occurrences = occurrences + 1, last_at = %(at)s, detail = %(detail)s
WHERE site = %(site)s AND cause = %(cause)s AND place = %(place)s AND cleared_at IS NULL
RETURNING id

-- name: raise_
INSERT INTO alarm (site, cause, place, severity, detail, raised_at, last_at, index)
VALUES (%(site)s, %(cause)s, %(place)s, %(severity)s, %(detail)s, %(at)s, %(at)s, %(index)s)
RETURNING id

-- name: clear
UPDATE alarm SET cleared_at = %(at)s
WHERE site = %(site)s AND cause = %(cause)s AND place = %(place)s AND cleared_at IS NULL
RETURNING index

-- name: find
SELECT id, cause, place, severity, index, raised_at, cleared_at, cleared_by, clear_proposed_by, acknowledged_by,
       assigned_to, shelved_until, level
FROM alarm
WHERE id = %(id)s AND site = %(site)s
FOR UPDATE

-- name: propose
UPDATE alarm SET clear_proposed_by = %(person)s, clear_proposed_at = %(at)s WHERE id = %(id)s

-- One that was over by itself stays over since then: only what it was is said.
-- name: clear_one
UPDATE alarm SET cleared_at = coalesce(cleared_at, %(at)s), cleared_by = %(person)s, cleared_code = %(code)s WHERE id = %(id)s

-- Whoever does something about an alarm took notice of it; one that is set aside comes back as if nobody had.
-- name: handle
UPDATE alarm
SET acknowledged_by = CASE %(notice)s WHEN 'taken' THEN coalesce(acknowledged_by, %(person)s)
                                      WHEN 'kept' THEN acknowledged_by END,
    acknowledged_at = CASE %(notice)s WHEN 'taken' THEN coalesce(acknowledged_at, %(at)s)
                                      WHEN 'kept' THEN acknowledged_at END,
    assigned_to = coalesce(%(assigned_to)s, assigned_to),
    shelved_until = CASE WHEN %(shelving)s THEN %(shelved_until)s ELSE shelved_until END
WHERE id = %(id)s

-- name: unnoticed
SELECT id, index, cause, place, severity, level, raised_at, shelved_until FROM alarm
WHERE site = %(site)s AND cleared_at IS NULL AND acknowledged_at IS NULL
  AND (shelved_until IS NULL OR shelved_until <= %(at)s)
ORDER BY index

-- name: escalate
UPDATE alarm SET level = %(level)s WHERE id = %(id)s

-- Over by itself, and nobody was asked yet what it was; not where the same was told anew at the place of its agent.
-- name: unasked
SELECT a.id, a.index, a.cause, a.place, a.severity, a.cleared_at FROM alarm a
WHERE a.site = %(site)s AND a.cleared_by IS NULL AND a.cleared_at > %(since)s AND a.answer_due_at IS NULL
  AND a.severity = ANY (%(severities)s)
  AND NOT EXISTS (SELECT FROM alarm o WHERE o.site = a.site AND o.cause = a.cause AND o.index > a.index
                  AND right(o.place, length(a.place) + 1) = ':' || a.place)
ORDER BY a.index

-- name: ask_answer
UPDATE alarm SET answer_due_at = %(due_at)s WHERE id = %(id)s

-- name: unanswered
SELECT a.site || '/A-' || a.index AS name, a.answer_due_at FROM alarm a
WHERE a.site = %(site)s AND a.cleared_by IS NULL AND a.answer_due_at <= %(at)s
  AND NOT EXISTS (SELECT FROM alarm o WHERE o.site = a.site AND o.cause = 'answer_overdue'
                  AND o.place = a.site || '/A-' || a.index AND o.cleared_at IS NULL)
ORDER BY a.index

-- What became of an alarm, as it is filed under its name.
-- name: steps
SELECT r.index, r.kind, r.at, r.actor, p.name AS actor_name, r.content
FROM thing_entry t JOIN record r ON r.site = t.site AND r.index = t.index LEFT JOIN person p ON p.id = r.actor
WHERE t.thing = %(name)s AND t.site = %(site)s
ORDER BY r.index

-- name: shown
SELECT a.*, b.name AS acknowledged_name, c.name AS assigned_name FROM alarm a
LEFT JOIN person b ON b.id = a.acknowledged_by LEFT JOIN person c ON c.id = a.assigned_to
WHERE a.id = %(id)s AND a.site = %(site)s

-- name: colleague
SELECT id FROM person WHERE id = %(person)s AND site = %(site)s AND disabled_at IS NULL
