-- name: content
SELECT coalesce(f.content, r.content) AS content, encode(coalesce(f.salt, r.salt), 'hex') AS salt,
       p.name AS actor_name,
       ARRAY(SELECT thing FROM thing_entry t WHERE t.site = l.site AND t.index = l.index ORDER BY thing LIMIT %(most)s)
           AS things
FROM ledger_entry l
LEFT JOIN fact f ON f.site = l.site AND f.index = l.index
LEFT JOIN record r ON r.site = l.site AND r.index = l.index
LEFT JOIN person p ON p.id = r.actor
WHERE l.site = %(site)s AND l.index = %(index)s
