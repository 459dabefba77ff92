-- name: add_task
INSERT INTO task (id, site, agent, payload, jws, granted_by, index, order_id)
VALUES (%(id)s, %(site)s, %(agent)s, %(payload)s, %(jws)s, %(granted_by)s, %(index)s, %(order_id)s)

-- name: task_people
SELECT id, roles FROM person WHERE site = %(site)s AND disabled_at IS NULL AND roles && %(roles)s::text[] ORDER BY id

-- name: task_to_end
SELECT agent, payload, revoked_at, done_index FROM task WHERE id = %(task)s AND site = %(site)s

-- name: revoke_task
UPDATE task SET revoked_at = %(at)s WHERE id = %(task)s

-- name: task_done
UPDATE task SET done_index = %(index)s
WHERE id = %(task)s AND site = %(site)s AND agent = %(agent)s AND done_index IS NULL RETURNING payload, revoked_at

-- name: tasks
SELECT t.id, t.agent, t.payload, t.granted_by, t.index, t.revoked_at, t.done_index, o.answer
FROM task t JOIN agent_order o ON o.id = t.order_id
WHERE t.site = %(site)s AND t.index < %(before)s AND (%(id)s::text IS NULL OR t.id = %(id)s)
ORDER BY t.index DESC LIMIT %(most)s
