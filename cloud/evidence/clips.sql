-- name: add_segment
INSERT INTO clip_segment (site, index, agent, clip, station, camera, sha256, bytes, begun, ended, error_ms, frames)
VALUES (%(site)s, %(index)s, %(agent)s, %(clip)s, %(station)s, %(camera)s, %(sha256)s, %(bytes)s, %(begun)s, %(ended)s,
        %(error_ms)s, %(frames)s)

-- name: add_clip
INSERT INTO clip (site, index, agent, clip, station, camera, events, segments, missing_before_ms, missing_after_ms,
                  missing_between_ms)
VALUES (%(site)s, %(index)s, %(agent)s, %(clip)s, %(station)s, %(camera)s, %(events)s, %(segments)s,
        %(missing_before_ms)s, %(missing_after_ms)s, %(missing_between_ms)s)

-- name: entries_of
SELECT index FROM fact WHERE site = %(site)s AND agent = %(agent)s AND seq = ANY (%(events)s)

-- name: things_of
SELECT DISTINCT thing FROM thing_entry WHERE site = %(site)s AND index = ANY (%(indexes)s) ORDER BY thing

-- name: clips_of
WITH named AS (
    SELECT clip FROM clip WHERE agent = %(agent)s AND site = %(site)s AND events @> ARRAY[%(seq)s::bigint]
    UNION SELECT clip FROM clip_segment WHERE agent = %(agent)s AND site = %(site)s AND clip = %(seq)s
)
SELECT n.clip, coalesce(c.station, s.station) AS station, coalesce(c.camera, s.camera) AS camera,
       c.index AS closed_index, c.missing_before_ms, c.missing_after_ms, c.missing_between_ms
FROM named n
LEFT JOIN LATERAL (SELECT * FROM clip WHERE agent = %(agent)s AND clip = n.clip ORDER BY index LIMIT 1) c ON true
LEFT JOIN LATERAL (
    SELECT station, camera FROM clip_segment WHERE agent = %(agent)s AND clip = n.clip ORDER BY index LIMIT 1
) s ON true
ORDER BY n.clip

-- name: segments_of
SELECT s.clip, s.sha256, s.bytes, s.begun, s.ended, s.error_ms, s.frames, s.index,
       m.sha256 IS NOT NULL AND m.erased_index IS NULL AS ready, m.erased_index IS NOT NULL AS erased
FROM clip_segment s LEFT JOIN media m ON m.sha256 = s.sha256
WHERE s.agent = %(agent)s AND s.site = %(site)s AND s.clip = ANY (%(clips)s)
ORDER BY s.clip, s.begun, s.index

-- name: motion
SELECT index, agent, seq, content FROM fact
WHERE site = %(site)s AND kind = 'motion_seen' AND content IS NOT NULL
  AND at >= %(since)s AND at < %(until)s AND (%(agent)s::text IS NULL OR agent = %(agent)s)
ORDER BY at DESC, index DESC LIMIT %(limit)s
