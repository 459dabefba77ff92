-- What a name is of; tickets and alarms are called by the entries that opened or raised them.
-- name: known
SELECT 'thing' AS kind, NULL::bigint AS index FROM (
    SELECT id FROM evidence_case WHERE id = %(thing)s AND site = %(site)s
    UNION ALL SELECT id FROM item WHERE id = %(thing)s AND site = %(site)s
    UNION ALL SELECT id FROM package WHERE id = %(thing)s AND site = %(site)s
    UNION ALL SELECT id FROM slot WHERE id = %(thing)s AND site = %(site)s
    UNION ALL SELECT id FROM person WHERE id = %(thing)s AND site = %(site)s
    UNION ALL SELECT id FROM permit WHERE id = %(thing)s AND site = %(site)s
    UNION ALL SELECT id FROM act WHERE id = %(thing)s AND site = %(site)s
    UNION ALL (SELECT thing FROM thing_entry WHERE thing = %(thing)s AND site = %(site)s LIMIT 1)) AS thing
WHERE NOT EXISTS (SELECT FROM search_entry WHERE thing = %(thing)s AND kind IN ('ticket', 'alarm'))
UNION ALL SELECT e.kind, substring(e.thing FROM '[0-9]+$')::bigint FROM search_entry e
WHERE e.thing = %(thing)s AND e.site = %(site)s AND e.kind IN ('ticket', 'alarm')

-- Where an entry comes from: the agent's fact, or the cloud's record; for one about an alarm, the fact that this is about,
-- and the second of it.
-- name: origin
SELECT coalesce(f.at, r.at) AS at, f.agent, f.seq, p.index AS passage, t.index AS ticket, a.index AS alarm, a.raised_at AS about_at,
       coalesce(a.detail ->> 'agent', (SELECT g.id FROM agent g WHERE g.id = split_part(a.place, ':', 1))) AS about_agent,
       CASE WHEN jsonb_typeof(a.detail -> 'seq') = 'number' THEN (a.detail ->> 'seq')::numeric::bigint END AS about_seq
FROM ledger_entry l
LEFT JOIN fact f ON f.site = l.site AND f.index = l.index
LEFT JOIN record r ON r.site = l.site AND r.index = l.index
LEFT JOIN alarm a ON a.site = l.site AND a.index = l.index
LEFT JOIN ticket t ON t.site = l.site AND t.index = l.index
LEFT JOIN passage p ON p.site = l.site AND (p.crossed_index = l.index OR p.abandoned_index = l.index)
WHERE l.site = %(site)s AND l.index = %(entry)s

-- name: fact_entry
SELECT index, at FROM fact WHERE agent = %(agent)s AND seq = %(seq)s AND site = %(site)s

-- One query for all that belongs together. `asked` is the thing that was named; `start` is that, or what the entries name;
-- `reach` is what a case, a slot, an act or a permit among them is about, `near` also what that is in and what is in it.
-- Each kind is cut off at one more than is shown.
-- name: links
WITH start AS (
    SELECT %(thing)s::text AS thing WHERE %(thing)s::text IS NOT NULL
    UNION SELECT thing FROM thing_entry WHERE site = %(site)s AND index = ANY (%(entries)s)
    UNION SELECT unnest(things || people) FROM passage WHERE site = %(site)s AND index = ANY (%(entries)s)
    UNION SELECT unnest(things || people || permit) FROM door_session WHERE site = %(site)s AND index = ANY (%(entries)s)
    UNION SELECT actor FROM record WHERE site = %(site)s AND index = ANY (%(entries)s)
    UNION SELECT site || '/A-' || index FROM alarm WHERE site = %(site)s AND index = ANY (%(entries)s)
    UNION SELECT site || '/T-' || index FROM ticket WHERE site = %(site)s AND index = ANY (%(entries)s)
    UNION SELECT unnest(links || assigned_to || opened_by) FROM ticket WHERE site = %(site)s AND index = %(ticket)s
    UNION SELECT %(site)s || '/A-' || alarm FROM ticket WHERE site = %(site)s AND index = %(ticket)s
    UNION SELECT unnest(ARRAY[place, assigned_to]) FROM alarm WHERE site = %(site)s AND index = %(alarm)s
    UNION SELECT each #>> '{}' FROM alarm, jsonb_path_query(detail, 'strict $.** ? (@.type() == "string")') AS each
    WHERE site = %(site)s AND index = %(alarm)s
), reach AS (
    SELECT thing FROM start
    UNION (SELECT id FROM item WHERE site = %(site)s AND case_id IN (SELECT thing FROM start) LIMIT 500)
    UNION (SELECT id FROM package WHERE site = %(site)s AND case_id IN (SELECT thing FROM start) LIMIT 500)
    UNION (SELECT thing FROM custody WHERE site = %(site)s AND slot IN (SELECT thing FROM start) LIMIT 100)
    UNION SELECT t.thing FROM act_thing t WHERE t.act IN (SELECT thing FROM start)
    UNION SELECT t.thing FROM permit_thing t WHERE t.permit IN (SELECT thing FROM start)
    UNION SELECT l.thing FROM print_label l WHERE l.job IN (SELECT thing FROM start)
), near AS (
    SELECT thing FROM reach
    UNION SELECT package_id FROM item WHERE site = %(site)s AND id IN (SELECT thing FROM reach)
    UNION (SELECT id FROM item WHERE site = %(site)s AND package_id IN (SELECT thing FROM reach) LIMIT 500)
), acts AS (
    SELECT a.* FROM act a WHERE a.site = %(site)s AND (
        a.id IN (SELECT thing FROM start) OR a.id IN (SELECT t.act FROM act_thing t WHERE t.thing IN (SELECT thing FROM near))
        OR a.id IN (SELECT h.act FROM act_hand h WHERE h.person = %(person)s))
    ORDER BY a.index DESC LIMIT %(most)s
), tickets AS (
    SELECT t.* FROM ticket t WHERE t.site = %(site)s AND (
        t.links && ARRAY(SELECT thing FROM near) OR t.site || '/T-' || t.index IN (SELECT thing FROM start)
        OR t.site || '/A-' || t.alarm IN (SELECT thing FROM start) OR %(person)s IN (t.assigned_to, t.opened_by))
    ORDER BY t.index DESC LIMIT %(most)s
)
(SELECT 'case' AS kind, c.id AS thing, c.number AS name, c.title AS more, c.opened_at AS at, c.index, NULL::bigint AS alarm
 FROM evidence_case c WHERE c.site = %(site)s AND c.id IN (
     SELECT thing FROM start UNION SELECT case_id FROM item WHERE id IN (SELECT thing FROM near)
     UNION SELECT case_id FROM package WHERE id IN (SELECT thing FROM near))
 ORDER BY c.index DESC LIMIT %(most)s)
UNION ALL
(SELECT 'item', i.id, i.name, i.state, NULL, i.index, NULL FROM item i
 WHERE i.site = %(site)s AND i.id IN (SELECT thing FROM near) ORDER BY i.index DESC LIMIT %(most)s)
UNION ALL
(SELECT 'package', p.id, p.seal_number, p.state, NULL, p.index, NULL FROM package p
 WHERE p.site = %(site)s AND p.id IN (SELECT thing FROM near) ORDER BY p.index DESC LIMIT %(most)s)
UNION ALL
(SELECT 'slot', s.id, s.name, z.name, NULL, s.index, NULL FROM slot s JOIN zone z ON z.id = s.zone
 WHERE s.site = %(site)s AND s.id IN (
     SELECT thing FROM start UNION SELECT slot FROM custody WHERE thing IN (SELECT thing FROM near))
 ORDER BY s.name LIMIT %(most)s)
UNION ALL
(SELECT 'person', p.id, p.name, NULL, NULL, NULL, NULL FROM person p WHERE p.site = %(site)s AND p.id IN (
     SELECT thing FROM start
     UNION SELECT h.person FROM act_hand h WHERE h.act IN (SELECT id FROM acts)
     UNION SELECT h.person FROM thing_hand h WHERE h.thing IN (SELECT thing FROM start)
     UNION SELECT unnest(ARRAY[t.opened_by, t.assigned_to]) FROM tickets t
     UNION SELECT opened_by FROM evidence_case WHERE id IN (SELECT thing FROM start))
 ORDER BY p.name LIMIT %(most)s)
UNION ALL
(SELECT 'permit', p.id, p.agent, p.direction, p.not_before, p.index, NULL FROM permit p WHERE p.site = %(site)s AND (
     p.id IN (SELECT thing FROM start)
     OR p.id IN (SELECT t.permit FROM permit_thing t WHERE t.thing IN (SELECT thing FROM near)))
 ORDER BY p.index DESC LIMIT %(most)s)
UNION ALL
(SELECT 'print_job', j.id, j.printer, coalesce(j.outcome, 'waiting'), j.sent_at, j.index, NULL FROM print_job j
 WHERE j.site = %(site)s AND j.id IN (
     SELECT thing FROM start UNION SELECT l.job FROM print_label l WHERE l.thing IN (SELECT thing FROM reach))
 ORDER BY j.index DESC LIMIT %(most)s)
UNION ALL
(SELECT 'act', a.id, a.action, coalesce(a.ended, 'open'), a.proposed_at, a.index, NULL FROM acts a)
UNION ALL
(SELECT 'ticket', t.site || '/T-' || t.index, CASE WHEN r.content LIKE '{%%' THEN r.content::jsonb ->> 'title' END, t.state,
        t.opened_at, t.index, NULL
 FROM tickets t LEFT JOIN record r ON r.site = t.site AND r.index = t.index)
UNION ALL
(SELECT 'alarm', a.site || '/A-' || a.index, a.cause, a.place, a.raised_at, a.index, a.id FROM alarm a
 WHERE a.site = %(site)s AND (
     a.place = ANY (ARRAY(SELECT thing FROM near)) OR a.index = ANY (ARRAY(SELECT t.alarm FROM tickets t))
     OR a.index = ANY (ARRAY(SELECT substr(thing, length(%(site)s) + 4)::bigint FROM start
                             WHERE thing ~ ('^' || %(site)s || '/A-[0-9]{1,15}$')))
     OR a.index = ANY (%(about)s))
 ORDER BY a.index DESC LIMIT %(most)s)

-- Alarms about the facts of the entries: they name them by agent and seq.
-- name: alarms_about
SELECT a.index FROM fact f JOIN alarm a ON a.site = f.site AND a.detail ->> 'agent' = f.agent
  AND a.detail -> 'seq' = to_jsonb(f.seq)
WHERE f.site = %(site)s AND f.index = ANY (%(entries)s)

-- Passages, door sessions and clips: those of the entries and of what is filed with the thing, those whose session was
-- open at that second, and the film that shows it.
-- name: moments
WITH about AS (
    (SELECT DISTINCT index FROM thing_entry WHERE site = %(site)s AND thing = ANY (%(things)s) ORDER BY index DESC LIMIT 300)
    UNION SELECT unnest(%(entries)s::bigint[])
)
(SELECT 'passage' AS kind, p.index, p.at, p.agent, coalesce(c.clip, p.seq) AS seq, p.station, p.outcome AS name,
        c.clip IS NOT NULL AS film
 FROM passage p
 LEFT JOIN LATERAL (
     SELECT c.clip FROM fact f JOIN clip c ON c.agent = f.agent AND c.events @> ARRAY[f.seq]
     WHERE f.site = p.site AND f.index IN (p.index, p.crossed_index, p.abandoned_index) LIMIT 1) c ON true
 WHERE p.site = %(site)s AND (p.index IN (SELECT index FROM about) OR p.people @> ARRAY[%(person)s::text])
 ORDER BY p.index DESC LIMIT %(most)s)
UNION ALL
(SELECT 'door_session', d.index, coalesce(d.opened_at, d.at), d.agent, coalesce(c.clip, d.opened_seq, d.decision_seq),
        d.station, d.state, c.clip IS NOT NULL
 FROM door_session d
 LEFT JOIN LATERAL (
     SELECT c.clip FROM clip c WHERE c.site = d.site AND c.agent = d.agent
       AND c.events && array_remove(ARRAY[d.decision_seq, d.opened_seq], NULL) LIMIT 1) c ON true
 WHERE d.site = %(site)s AND (
     d.index IN (SELECT index FROM about) OR d.things && %(things)s OR d.people @> ARRAY[%(person)s::text]
     OR (d.agent = %(agent)s AND d.opened_at <= %(at)s AND coalesce(d.closed_at, 'infinity') >= %(at)s))
 ORDER BY d.index DESC LIMIT %(most)s)
UNION ALL
(SELECT 'clip', c.index, coalesce(%(at)s, f.at, s.begun), c.agent, c.clip, c.station, c.camera, true
 FROM clip c
 LEFT JOIN fact f ON f.agent = c.agent AND f.seq = c.clip
 JOIN LATERAL (SELECT min(begun) AS begun, max(ended) AS ended FROM clip_segment s WHERE s.agent = c.agent AND s.clip = c.clip) s
   ON s.begun IS NOT NULL
 WHERE c.site = %(site)s AND (
     c.index IN (SELECT index FROM about) OR (c.agent = %(agent)s AND c.events @> ARRAY[%(seq)s::bigint])
     OR c.clip IN (SELECT g.clip FROM clip_segment g WHERE g.site = %(site)s AND g.agent = c.agent
                   AND g.begun <= %(at)s AND g.begun > %(at)s - interval '1 minute' AND g.ended >= %(at)s
                   AND (%(agent)s::text IS NULL OR g.agent = %(agent)s)))
 ORDER BY c.index DESC LIMIT %(most)s)
