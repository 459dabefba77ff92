-- name: add_fact
INSERT INTO fact (seq, content, salt, head) VALUES (?, ?, ?, ?)

-- name: last_facts
SELECT seq, content, salt, head FROM fact ORDER BY seq DESC LIMIT :limit

-- name: facts_from
SELECT seq, content, salt, head FROM fact WHERE seq >= :first ORDER BY seq LIMIT :limit

-- name: head_at
SELECT head FROM fact WHERE seq = :seq

-- name: fact_at
SELECT seq, content, salt, head FROM fact WHERE seq = :seq

-- name: mark
SELECT receipted, pruned, pruned_head FROM mark

-- name: set_receipted
UPDATE mark SET receipted = max(receipted, :upto)

-- name: newest_at
SELECT json_extract(content, '$.at') FROM fact ORDER BY seq DESC LIMIT 1

-- name: oldest
SELECT seq, head, json_extract(content, '$.at') FROM fact ORDER BY seq LIMIT :limit

-- name: span
SELECT (SELECT json_extract(content, '$.at') FROM fact ORDER BY seq LIMIT 1),
       (SELECT json_extract(content, '$.at') FROM fact ORDER BY seq DESC LIMIT 1)

-- name: prune
DELETE FROM fact WHERE seq <= :upto

-- name: set_pruned
UPDATE mark SET pruned = :upto, pruned_head = :head

-- name: count_kinds
SELECT json_extract(content, '$.kind'), count(*) FROM fact GROUP BY 1 ORDER BY 1

-- name: permits
SELECT jws FROM permit

-- name: add_permit
INSERT INTO permit (id, jws, not_after) VALUES (:id, :jws, :not_after) ON CONFLICT DO NOTHING

-- name: drop_permit
DELETE FROM permit WHERE id = :permit

-- name: add_revoked
INSERT INTO revoked (permit) VALUES (:permit) ON CONFLICT DO NOTHING

-- name: revoked
SELECT permit FROM revoked

-- name: spent
SELECT permit, thing FROM spent

-- name: spend
INSERT INTO spent (permit, thing, seq) VALUES (:permit, :thing, :seq)

-- name: unspend
DELETE FROM spent WHERE permit = :permit AND thing = :thing

-- name: holds
SELECT thing, held, at FROM hold

-- name: set_hold
INSERT INTO hold (thing, held, at) VALUES (:thing, :held, :at)
ON CONFLICT (thing) DO UPDATE SET held = excluded.held, at = excluded.at

-- name: answer
SELECT outcome, problem, seq FROM answered WHERE id = :id

-- name: set_answer
INSERT INTO answered (id, outcome, problem, seq) VALUES (:id, :outcome, :problem, :seq)
ON CONFLICT (id) DO UPDATE SET seq = excluded.seq

-- name: add_picture
INSERT INTO picture (sha256, jpeg, seq) VALUES (:sha256, :jpeg, :seq) ON CONFLICT DO NOTHING

-- name: waiting_pictures
SELECT sha256 FROM picture WHERE uploaded_at IS NULL ORDER BY seq LIMIT :limit

-- name: picture
SELECT jpeg FROM picture WHERE sha256 = :sha256

-- name: set_uploaded
UPDATE picture SET uploaded_at = :at WHERE sha256 = :sha256

-- name: drop_pictures
DELETE FROM picture WHERE uploaded_at < :before

-- name: drop_old_permits
DELETE FROM permit WHERE not_after < :before

-- name: drop_old_spent
DELETE FROM spent WHERE permit NOT IN (SELECT id FROM permit) AND seq <= (SELECT pruned FROM mark)

-- name: witnessed
SELECT note FROM witnessed WHERE origin = :origin

-- name: set_witnessed
INSERT INTO witnessed (origin, note, seq) VALUES (:origin, :note, :seq)
ON CONFLICT (origin) DO UPDATE SET note = excluded.note, seq = excluded.seq

-- name: told
SELECT at FROM told WHERE origin = :origin AND why = :why

-- name: set_told
INSERT INTO told (origin, why, at) VALUES (:origin, :why, :at)
ON CONFLICT (origin, why) DO UPDATE SET at = excluded.at

-- name: tasks
SELECT jws FROM task

-- name: add_task
INSERT INTO task (id, jws, not_after) VALUES (:id, :jws, :not_after) ON CONFLICT DO NOTHING

-- name: drop_task
DELETE FROM task WHERE id = :task

-- name: revoked_tasks
SELECT task FROM task_revoked

-- name: add_revoked_task
INSERT INTO task_revoked (task) VALUES (:task) ON CONFLICT DO NOTHING

-- name: done_tasks
SELECT task FROM task_done

-- name: do_task
INSERT INTO task_done (task, seq) VALUES (:task, :seq)

-- name: drop_old_tasks
DELETE FROM task WHERE not_after < :before

-- name: drop_old_done
DELETE FROM task_done WHERE task NOT IN (SELECT id FROM task) AND seq <= (SELECT pruned FROM mark)

-- name: slots
SELECT slot, occupied FROM slot WHERE station = :station

-- name: set_slot
INSERT INTO slot (station, slot, occupied, seq) VALUES (:station, :slot, :occupied, :seq)
ON CONFLICT (station, slot) DO UPDATE SET occupied = excluded.occupied, seq = excluded.seq

-- name: rule_packs
SELECT content, adopted FROM rule_pack

-- name: add_rule_pack
INSERT INTO rule_pack (hash, content, adopted, seq) VALUES (:hash, :content, :adopted, :seq)
ON CONFLICT (hash) DO UPDATE SET adopted = coalesce(excluded.adopted, adopted), seq = excluded.seq

-- name: renewal
SELECT body FROM renewal

-- name: set_renewal
INSERT INTO renewal (one, body) VALUES (1, :body)

-- name: drop_renewal
DELETE FROM renewal

-- name: salvaged
SELECT seq, content, salt, head FROM salvaged ORDER BY seq LIMIT :limit

-- name: add_salvaged
INSERT INTO salvaged (seq, content, salt, head) VALUES (:old, :content, :salt, :head)

-- name: drop_salvaged
DELETE FROM salvaged WHERE seq = :old

-- name: add_segment
INSERT INTO segment (sha256, bytes, camera, seq, at) VALUES (:sha256, :bytes, :camera, :seq, :at)
ON CONFLICT (sha256) DO UPDATE SET seq = excluded.seq

-- name: waiting_segments
SELECT sha256, bytes FROM segment WHERE uploaded_at IS NULL AND seq <= :receipted ORDER BY seq LIMIT :limit

-- name: set_segment_uploaded
UPDATE segment SET uploaded_at = :at WHERE sha256 = :sha256

-- name: uploaded_segments
SELECT sha256, bytes FROM segment s
WHERE uploaded_at < :before AND NOT EXISTS (
    SELECT 1 FROM clip_of c JOIN clip_thing t ON t.clip = c.clip JOIN hold h ON h.thing = t.thing
    WHERE c.sha256 = s.sha256 AND h.held)
ORDER BY uploaded_at LIMIT :limit

-- name: add_clip_of
INSERT INTO clip_of (sha256, clip) VALUES (:sha256, :clip) ON CONFLICT DO NOTHING

-- name: add_clip_thing
INSERT INTO clip_thing (clip, thing) VALUES (:clip, :thing) ON CONFLICT DO NOTHING

-- name: drop_clip_of
DELETE FROM clip_of WHERE sha256 = :sha256

-- name: drop_clip_things
DELETE FROM clip_thing WHERE clip NOT IN (SELECT clip FROM clip_of) AND clip <= (SELECT upto FROM film_mark)

-- name: drop_segment
DELETE FROM segment WHERE sha256 = :sha256 AND uploaded_at IS NOT NULL

-- name: kept_bytes
SELECT coalesce(sum(bytes) FILTER (WHERE uploaded_at IS NULL), 0), coalesce(sum(bytes), 0) FROM segment

-- name: film_mark
SELECT upto FROM film_mark

-- name: set_film_mark
INSERT INTO film_mark (one, upto) VALUES (1, :upto) ON CONFLICT (one) DO UPDATE SET upto = excluded.upto

-- name: some_segment
SELECT sha256, camera FROM segment ORDER BY sha256 LIMIT 1
OFFSET :chance % max((SELECT count(*) FROM segment), 1)

-- name: light_lists
SELECT id, body, stopped FROM light_list ORDER BY seq, id

-- name: add_light_list
INSERT INTO light_list (id, body, until, stopped, seq) VALUES (:id, :body, :until, :stopped, :seq)
ON CONFLICT (id) DO UPDATE SET stopped = max(stopped, excluded.stopped)

-- name: list_slots
SELECT list, slot, before, done FROM light_list_slot

-- name: set_list_slot
INSERT INTO light_list_slot (list, slot, before, done) VALUES (:list, :slot, :before, :done)
ON CONFLICT (list, slot) DO UPDATE SET done = excluded.done

-- name: ended_lists
SELECT list FROM light_list_end WHERE station = :station

-- name: end_list
INSERT INTO light_list_end (list, station) VALUES (:list, :station) ON CONFLICT DO NOTHING

-- name: drop_old_lists
DELETE FROM light_list WHERE until < :before

-- name: drop_old_list_slots
DELETE FROM light_list_slot WHERE list NOT IN (SELECT id FROM light_list)

-- name: drop_old_list_ends
DELETE FROM light_list_end WHERE list NOT IN (SELECT id FROM light_list)

-- name: misplaced
SELECT body FROM misplaced WHERE station = :station

-- name: set_misplaced
INSERT INTO misplaced (station, found, body) VALUES (:station, :found, :body)
ON CONFLICT (station, found) DO UPDATE SET body = excluded.body

-- name: drop_misplaced
DELETE FROM misplaced WHERE station = :station AND found = :found

-- name: door_kept
SELECT decision, opened, body FROM door_kept WHERE station = :station

-- name: keep_door
INSERT INTO door_kept (station, decision, opened, body)
VALUES (:station, CASE :fact WHEN 'decision' THEN :seq ELSE :decision END,
        CASE :fact WHEN 'opened' THEN :seq ELSE :opened END, :body)
ON CONFLICT (station) DO UPDATE SET decision = excluded.decision, opened = excluded.opened, body = excluded.body

-- name: print_runs
SELECT id, body FROM print_run ORDER BY id

-- name: set_print_run
INSERT INTO print_run (id, body) VALUES (:id, :body) ON CONFLICT (id) DO UPDATE SET body = excluded.body

-- name: end_print_run
DELETE FROM print_run WHERE id = :id

-- name: printers
SELECT name, state, trouble FROM printer

-- name: set_printer
INSERT INTO printer (name, state, trouble) VALUES (:name, :state, :trouble)
ON CONFLICT (name) DO UPDATE SET state = excluded.state, trouble = excluded.trouble
