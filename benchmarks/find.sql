-- name: world
INSERT INTO site (id, name_zh, name_en, origin, created_at)
VALUES ('nj01', '试验库', 'Bench', 'sealtrail/bench/nj01', now());
INSERT INTO ledger_head (site, size) VALUES ('nj01', %(entries)s);
INSERT INTO evidence_case (id, site, number, title, rule_pack, opened_at, opened_by, index)
SELECT 'nj01/C-' || lpad(n::text, 10, '0'), 'nj01', '宁烟立〔2026〕第' || n || '号', '无证运输卷烟', %(pack)s, now(), 'nj01/U-1', 0
FROM generate_series(0, %(packages)s / 50) AS n;
INSERT INTO person (id, site, username, name, password, roles, added_at)
VALUES ('nj01/U-1', 'nj01', 'keeper', '李伟', %(password)s, '{keeper}', now());
INSERT INTO zone (id, site, name, class, index) VALUES ('nj01/Z-0000000000', 'nj01', 'A', 'ordinary', 0);
INSERT INTO slot (id, site, zone, name, size, capacity, index)
VALUES ('nj01/S-0000000000', 'nj01', 'nj01/Z-0000000000', 'A-01-01', 'xl', 10000000, 0);

-- name: packages
INSERT INTO package (id, site, case_id, seal_number, state, index)
SELECT 'nj01/P-' || lpad(n::text, 10, '0'), 'nj01', 'nj01/C-' || lpad((n / 50)::text, 10, '0'), 'F' || lpad(n::text, 9, '0'),
       'stored', n * %(each)s + %(each)s - 1
FROM generate_series(0, %(packages)s - 1) AS n;
INSERT INTO custody (thing, site, slot, size, weight_g, index)
SELECT 'nj01/P-' || lpad(n::text, 10, '0'), 'nj01', 'nj01/S-0000000000', 'm', 12000, n * %(each)s
FROM generate_series(0, %(packages)s - 1) AS n;

-- Two items a package.
-- name: items
INSERT INTO item (id, site, case_id, name, quantity, unit, state, package_id, index)
SELECT 'nj01/I-' || lpad(n::text, 10, '0'), 'nj01', 'nj01/C-' || lpad((n / 100)::text, 10, '0'), '卷烟 硬盒 ' || n, 50, '条',
       'stored', 'nj01/P-' || lpad((n / 2)::text, 10, '0'), (n / 2) * %(each)s + %(each)s - 1
FROM generate_series(0, %(packages)s * 2 - 1) AS n

-- The entries of a package are spread over the whole ledger, as they are where many packages live at once.
-- name: records
INSERT INTO record (site, index, kind, at, actor, salt, content)
SELECT 'nj01', n, 'custody_step', '2026-11-22T03:00:00Z'::timestamptz + n * interval '1 second', 'nj01/U-1',
       decode(md5(n::text), 'hex'), jsonb_build_object(
           'action', 'weigh', 'actor', 'nj01/U-1', 'details', jsonb_build_object('weight_g', 12000 + n %% 7), 'made', '[]'::jsonb,
           'rule', 'custody.weigh', 'rule_pack', %(pack)s::text,
           'things', jsonb_build_array('nj01/P-' || lpad((n %% %(packages)s)::text, 10, '0')),
           'hands', jsonb_build_array(jsonb_build_object(
               'person', 'nj01/U-1', 'seat', 0, 'roles', '["keeper"]'::jsonb, 'at', '2026-11-22T03:00:00.000000Z',
               'ended_at', null, 'passkey', false)))::text
FROM generate_series(0, %(entries)s - 1) AS n

-- name: filed
INSERT INTO thing_entry (thing, site, index)
SELECT 'nj01/P-' || lpad((n %% %(packages)s)::text, 10, '0'), 'nj01', n FROM generate_series(0, %(entries)s - 1) AS n;
INSERT INTO thing_entry (thing, site, index)
SELECT 'nj01/I-' || lpad((2 * (n %% %(packages)s) + half)::text, 10, '0'), 'nj01', n
FROM generate_series(0, %(entries)s - 1) AS n, generate_series(0, 1) AS half;
