-- name: evidence_case
SELECT id AS key, number, title, rule_pack, opened_at, opened_by, index, parties, vehicles, scene,
       corrected_index FROM evidence_case WHERE site = %(site)s

-- name: package
SELECT id AS key, case_id, seal_number, state, index FROM package WHERE site = %(site)s

-- name: item
SELECT id AS key, case_id, name, quantity, unit, goods, value_fen, state, package_id, index, brand, sku, corrected_index
FROM item WHERE site = %(site)s

-- name: hold
SELECT thing AS key, reason, placed_by, index FROM hold WHERE site = %(site)s

-- name: label
SELECT thing || ' ' || issue AS key, kind, issued_at, index, text AS signed, thing, issue FROM label WHERE site = %(site)s

-- name: permit
SELECT id AS key, agent, direction, not_before, not_after, payload, granted_by, revoked_at, index, jws AS signed
FROM permit WHERE site = %(site)s

-- name: permit_thing
SELECT t.permit || ' ' || t.thing AS key, t.spent_index FROM permit_thing t JOIN permit p ON p.id = t.permit
WHERE p.site = %(site)s

-- name: alarm
SELECT index::text AS key, cause, place, severity, raised_at, cleared_at, clear_proposed_by, clear_proposed_at,
       acknowledged_by, acknowledged_at, assigned_to, shelved_until, level, cleared_by, cleared_code,
       answer_due_at
FROM alarm WHERE site = %(site)s

-- name: quarantine
SELECT encode(q.sha256, 'hex') || ' ' || q.reason || ' ' || q.topic AS key, length(q.payload) AS bytes,
       q.sha256 AS digest, sha256(q.payload) AS counted
FROM quarantine q

-- name: agent
SELECT id AS key, added_at, public_key, revoked_at FROM agent WHERE site = %(site)s

-- name: person
SELECT id AS key, username, name, roles, added_at, unit, issuer, subject, disabled_at, disabled_by, password_due,
       password_at, password_by
FROM person WHERE site = %(site)s

-- name: passkey
SELECT credential AS key, person, public_key, alg, rp_id, added_at, removed_at, index FROM passkey WHERE site = %(site)s

-- name: unit
-- Every ledger tells of every unit.
SELECT id AS key, parent, name_zh, name_en FROM unit

-- name: site
SELECT id AS key, unit FROM site WHERE id = %(site)s AND unit IS NOT NULL

-- name: agent_order
SELECT o.id || ' ' || o.agent AS key, o.agent, o.answered_index, o.answer FROM agent_order o
JOIN agent a ON a.id = o.agent WHERE a.site = %(site)s AND o.answered_index IS NOT NULL

-- name: key_life
SELECT role || ' ' || owner || ' ' || kid AS key, public_key, born, ended, why FROM key_life WHERE site = %(site)s

-- name: erasure
SELECT index::text AS key, entry FROM erasure WHERE site = %(site)s

-- name: import
SELECT id AS key, source, sha256, rows, made, taken_at, taken_by, index FROM import WHERE site = %(site)s

-- name: import_row
SELECT import || ' ' || source || ' ' || key AS key, thing AS item, sha256, seized_at FROM import_row WHERE site = %(site)s

-- name: authority
SELECT fingerprint AS key, certificate, index FROM authority WHERE site = %(site)s

-- name: claim
SELECT id AS key, agent, again, made_by, made_at, expires_at, index, request, public_key, fingerprint, asked_at, asked_index,
       ended, ended_by, ended_at, ended_index FROM claim WHERE site = %(site)s

-- name: certificate
SELECT serial AS key, agent, pem, not_before, not_after, why, claim, replaces, index, revoked_at, revoked_why, revoked_by,
       revoked_index FROM certificate WHERE site = %(site)s

-- name: desired
SELECT agent || ' ' || version AS key, hash, payload, reason, made_by, made_at, index, outcome, outcome_index, jws AS signed
FROM desired WHERE site = %(site)s

-- name: program
SELECT sha256 AS key, version, bytes, manifest, notes, brought_by, brought_at, index, approved_at, approved_index
FROM program WHERE site = %(site)s

-- name: agent_update
SELECT agent || ' ' || number AS key, sha256, version, order_id, ordered_by, ordered_at, index, state, state_index
FROM agent_update WHERE site = %(site)s

-- name: webhook
SELECT id AS key, name, url, events, signs, secret, paused, made_by, made_at, index, newest, ended_at
FROM webhook WHERE site = %(site)s

-- name: passage_count
SELECT count(*) AS passages FROM passage WHERE site = %(site)s

-- name: thing_entries_beyond
SELECT thing, index FROM thing_entry WHERE site = %(site)s AND index >= %(size)s LIMIT 1

-- name: stills
SELECT m.sha256, m.bytes FROM media m LEFT JOIN agent a ON a.id = m.agent LEFT JOIN person p ON p.id = m.person
WHERE coalesce(a.site, p.site) = %(site)s AND m.erased_index IS NULL AND m.sha256 > %(after)s ORDER BY m.sha256 LIMIT 200

-- name: still_count
SELECT count(*) AS stills FROM media m LEFT JOIN agent a ON a.id = m.agent LEFT JOIN person p ON p.id = m.person
WHERE coalesce(a.site, p.site) = %(site)s AND m.erased_index IS NULL

-- name: stills_not_kept
SELECT count(*) AS stills FROM passage p LEFT JOIN media m ON m.sha256 = p.picture
WHERE p.site = %(site)s AND p.picture IS NOT NULL AND m.sha256 IS NULL

-- Erased ones are in `media` too.
-- name: segments_not_kept
SELECT count(DISTINCT s.sha256) AS segments FROM clip_segment s LEFT JOIN media m ON m.sha256 = s.sha256
WHERE s.site = %(site)s AND m.sha256 IS NULL

-- What was taken out of the store without an entry that says so: film is named by the one that removed it.
-- name: removed_unsaid
SELECT m.sha256, m.erased_index FROM media m LEFT JOIN agent a ON a.id = m.agent LEFT JOIN person p ON p.id = m.person
LEFT JOIN record r ON r.index = m.erased_index AND r.site = coalesce(m.erased_site, a.site, p.site)
WHERE coalesce(a.site, p.site) = %(site)s AND m.erased_index IS NOT NULL
  AND NOT coalesce(r.kind = 'content_erased' OR (r.kind = 'film_removed' AND strpos(r.content, m.sha256) > 0), false)
ORDER BY m.sha256 LIMIT 1

-- name: zone
SELECT id AS key, name, class, index FROM zone WHERE site = %(site)s

-- name: slot
SELECT id AS key, zone, name, size, capacity, agent, index FROM slot WHERE site = %(site)s

-- name: custody
SELECT thing AS key, slot, size, weight_g, openings, parent, purpose, due_at, method, index FROM custody WHERE site = %(site)s

-- name: thing_hand
SELECT thing || ' ' || action || ' ' || person AS key FROM thing_hand WHERE thing LIKE %(site)s || '/%%'

-- name: act
SELECT id AS key, action, things, details, hash, rule, rule_pack, seats, proposed_by, proposed_at, expires_at, ages_at, index,
       ended, ended_at, ended_index FROM act WHERE site = %(site)s

-- name: act_hand
SELECT h.act || ' ' || h.person || ' ' || h.part AS key, h.seat, h.credential, h.at, h.signature, h.index
FROM act_hand h JOIN act a ON a.id = h.act WHERE a.site = %(site)s

-- name: pack_adoption
SELECT index::text AS key, hash, effective_from FROM pack_adoption WHERE site = %(site)s

-- The checkpoint that should have drawn: the first that covers the opening.
-- name: stock_take
SELECT t.id AS key, t.kind, t.zone, t.cause, t.opened_by, t.opened_at, t.index, t.population, t.population_hash,
       t.wanted, t.state, t.checkpoint_size, t.checkpoint_root, t.drawn_index, t.keeper, t.bookkeeper, t.keeper_index,
       t.bookkeeper_index, t.compared_index, t.compared_at, t.closed_index, t.closed_at,
       CASE WHEN t.drawn_index IS NOT NULL THEN c.size END AS first_size,
       CASE WHEN t.drawn_index IS NOT NULL THEN c.root END AS first_root
FROM stock_take t
LEFT JOIN LATERAL (
    SELECT size, root FROM checkpoint WHERE site = t.site AND size > t.index ORDER BY size LIMIT 1
) c ON true
WHERE t.site = %(site)s

-- name: stock_take_line
SELECT l.stock_take || ' ' || l.thing AS key, l.slot, l.quantity, l.drawn
FROM stock_take_line l JOIN stock_take t ON t.id = l.stock_take WHERE t.site = %(site)s

-- Scans are told to the log when their counter closes.
-- name: stock_take_count
SELECT c.stock_take || ' ' || c.person || ' ' || c.key AS key, c.thing AS scanned, c.slot, c.quantity, c.taken_back,
       c.issue AS label_issue, c.at
FROM stock_take_count c JOIN stock_take t ON t.id = c.stock_take
WHERE t.site = %(site)s AND NOT coalesce(c.person = t.keeper AND t.keeper_index IS NULL, false)
  AND NOT coalesce(c.person = t.bookkeeper AND t.bookkeeper_index IS NULL, false)

-- name: difference
SELECT d.stock_take || ' ' || d.thing AS key, d.kind, d.expected, d.keeper, d.bookkeeper, d.answer, d.reference,
       d.reason, d.answered_by, d.answered_at, d.answered_index
FROM difference d JOIN stock_take t ON t.id = d.stock_take WHERE t.site = %(site)s

-- name: task
SELECT id AS key, agent, payload, granted_by, index, revoked_at, done_index, jws AS signed FROM task WHERE site = %(site)s

-- name: movement
SELECT array_to_string('entry:' || index || things, ' ') AS key, action, things, at, until, error_ms, window_s, stay_s, traces, needs,
       places, corroborated_by, state, judged_index FROM movement WHERE site = %(site)s

-- name: observation
SELECT 'entry:' || index || ' ' || place AS key, kind, what, at, error_ms, explained_by, state, judged_index
FROM observation WHERE site = %(site)s

-- name: slot_sensor
SELECT slot AS key, occupied, at, index FROM slot_sensor WHERE site = %(site)s

-- name: exception
SELECT id AS key, agent, station, input, opened_seq, opened_index, opened_at, closed_index, closed_at, open_ms, crossings,
       pictures, missed, recounts, due_at, state, finding, reviewed_index, index FROM exception WHERE site = %(site)s

-- name: clip_segment
SELECT 'entry:' || index AS key, agent, clip, station, camera, sha256, bytes, begun, ended, error_ms, frames
FROM clip_segment WHERE site = %(site)s

-- name: clip
SELECT 'entry:' || index AS key, agent, clip, station, camera, events, segments, missing_before_ms, missing_after_ms,
       missing_between_ms FROM clip WHERE site = %(site)s

-- name: door
SELECT agent || ' ' || station AS key, guards, zones, index FROM door WHERE site = %(site)s

-- name: door_session
SELECT 'entry:' || index AS key, agent, station, state, at, decision_seq, rule, reason, subject, task, permit, things,
       people, picture, how, opened_seq, opened_index, opened_at, held_index, closed_index, closed_at, open_ms, moved,
       heads_in, heads_out
FROM door_session WHERE site = %(site)s

-- name: sensor
SELECT concat_ws(' ', agent, device, measures) AS key, station, index FROM sensor WHERE site = %(site)s

-- name: contact
SELECT concat_ws(' ', agent, device, contact) AS key, station, sensor, active, at, index
FROM contact WHERE site = %(site)s

-- name: reading_gap
SELECT 'entry:' || index || ' ' || device AS key, agent, count, since, until, why
FROM reading_gap WHERE site = %(site)s

-- name: light_list
SELECT id AS key, way, colour, until, started_by, index, stopped_index FROM light_list WHERE site = %(site)s

-- name: light_list_slot
SELECT list || ' ' || slot AS key, position, things, agent, done_index, done_by FROM light_list_slot WHERE site = %(site)s

-- name: misplacement
SELECT 'entry:' || index AS key, agent, station, found, expected, moved, by, task, list, things, at, ended_index,
       ended_at, how FROM misplacement WHERE site = %(site)s
-- name: ticket
SELECT site || '/T-' || index AS key, type, state, round, opened_by, opened_at, assigned_to, alarm, links, place, since,
       newest, repliers, reminded_index, overdue_index, closed_at
FROM ticket WHERE site = %(site)s

-- name: ticket_pause
SELECT site || '/T-' || ticket || ' ' || index AS key, paused_at, resumed_at FROM ticket_pause WHERE site = %(site)s

-- name: rectification
SELECT site || '/T-' || ticket || ' ' || index AS key, person, ordered_by, due_at, remedied_index, confirmed_index,
       overdue_index
FROM rectification WHERE site = %(site)s

-- name: reminder
SELECT index || ' ' || person AS key, subject, about, clock, label, due_at, before_s, severity, urgent, made_at, index,
       read_at, read_index
FROM reminder WHERE site = %(site)s

-- name: print_job
SELECT id AS key, agent, printer, sent_by, sent_at, index, how, again, outcome, problem, ended_at, ended_index
FROM print_job WHERE site = %(site)s

-- name: print_label
SELECT concat_ws(' ', job, position, thing, issue) AS key, outcome FROM print_label WHERE site = %(site)s

-- name: printer
SELECT agent || ' ' || name AS key, state, trouble, problem, at, index, roll, ran_out, reloaded_index, rolled_index,
       rolled_at, rolled_by, rolled_labels FROM printer WHERE site = %(site)s
