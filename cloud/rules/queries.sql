-- name: keep_pack
INSERT INTO rule_pack (hash, name, version, content, since)
VALUES (%(hash)s, %(name)s, %(version)s, %(content)s, %(at)s) ON CONFLICT DO NOTHING

-- name: pack_content
SELECT content FROM rule_pack WHERE hash = %(hash)s

-- name: in_force
SELECT hash FROM pack_adoption WHERE site = %(site)s AND effective_from <= %(at)s
ORDER BY effective_from DESC, index DESC LIMIT 1

-- name: adopt
INSERT INTO pack_adoption (site, index, hash, effective_from)
VALUES (%(site)s, %(index)s, %(hash)s, %(effective_from)s)

-- name: adoptions
SELECT a.index, a.hash, a.effective_from, p.name, p.version
FROM pack_adoption a JOIN rule_pack p ON p.hash = a.hash
WHERE a.site = %(site)s ORDER BY a.index
