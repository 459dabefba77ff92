-- name: unplaced
SELECT cause, place, severity, detail FROM alarm
WHERE site = %(site)s AND cleared_at IS NULL AND cause = ANY (%(causes)s) AND strpos(place, ':') = 0
ORDER BY index

-- name: so_still
SELECT a.id FROM agent a
WHERE a.id = %(agent)s AND a.site = %(site)s AND a.revoked_at IS NULL AND NOT EXISTS (
    SELECT FROM fact f
    WHERE f.agent = a.id AND f.seq > %(seq)s::bigint AND f.kind = %(kind)s
      AND f.content::jsonb ->> 'device' = %(device)s
      AND coalesce(f.content::jsonb #>> '{body,what}', %(what)s) = %(what)s
)
