-- name: tiles
SELECT t.level, t.n, t.hashes
FROM unnest(%(levels)s::smallint[], %(ns)s::bigint[]) AS w (level, n)
JOIN ledger_tile t ON t.site = %(site)s AND t.level = w.level AND t.n = w.n

-- name: any_tile
SELECT EXISTS (SELECT FROM ledger_tile WHERE site = %(site)s) AS there

-- name: put_tiles
INSERT INTO ledger_tile (site, level, n, hashes)
SELECT %(site)s, w.level, w.n, w.hashes
FROM unnest(%(levels)s::smallint[], %(ns)s::bigint[], %(hashes)s::bytea[]) AS w (level, n, hashes)
ON CONFLICT (site, level, n) DO UPDATE SET hashes = excluded.hashes

-- name: lock_size
SELECT size FROM ledger_head WHERE site = %(site)s FOR UPDATE

-- name: entries_below
SELECT entry FROM ledger_entry WHERE site = %(site)s AND index < %(size)s ORDER BY index

-- name: entries_between
SELECT index, entry FROM ledger_entry WHERE site = %(site)s AND index >= %(low)s AND index < %(high)s ORDER BY index

-- name: is_checkpoint_between
SELECT EXISTS (
    SELECT FROM checkpoint WHERE site = %(site)s AND size BETWEEN %(low)s AND %(high)s
) AS there

-- name: log_keys
SELECT owner, public_key FROM key_life WHERE site = %(site)s AND role = 'log' AND ended IS NULL ORDER BY born
