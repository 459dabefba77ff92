-- Items as warehouses have them: a few words that nearly all share, some that few have, and codes.
-- name: items
INSERT INTO item (id, site, case_id, name, quantity, unit, state, package_id, index, brand, sku)
SELECT 'nj01/I-' || lpad(n::text, 10, '0'), 'nj01', 'nj01/C-' || lpad((n / 100)::text, 10, '0'),
       (ARRAY['卷烟', '卷烟', '卷烟', '雪茄', '烟丝', '电子烟', '烟叶', '手机'])[1 + n %% 8] || ' '
       || (ARRAY['硬盒', '软盒', '细支', '中支', '条装'])[1 + n / 8 %% 5] || ' 苏' || chr(65 + n %% 26) || '·'
       || lpad((n * 7919 %% 100000)::text, 5, '0') || CASE WHEN n %% 9973 = 0 THEN ' 沉香木盒' ELSE '' END,
       50, '条', 'stored', 'nj01/P-' || lpad((n / 2)::text, 10, '0'), (n / 2) * %(each)s + %(each)s - 1,
       (ARRAY['中华', '南京', '黄鹤楼', '玉溪', '利群', '芙蓉王'])[1 + n %% 6], (6901028000000 + n)::text
FROM generate_series(0, %(packages)s * 2 - 1) AS n

-- name: indexed
SELECT count(search_of(p)) FROM person p;
SELECT count(search_of(s)) FROM slot s;
SELECT count(search_of(c)) FROM evidence_case c;
SELECT count(search_of(p)) FROM package p;
SELECT count(search_of(i)) FROM item i

-- What one has without an index: the same rows, the same words, the newest first.
-- name: plain
SELECT thing FROM search_entry WHERE kind = %(kind)s AND site = 'nj01' AND folded LIKE ALL (%(patterns)s)
ORDER BY serial DESC LIMIT 6

-- name: plain_records
SELECT index FROM record WHERE site = 'nj01' AND content LIKE %(pattern)s ORDER BY index DESC LIMIT 6

-- name: sizes
SELECT pg_table_size('search_entry') AS rows, pg_indexes_size('search_entry') AS indexes

-- name: register
INSERT INTO item (id, site, case_id, name, quantity, unit, state, index)
SELECT 'nj01/I-' || %(from)s + n, 'nj01', 'nj01/C-0000000000', '卷烟 硬盒 苏A·' || n, 50, '条', 'intake', 1
FROM generate_series(1, 2000) AS n
