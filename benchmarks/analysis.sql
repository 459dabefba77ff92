-- name: world
INSERT INTO site (id, name_zh, name_en, origin, created_at)
VALUES ('nj01', '试验库', 'Bench', 'sealtrail/bench/nj01', %(since)s);
INSERT INTO ledger_head (site, size) VALUES ('nj01', %(packages)s * 40);
INSERT INTO agent (id, site, public_key, added_at)
SELECT 'nj01.a' || n, 'nj01', decode(md5(n::text) || md5(n::text), 'hex'), %(since)s FROM generate_series(0, 19) AS n;
INSERT INTO person (id, site, username, name, password, roles, added_at)
SELECT 'nj01/U-' || n, 'nj01', 'nj01.u' || n, '某' || n, 'x', '{keeper}', %(since)s FROM generate_series(0, 39) AS n;
INSERT INTO evidence_case (id, site, number, title, rule_pack, opened_at, opened_by, index)
SELECT 'nj01/C-' || n, 'nj01', '宁烟立〔' || n || '〕', '无证运输卷烟', %(pack)s, %(since)s + n * 50 * %(each)s, 'nj01/U-1', 0
FROM generate_series(0, %(packages)s / 50) AS n;
INSERT INTO zone (id, site, name, class, index)
SELECT 'nj01/Z-' || n, 'nj01', 'Z' || n, 'ordinary', 0 FROM generate_series(0, 9) AS n;
INSERT INTO slot (id, site, zone, name, size, capacity, index)
SELECT 'nj01/S-' || n, 'nj01', 'nj01/Z-' || n / 100, 'S' || n, 'xl', 60, 0 FROM generate_series(0, 999) AS n

-- name: things
INSERT INTO package (id, site, case_id, seal_number, state, index)
SELECT 'nj01/P-' || n, 'nj01', 'nj01/C-' || n / 50, 'F' || n, 'stored', n * 40 + 17 FROM generate_series(0, %(packages)s - 1) AS n;
INSERT INTO item (id, site, case_id, name, quantity, unit, state, package_id, index)
SELECT 'nj01/I-' || n, 'nj01', 'nj01/C-' || n / 100, '卷烟 ' || n, 50, '条', 'stored', 'nj01/P-' || n / 2, n / 2 * 40 + n %% 2
FROM generate_series(0, %(packages)s * 2 - 1) AS n;
INSERT INTO custody (thing, site, slot, index)
SELECT 'nj01/P-' || n, 'nj01', 'nj01/S-' || n %% 1000, n * 40 + 17 FROM generate_series(0, %(packages)s - 1) AS n;
INSERT INTO thing_hand (thing, action, person)
SELECT 'nj01/P-' || n, action, 'nj01/U-' || (n + length(action)) %% 20
FROM generate_series(0, %(packages)s - 1) AS n, unnest('{place,move}'::text[]) AS action

-- Of a package's forty entries: two items, seal, handover, gate, place, two releases asked for, given and withdrawn, a
-- weighing, a move, and what agents tell meanwhile.
-- name: records
INSERT INTO record (site, index, kind, at, actor, salt, content)
SELECT 'nj01', n * 40 + k, kind, %(since)s + n * %(each)s + k * interval '40 seconds', 'nj01/U-' || n %% 20, '\x00',
       replace(jsonb_build_object(
           'action', action, 'actor', 'nj01/U-' || n %% 20, 'item', 'nj01/I-' || (2 * n + k), 'value_fen', n %% 3,
           'things', CASE action WHEN 'seal' THEN jsonb_build_array('nj01/I-' || 2 * n, 'nj01/I-' || 2 * n + 1)
                                 ELSE jsonb_build_array('nj01/P-' || n) END,
           'made', CASE action WHEN 'seal' THEN jsonb_build_array(jsonb_build_object('package', 'nj01/P-' || n)) ELSE '[]' END,
           'details', jsonb_build_object('slot', 'nj01/S-' || (n + k) %% 1000, 'photos', '["a","b"]'::jsonb),
           'rule', 'custody.' || action, 'rule_pack', %(pack)s::text, 'hands', jsonb_build_array(jsonb_build_object(
               'person', 'nj01/U-1', 'seat', 0, 'roles', '["keeper"]'::jsonb, 'at', '2026-11-22T03:00:00.000000Z',
               'ended_at', null, 'passkey', false)))::text, '": ', '":')
FROM generate_series(0, %(packages)s - 1) AS n, (VALUES
    (0, 'item_registered', 'register'), (1, 'item_registered', 'register'), (2, 'custody_step', 'seal'),
    (3, 'custody_step', 'handover'), (6, 'custody_step', 'place'), (7, 'act_proposed', 'x'), (8, 'act_signed', 'x'),
    (9, 'custody_step', 'approve_release'), (10, 'custody_step', 'withdraw_release'), (11, 'act_proposed', 'x'),
    (12, 'act_signed', 'x'), (13, 'custody_step', 'approve_release'), (14, 'custody_step', 'withdraw_release'),
    (15, 'label_issued', 'x'), (16, 'custody_step', 'weigh'), (17, 'custody_step', 'move')) AS step (k, kind, action)

-- name: facts
INSERT INTO fact (agent, seq, site, index, kind, at, salt, content)
SELECT 'nj01.a' || n %% 20, n / 20 * 40 + k, 'nj01', n * 40 + k, CASE k WHEN 4 THEN 'passage_decided' WHEN 5 THEN 'passage_crossed'
       WHEN 39 THEN (ARRAY['device_lost', 'device_back'])[1 + n / 20 %% 2] ELSE 'reading' END,
       %(since)s + n * %(each)s + k * interval '40 seconds', '\x00', '{"body":{"value":21.5},"device":"room.air","kind":"reading"}'
FROM generate_series(0, %(packages)s - 1) AS n, generate_series(4, 39) AS k WHERE k IN (4, 5) OR k >= 18;
INSERT INTO passage (site, index, agent, seq, station, direction, outcome, rule, things, people, at, taken_at, crossed_index)
SELECT 'nj01', n * 40 + 4, 'nj01.a' || n %% 20, n, 'gate', 'in', 'allowed', 'gate.permit.valid', ARRAY['nj01/P-' || n],
       ARRAY['nj01/U-' || n %% 20], %(since)s + n * %(each)s, %(since)s + n * %(each)s + interval '3 seconds', n * 40 + 5
FROM generate_series(0, %(packages)s - 1) AS n;
INSERT INTO door_session (site, index, agent, station, state, at, people)
SELECT 'nj01', n * 40 + 18, 'nj01.a' || n %% 20, 'store', 'closed', %(since)s + n * %(each)s, ARRAY['nj01/U-' || n %% 20]
FROM generate_series(0, %(packages)s - 1) AS n

-- name: filed
INSERT INTO thing_entry (thing, site, index)
SELECT 'nj01/P-' || n, 'nj01', n * 40 + k FROM generate_series(0, %(packages)s - 1) AS n, generate_series(2, 17) AS k;
INSERT INTO thing_entry (thing, site, index)
SELECT 'nj01/I-' || n, 'nj01', n / 2 * 40 + k FROM generate_series(0, %(packages)s * 2 - 1) AS n, generate_series(0, 17) AS k

-- name: acts
INSERT INTO act (id, site, action, things, details, hash, rule, rule_pack, seats, proposed_by, proposed_at, expires_at, index,
                 ended, ended_at, ended_index)
SELECT 'nj01/A-' || n || '-' || k, 'nj01', 'approve_release', ARRAY['nj01/P-' || n], '{}', 'h', 'custody.release', %(pack)s,
       '[["case_handler"],["approver"]]', 'nj01/U-' || n %% 13, %(since)s + n * %(each)s, %(since)s + n * %(each)s, n * 40 + k,
       'done', %(since)s + n * %(each)s, n * 40 + k + 2
FROM generate_series(0, %(packages)s - 1) AS n, unnest('{7,11}'::int[]) AS k;
INSERT INTO act_hand (act, person, part, seat, credential, at, index)
SELECT 'nj01/A-' || n || '-' || k, CASE seat WHEN 0 THEN 'nj01/U-' || n %% 13 ELSE 'nj01/U-' || 30 + n %% 7 END, 'begin', seat,
       'passkey:x', %(since)s + n * %(each)s + (30 + n %% 600) * interval '1 second', n * 40 + k + 1
FROM generate_series(0, %(packages)s - 1) AS n, unnest('{7,11}'::int[]) AS k, generate_series(0, 1) AS seat

-- name: trouble
INSERT INTO alarm (site, cause, place, severity, detail, raised_at, last_at, index, cleared_at)
SELECT 'nj01', (ARRAY['door_forced', 'agent_offline', 'rule.zone_full', 'rule.zone_filling'])[1 + n %% 4],
       CASE n %% 4 WHEN 1 THEN 'nj01.a' || n %% 20 WHEN 0 THEN 'nj01.a' || n %% 20 || ':store' ELSE 'nj01/Z-' || n %% 10 END,
       'major', '{}', %(since)s + 2 * n * %(each)s, %(since)s + 2 * n * %(each)s, 2 * n * 40 + 19,
       %(since)s + 2 * n * %(each)s + interval '2 hours'
FROM generate_series(0, %(packages)s / 2 - 1) AS n;
INSERT INTO ticket (site, index, type, state, opened_by, opened_at, links, place, since, newest, closed_at)
SELECT 'nj01', n * 400 + 15, 'equipment', 'reported', 'nj01/U-1', %(since)s + 10 * n * %(each)s, ARRAY['nj01/U-' || n %% 20], 'P',
       %(since)s + 10 * n * %(each)s, n * 400 + 15, CASE WHEN n %% 20 > 0 THEN %(since)s + 10 * n * %(each)s END
FROM generate_series(0, %(packages)s / 10 - 1) AS n

-- Each quarter everything is counted.
-- name: counted
INSERT INTO stock_take (id, site, kind, opened_by, opened_at, index, population, population_hash, state, compared_index)
SELECT 'nj01/T-' || n, 'nj01', 'full', 'nj01/U-39', %(since)s, 0, 0, 'h', 'closed', n * (%(packages)s * 40 / 12) - 1
FROM generate_series(1, 12) AS n;
INSERT INTO stock_take_line (stock_take, thing, slot, drawn)
SELECT 'nj01/T-' || t, 'nj01/P-' || n, 'nj01/S-' || n %% 1000, true
FROM generate_series(1, 12) AS t, generate_series(0, t * %(packages)s / 12 - 1) AS n;
INSERT INTO difference (stock_take, thing, kind)
SELECT 'nj01/T-' || t, 'nj01/P-' || n * 500, 'missing' FROM generate_series(1, 12) AS t, generate_series(0, t * %(packages)s / 6000 - 1) AS n
