-- name: me
SELECT name, key FROM me;

-- name: be
INSERT INTO me VALUES (1, :name, :key);

-- name: newest
SELECT note FROM newest WHERE origin = :origin;

-- name: newest_by_hash
SELECT note FROM newest WHERE origin_sha256 = :origin_sha256;

-- name: all_newest
SELECT note, cosigned_at_s FROM newest ORDER BY origin;

-- name: keep
INSERT INTO newest VALUES (:origin, :origin_sha256, :note, :cosigned_at_s)
ON CONFLICT (origin) DO UPDATE SET note = excluded.note, cosigned_at_s = excluded.cosigned_at_s;

-- name: accuse
-- One proof is enough, so the first stay; of what proves nothing by itself the newest stay. The disk stays bounded.
INSERT INTO accusation (origin, kind, proves, text_sha256, status, why, request, seen, at_s)
SELECT :origin, :kind, :proves, :text_sha256, :status, :why, :request, :seen, :at_s
WHERE NOT :proves OR (SELECT count(*) FROM accusation WHERE origin = :origin AND proves) < :most
ON CONFLICT (origin, kind, text_sha256) DO NOTHING;

-- name: forget
DELETE FROM accusation WHERE origin = :origin AND NOT proves AND number <= (
    SELECT number FROM accusation WHERE origin = :origin AND NOT proves ORDER BY number DESC LIMIT 1 OFFSET :most
);

-- name: accusations
SELECT number, origin, kind, proves, status, why, request, seen, at_s FROM accusation ORDER BY number;
