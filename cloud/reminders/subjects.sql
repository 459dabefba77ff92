-- Cases with things that are not at their end yet, and each clock of the law that runs, by the limits of their own rules.
-- name: case_clocks
WITH clock AS MATERIALIZED (
    SELECT p.hash, l.key AS name, make_interval(days => coalesce((l.value ->> 'days')::int, 0),
                                                hours => coalesce((l.value ->> 'hours')::int, 0)) AS lasts,
           ARRAY (SELECT s.key FROM jsonb_each(p.content::jsonb -> 'states') s WHERE s.value ? 'final') AS final
    FROM rule_pack p, LATERAL jsonb_each(p.content::jsonb -> 'limits') l
    WHERE l.key IN ('preservation', 'case_decision')
)
SELECT c.id AS about, c.number AS label, c.opened_by AS owner, k.name AS clock, c.opened_at + k.lasts AS due_at
FROM evidence_case c JOIN clock k ON k.hash = c.rule_pack
WHERE c.site = %(site)s AND c.opened_at + k.lasts BETWEEN %(since)s AND %(until)s
  AND EXISTS (SELECT FROM item i WHERE i.case_id = c.id AND NOT i.state = ANY (k.final))
ORDER BY c.index, k.name

-- name: loans
SELECT u.thing AS about, u.due_at, u.purpose AS label,
       (SELECT a.proposed_by FROM act_thing t JOIN act a ON a.id = t.act
        WHERE t.thing = u.thing AND a.action = 'approve_release' AND a.ended = 'done'
        ORDER BY a.index DESC LIMIT 1) AS owner
FROM custody u
WHERE u.site = %(site)s AND u.due_at BETWEEN %(since)s AND %(until)s
  AND 'out' IN (SELECT state FROM item WHERE id = u.thing UNION ALL SELECT state FROM package WHERE id = u.thing)
ORDER BY u.thing

-- An act waits for the seats that nobody has taken yet.
-- name: acts
SELECT a.id AS about, a.action AS label, least(a.ages_at, a.expires_at) AS due_at,
       ARRAY (SELECT DISTINCT jsonb_array_elements_text(s.roles) FROM jsonb_array_elements(a.seats) WITH ORDINALITY s (roles, n)
              WHERE NOT EXISTS (SELECT FROM act_hand h WHERE h.act = a.id AND h.seat = s.n - 1) ORDER BY 1) AS hands
FROM act a WHERE a.site = %(site)s AND a.ended IS NULL AND least(a.ages_at, a.expires_at) BETWEEN %(since)s AND %(until)s
ORDER BY a.index

-- When an agent that did not renew its certificate becomes an alarm.
-- name: certificates
SELECT c.agent AS about, max(c.not_after - (c.not_after - c.not_before) / 6) AS due_at
FROM certificate c JOIN agent a ON a.id = c.agent
WHERE c.site = %(site)s AND c.revoked_at IS NULL AND a.revoked_at IS NULL
GROUP BY c.agent ORDER BY c.agent

-- name: configurations
SELECT DISTINCT ON (d.agent) d.agent, d.payload ->> 'site_file' AS site_file FROM desired d JOIN agent a ON a.id = d.agent
WHERE d.site = %(site)s AND a.revoked_at IS NULL AND coalesce(d.outcome, '') NOT IN ('refused', 'rolled_back')
  AND d.payload ->> 'site_file' LIKE '%%scale_verified_until%%'
ORDER BY d.agent, d.version DESC

-- name: tickets
SELECT * FROM ticket WHERE site = %(site)s AND closed_at IS NULL ORDER BY index

-- name: rectifications
SELECT site || '/T-' || ticket AS about, index::text AS clock, person AS owner, due_at
FROM rectification WHERE site = %(site)s AND remedied_index IS NULL AND due_at BETWEEN %(since)s AND %(until)s
ORDER BY index

-- name: exceptions
SELECT id AS about, due_at FROM exception
WHERE site = %(site)s AND state <> 'reviewed' AND due_at BETWEEN %(since)s AND %(until)s ORDER BY index

-- name: alarm_answers
SELECT site || '/A-' || index AS about, answer_due_at AS due_at, coalesce(assigned_to, acknowledged_by) AS owner
FROM alarm
WHERE site = %(site)s AND cleared_by IS NULL AND answer_due_at BETWEEN %(since)s AND %(until)s ORDER BY index

-- name: disks
SELECT place AS about, detail ->> 'full_at' AS full_at FROM alarm
WHERE site = %(site)s AND cause = 'disk_filling' AND cleared_at IS NULL ORDER BY place

-- When the orders since a person's word "new roll" left fewer labels than that on it; what nobody knows of counts as out.
-- name: papers
WITH used AS (
    SELECT r.agent, r.name, coalesce(r.rolled_labels, r.roll) AS roll, j.ended_at,
           sum(count(*)) OVER (PARTITION BY r.agent, r.name ORDER BY j.ended_index) AS labels
    FROM printer r
    JOIN print_job j ON j.agent = r.agent AND j.printer = r.name AND j.ended_index > r.rolled_index
    JOIN print_label l ON l.job = j.id AND l.outcome IN ('printed', 'unknown')
    WHERE r.site = %(site)s
    GROUP BY r.agent, r.name, j.ended_index, j.ended_at
)
SELECT agent AS about, name AS clock, name AS label, min(ended_at) AS due_at FROM used
WHERE roll - labels < %(least)s GROUP BY agent, name ORDER BY agent, name
