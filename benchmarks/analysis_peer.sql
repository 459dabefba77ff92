-- What any look at the records of a period costs at the least.
-- name: read_once
SELECT count(content::jsonb -> 'action') FROM record WHERE site = 'nj01' AND index >= %(first)s AND index < %(end)s
