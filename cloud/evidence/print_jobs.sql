-- name: add_job
INSERT INTO print_job (id, site, agent, printer, sent_by, sent_at, index, how, again)
VALUES (%(id)s, %(site)s, %(agent)s, %(printer)s, %(by)s, %(at)s, %(index)s, %(how)s, %(again)s)

-- name: add_labels
INSERT INTO print_label (job, position, site, thing, issue)
SELECT %(job)s, number - 1, %(site)s, thing, issue
FROM unnest(%(things)s::text[], %(issues)s::int[]) WITH ORDINALITY AS label (thing, issue, number)

-- name: open_job
SELECT id FROM print_job
WHERE id = %(id)s AND site = %(site)s AND agent = %(agent)s AND ended_index IS NULL FOR UPDATE

-- name: labels_of
SELECT position, thing, issue FROM print_label WHERE job = %(job)s ORDER BY position

-- name: end_labels
UPDATE print_label l SET outcome = told.outcome
FROM unnest(%(outcomes)s::text[]) WITH ORDINALITY AS told (outcome, number)
WHERE l.job = %(job)s AND l.position = told.number - 1

-- name: end_job
UPDATE print_job SET outcome = %(outcome)s, problem = %(problem)s, ended_at = %(at)s, ended_index = %(index)s
WHERE id = %(job)s

-- All orders of one record are on one page.
-- name: jobs
SELECT j.id, j.agent, j.printer, j.sent_by, p.name AS sent_name, j.sent_at, j.index, j.how, j.again, j.outcome, j.problem,
       j.ended_at, j.ended_index
FROM print_job j LEFT JOIN person p ON p.id = j.sent_by
WHERE j.site = %(site)s AND j.index < %(before)s AND (%(id)s::text IS NULL OR j.id = %(id)s)
  AND (%(agent)s::text IS NULL OR j.agent = %(agent)s)
  AND (%(thing)s::text IS NULL OR j.id IN (SELECT job FROM print_label WHERE thing = %(thing)s))
ORDER BY j.index DESC FETCH FIRST (%(most)s) ROWS WITH TIES

-- name: labels_shown
SELECT l.job, l.thing, l.issue, l.outcome, coalesce(i.name, '封签 ' || p.seal_number, u.name, s.name, '') AS name
FROM print_label l
LEFT JOIN item i ON i.id = l.thing
LEFT JOIN package p ON p.id = l.thing
LEFT JOIN person u ON u.id = l.thing
LEFT JOIN slot s ON s.id = l.thing
WHERE l.job = ANY (%(jobs)s) ORDER BY l.job, l.position

-- name: set_printer
INSERT INTO printer (site, agent, name, state, trouble, problem, at, index, roll, ran_out)
VALUES (%(site)s, %(agent)s, %(name)s, %(state)s, %(trouble)s, %(problem)s, %(at)s, %(index)s, %(roll)s,
        %(state)s = 'paper_out')
ON CONFLICT (agent, name) DO UPDATE SET
    state = excluded.state, trouble = excluded.trouble, problem = excluded.problem, at = excluded.at,
    index = excluded.index, roll = excluded.roll,
    ran_out = excluded.state <> 'ready' AND (printer.ran_out OR excluded.ran_out),
    reloaded_index = CASE WHEN excluded.state = 'ready' AND printer.ran_out THEN excluded.index ELSE printer.reloaded_index END

-- name: new_roll
INSERT INTO printer (site, agent, name, rolled_index, rolled_at, rolled_by, rolled_labels)
VALUES (%(site)s, %(agent)s, %(name)s, %(index)s, %(at)s, %(by)s, %(labels)s)
ON CONFLICT (agent, name) DO UPDATE SET
    rolled_index = excluded.rolled_index, rolled_at = excluded.rolled_at, rolled_by = excluded.rolled_by,
    rolled_labels = excluded.rolled_labels, ran_out = false, reloaded_index = NULL

-- What came out since somebody said "new roll", labels of which nobody knows among them.
-- name: printers
SELECT r.agent, r.name AS printer, r.state, r.trouble, r.problem, r.at, r.index, r.rolled_at, r.rolled_index, r.rolled_by,
       p.name AS rolled_name, coalesce(r.rolled_labels, r.roll) AS roll, r.reloaded_index IS NOT NULL AS reloaded,
       (SELECT count(*)::int FROM print_job j JOIN print_label l ON l.job = j.id
        WHERE j.agent = r.agent AND j.printer = r.name AND j.ended_index > r.rolled_index
          AND l.outcome IN ('printed', 'unknown')) AS used
FROM printer r LEFT JOIN person p ON p.id = r.rolled_by
WHERE r.site = %(site)s ORDER BY r.agent, r.name
