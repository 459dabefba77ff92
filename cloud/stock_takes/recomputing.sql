-- name: told
SELECT r.kind, r.site, r.index, r.content, s.origin
FROM thing_entry e
JOIN record r ON r.site = e.site AND r.index = e.index
JOIN site s ON s.id = e.site
WHERE e.thing = %(stock_take)s AND r.kind IN ('stock_take_opened', 'stock_take_drawn') AND r.content IS NOT NULL

-- name: first_covering
SELECT size, root FROM checkpoint WHERE site = %(site)s AND size > %(index)s ORDER BY size LIMIT 1
