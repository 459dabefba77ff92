-- Custody: the warehouse's slots, what an item's custody adds to its state, acts that wait for hands, packs in force,
-- and the guard that no projection is moved past.

-- ---------------------------------------------------------------- the warehouse

CREATE TABLE zone (
    id          text PRIMARY KEY,                -- <site>/Z-…
    site        text NOT NULL REFERENCES site,
    name        text NOT NULL,
    class       text NOT NULL,                   -- a zone class of the rule pack: ordinary, high_value, controlled
    index       bigint NOT NULL,
    UNIQUE (site, name)
);

CREATE TABLE slot (
    id          text PRIMARY KEY,                -- <site>/S-…
    site        text NOT NULL REFERENCES site,
    zone        text NOT NULL REFERENCES zone,
    name        text NOT NULL,                   -- as painted on the rack: A-01-03 (row, bay, level)
    size        text NOT NULL,                   -- a slot size of the rule pack: s, m, l, xl
    capacity    integer NOT NULL DEFAULT 1 CHECK (capacity > 0),
    agent       text REFERENCES agent,           -- whose rack lights it, if one does
    index       bigint NOT NULL,
    UNIQUE (site, name)
);
CREATE INDEX slot_by_zone ON slot (zone);

-- ---------------------------------------------------------------- what custody adds to an item or a package

ALTER TABLE item ADD COLUMN goods text NOT NULL DEFAULT 'tobacco';      -- a class of goods of the rule pack
ALTER TABLE item ADD COLUMN value_fen bigint NOT NULL DEFAULT 0 CHECK (value_fen >= 0);

CREATE TABLE custody (
    thing       text PRIMARY KEY,                -- an item or a package
    site        text NOT NULL REFERENCES site,
    slot        text REFERENCES slot,            -- where it lies; null while it is nowhere in the warehouse
    size        text,                            -- which slots it fits into
    weight_g    bigint,
    openings    integer NOT NULL DEFAULT 0,
    parent      text,                            -- what it was split off or packed out of
    purpose     text,                            -- court, laboratory, appraisal, other: while it is lent
    due_at      timestamptz,                     -- when it has to be back
    method      text,                            -- how it is to be disposed of: return_to_owner, auction, transfer, destroy
    index       bigint NOT NULL                  -- the newest entry that changed this row
);
CREATE INDEX custody_by_slot ON custody (slot) WHERE slot IS NOT NULL;
CREATE INDEX custody_by_due ON custody (site, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX item_by_state ON item (site, state, id);
CREATE INDEX package_by_state ON package (site, state, id);
CREATE INDEX package_by_case ON package (case_id);

-- Whose hand was on which step of a thing: nobody approves their own work.
CREATE TABLE thing_hand (
    thing       text NOT NULL,
    action      text NOT NULL,
    person      text NOT NULL,
    PRIMARY KEY (thing, action, person)
);

-- ---------------------------------------------------------------- acts that need more hands than one

CREATE TABLE act (
    id          text PRIMARY KEY,                -- <site>/A-…
    site        text NOT NULL REFERENCES site,
    action      text NOT NULL,
    things      text[] NOT NULL,
    details     jsonb NOT NULL,
    hash        text NOT NULL,                   -- hex SHA-256 of the canonical content: what every hand signs
    rule        text NOT NULL,
    rule_pack   text NOT NULL,
    seats       jsonb NOT NULL,                  -- the roles of each seat, in order
    proposed_by text NOT NULL,
    proposed_at timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    ages_at     timestamptz,                     -- from when on its waiting is an alarm
    index       bigint NOT NULL,                 -- the entry of its proposal
    ended       text CHECK (ended IN ('done', 'declined', 'expired')),
    ended_at    timestamptz,
    ended_index bigint
);
CREATE INDEX act_waiting ON act (site, index) WHERE ended IS NULL;
CREATE INDEX act_by_entry ON act (site, index);

-- A thing has one open act at most: who comes second is told who was first.
CREATE TABLE act_thing (
    act         text NOT NULL REFERENCES act,
    thing       text NOT NULL,
    open        boolean NOT NULL DEFAULT true,
    PRIMARY KEY (act, thing)
);
CREATE UNIQUE INDEX act_thing_open ON act_thing (thing) WHERE open;

CREATE TABLE act_hand (
    act         text NOT NULL REFERENCES act,
    person      text NOT NULL,
    part        text NOT NULL CHECK (part IN ('begin', 'end')),   -- a live act is signed at its end once more
    seat        integer NOT NULL,
    credential  text NOT NULL,                   -- a session or a passkey
    at          timestamptz NOT NULL,
    signature   jsonb,                           -- the WebAuthn assertion over `hash`, where the pack asks for one
    index       bigint NOT NULL,
    PRIMARY KEY (act, person, part)
);

-- ---------------------------------------------------------------- rule packs

-- Which pack is in force from when on; two people signed it.
CREATE TABLE pack_adoption (
    site        text NOT NULL REFERENCES site,
    index       bigint NOT NULL,
    hash        text NOT NULL REFERENCES rule_pack,
    effective_from timestamptz NOT NULL,
    PRIMARY KEY (site, index)
);

-- The steps of each pack, unfolded by the database itself from the pack's content: what its own guard goes by.
CREATE TABLE rule_step (
    pack        text NOT NULL REFERENCES rule_pack,
    action      text NOT NULL,
    from_state  text NOT NULL,
    to_state    text NOT NULL,
    by_gate     boolean NOT NULL,
    kinds       text[] NOT NULL,
    seats       jsonb NOT NULL,                  -- a list of lists of roles
    more        jsonb NOT NULL,                  -- the same, added from `above_fen` on
    above_fen   bigint,
    apart       text[] NOT NULL,
    passkey     text[] NOT NULL,
    while_held  boolean NOT NULL,
    rule        text NOT NULL,
    PRIMARY KEY (pack, action, from_state)
);

CREATE TABLE rule_start (
    pack        text NOT NULL REFERENCES rule_pack,
    kind        text NOT NULL,
    state       text NOT NULL,
    PRIMARY KEY (pack, kind, state)
);

CREATE FUNCTION texts(list jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(array_agg(each), '{}') FROM jsonb_array_elements_text(coalesce(list, '[]')) AS each
$$;

CREATE FUNCTION unfold_rule_pack(pack_hash text, written text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public AS $$
DECLARE pack jsonb := written::jsonb;
BEGIN
    IF pack ? 'format' THEN
        INSERT INTO rule_step
        SELECT pack_hash, step ->> 'action', state, CASE step ->> 'to' WHEN 'same' THEN state ELSE step ->> 'to' END,
               coalesce(step ->> 'by' = 'gate', false),
               CASE WHEN step ? 'kinds' THEN texts(step -> 'kinds') ELSE '{item,package}' END,
               coalesce(step -> 'seats', '[]'), coalesce(step -> 'more', '[]'), (step ->> 'above_fen')::bigint,
               texts(step -> 'apart'), texts(step -> 'passkey'), coalesce((step ->> 'held')::boolean, false), step ->> 'rule'
        FROM jsonb_array_elements(pack -> 'steps') AS step,
             LATERAL (
                 SELECT jsonb_array_elements_text(step -> 'from') AS state WHERE jsonb_typeof(step -> 'from') = 'array'
                 UNION ALL
                 SELECT key FROM jsonb_each(pack -> 'states') WHERE step -> 'from' = '"any"' AND NOT value ? 'final'
             ) AS sources;
        INSERT INTO rule_start
        SELECT pack_hash, kind, state.key
        FROM jsonb_each(pack -> 'states') AS state, LATERAL unnest(texts(state.value -> 'start')) AS kind;
    ELSE  -- the first format: who may do what was in the program (custody/first_format.py)
        INSERT INTO rule_step
        SELECT pack_hash, step ->> 'action', step ->> 'from', step ->> 'to',
               step ->> 'action' IN ('stock_in', 'stock_out'),
               CASE step ->> 'action' WHEN 'seal' THEN '{item}'::text[] ELSE '{item,package}' END,
               CASE WHEN step ->> 'action' IN ('stock_in', 'stock_out') THEN '[]'
                    WHEN step ->> 'action' IN ('approve_release', 'withdraw_release') THEN '[["approver"]]'
                    ELSE '[["keeper"]]' END::jsonb,
               '[]', NULL,
               CASE step ->> 'action' WHEN 'approve_release' THEN '{register,seal}'::text[] ELSE '{}' END, '{}',
               step ->> 'action' NOT IN ('approve_release', 'stock_out'), step ->> 'rule'
        FROM jsonb_array_elements(pack -> 'transitions') AS step;
        INSERT INTO rule_start VALUES (pack_hash, 'item', 'intake'), (pack_hash, 'package', 'sealed');
    END IF;
END $$;

CREATE FUNCTION unfold_new_pack() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM unfold_rule_pack(NEW.hash, NEW.content);
    RETURN NULL;
END $$;
CREATE TRIGGER unfold AFTER INSERT ON rule_pack FOR EACH ROW EXECUTE FUNCTION unfold_new_pack();

-- ---------------------------------------------------------------- the guard

-- How a refusal leaves the database: the reason as the message, the rule as the detail, what it is about as the hint.
CREATE FUNCTION refuse_step(reason text, rule text, subject text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', reason USING ERRCODE = 'ST001', DETAIL = rule, HINT = subject;
END $$;

CREATE FUNCTION rule_for(pack text, reason text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce(content::jsonb -> 'refusals' ->> reason, 'custody.order-of-steps') FROM rule_pack WHERE hash = pack
$$;

-- Whether each of `people` has a seat of their own, and how many seats stay empty (Hall's marriage theorem: it is so
-- when, for every choice of people, the seats that any of them may take are at least as many).
CREATE FUNCTION empty_seats(seats jsonb, people text[]) RETURNS integer LANGUAGE plpgsql STABLE
SET search_path = public AS $$
DECLARE n integer := cardinality(people); chosen integer; wanted integer; open integer;
BEGIN
    FOR chosen IN 1 .. (1 << n) - 1 LOOP
        SELECT count(*) INTO wanted FROM generate_series(1, n) AS i WHERE chosen & (1 << (i - 1)) <> 0;
        SELECT count(*) INTO open FROM jsonb_array_elements(seats) AS seat WHERE EXISTS (
            SELECT FROM generate_series(1, n) AS i JOIN person p ON p.id = people[i]
            WHERE chosen & (1 << (i - 1)) <> 0 AND p.roles && texts(seat));
        IF open < wanted THEN
            RETURN NULL;
        END IF;
    END LOOP;
    RETURN jsonb_array_length(seats) - n;
END $$;

-- The only way in which an item or a package comes into another state. `hands` are the people who take the step, none
-- of them where `gate` tells it; `keyed` those of them who signed with a passkey. Returns what moved: a package takes along what is in it and is where it is.
CREATE FUNCTION take_step(at_site text, the_action text, the_things text[], hands text[], keyed text[], gate boolean, entry bigint)
RETURNS TABLE (moved text) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE thing record; step rule_step; value bigint := 0; wanted jsonb; n integer; first_step text; book text;
BEGIN
    FOR thing IN
        SELECT t.id, t.kind, t.state, c.rule_pack,
               EXISTS (SELECT FROM package p WHERE p.id = t.package_id AND p.state = t.state AND t.state <> 'opened') AS packed,
               coalesce(t.value_fen, 0) AS value_fen, EXISTS (SELECT FROM held h WHERE h.thing = t.id) AS held
        FROM unnest(the_things) WITH ORDINALITY AS asked (id, place)
        JOIN (SELECT i.id, 'item' AS kind, i.site, i.state, i.case_id, i.package_id, i.value_fen FROM item i
              UNION ALL
              SELECT p.id, 'package', p.site, p.state, p.case_id, NULL,
                     (SELECT sum(i.value_fen) FROM item i WHERE i.package_id = p.id) FROM package p) t USING (id)
        JOIN evidence_case c ON c.id = t.case_id
        WHERE t.site = at_site ORDER BY place
    LOOP
        book := thing.rule_pack;
        SELECT * INTO step FROM rule_step s
        WHERE s.pack = thing.rule_pack AND s.action = the_action AND s.from_state = thing.state;
        IF NOT FOUND THEN
            PERFORM refuse_step('wrong_state', rule_for(book, 'wrong_state'), thing.id);
        ELSIF step.by_gate <> gate THEN
            PERFORM refuse_step('wrong_entrance', rule_for(book, 'wrong_entrance'), thing.id);
        ELSIF NOT thing.kind = ANY (step.kinds) THEN
            PERFORM refuse_step('wrong_kind', rule_for(book, 'wrong_kind'), thing.id);
        ELSIF thing.packed AND the_action <> 'correct' THEN
            PERFORM refuse_step('packed', rule_for(book, 'packed'), thing.id);
        ELSIF thing.held AND NOT step.while_held AND NOT gate THEN
            PERFORM refuse_step('legal_hold', rule_for(book, 'legal_hold'), thing.id);
        ELSIF thing.state = 'leaving' AND NOT gate AND the_action NOT IN (
            'correct', (SELECT method FROM custody WHERE custody.thing = thing.id)) THEN
            PERFORM refuse_step('method_differs', rule_for(book, 'method_differs'), thing.id);
        END IF;
        IF NOT gate AND EXISTS (
            SELECT FROM thing_hand h
            WHERE h.thing IN (
                SELECT thing.id
                UNION SELECT i.id FROM item i WHERE i.package_id = thing.id
                UNION SELECT i.package_id FROM item i WHERE i.id = thing.id)
              AND h.action = ANY (step.apart) AND h.person = ANY (hands)) THEN
            PERFORM refuse_step('own_work', rule_for(book, 'own_work'), thing.id);
        END IF;
        value := value + thing.value_fen;
        first_step := coalesce(first_step, step.rule);
    END LOOP;
    IF first_step IS NULL THEN
        RETURN;
    END IF;
    IF NOT gate THEN
        IF cardinality(hands) <> (SELECT count(DISTINCT hand) FROM unnest(hands) AS hand) THEN
            PERFORM refuse_step('same_person', rule_for(book, 'same_person'), hands[1]);
        END IF;
        wanted := CASE WHEN value >= step.above_fen THEN step.seats || step.more ELSE step.seats END;
        n := empty_seats(wanted, hands);
        IF n IS NULL THEN
            PERFORM refuse_step('wrong_role', rule_for(book, 'wrong_role'), hands[1]);
        ELSIF EXISTS (SELECT FROM person p WHERE p.id = ANY (hands) AND p.roles && step.passkey
                      AND NOT p.id = ANY (keyed)) THEN
            PERFORM refuse_step('no_passkey', rule_for(book, 'no_passkey'), hands[1]);
        ELSIF n > 0 THEN
            PERFORM refuse_step('too_few_hands', rule_for(book, 'too_few_hands'), the_things[1]);
        END IF;
        INSERT INTO thing_hand SELECT t, the_action, h FROM unnest(the_things) t, unnest(hands) h ON CONFLICT DO NOTHING;
    END IF;
    RETURN QUERY
        WITH going AS (
            SELECT p.id AS package, p.state AS was, s.to_state
            FROM package p JOIN evidence_case c ON c.id = p.case_id
            JOIN rule_step s ON s.pack = c.rule_pack AND s.action = the_action AND s.from_state = p.state
            WHERE p.id = ANY (the_things)
        ), packages AS (
            UPDATE package SET state = going.to_state, index = entry FROM going WHERE id = going.package RETURNING id
        ), inside AS (
            UPDATE item SET state = going.to_state, index = entry FROM going
            WHERE package_id = going.package AND state = going.was RETURNING id
        ), items AS (
            UPDATE item i SET state = s.to_state, index = entry
            FROM evidence_case c JOIN rule_step s ON s.pack = c.rule_pack AND s.action = the_action
            WHERE i.id = ANY (the_things) AND c.id = i.case_id AND s.from_state = i.state
              AND NOT EXISTS (SELECT FROM going WHERE package = i.package_id AND was = i.state)
            RETURNING i.id
        )
        SELECT id FROM packages UNION ALL SELECT id FROM inside UNION ALL SELECT id FROM items;
END $$;

-- What is new begins where the pack lets it begin.
CREATE FUNCTION begin_rightly() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM evidence_case c JOIN rule_start s ON s.pack = c.rule_pack
        WHERE c.id = NEW.case_id AND s.kind = TG_TABLE_NAME AND s.state = NEW.state) THEN
        PERFORM refuse_step('wrong_state', 'custody.order-of-steps', NEW.id);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER begin_rightly BEFORE INSERT ON item FOR EACH ROW EXECUTE FUNCTION begin_rightly();
CREATE TRIGGER begin_rightly BEFORE INSERT ON package FOR EACH ROW EXECUTE FUNCTION begin_rightly();

-- A case keeps its rules, unless two people decided otherwise.
CREATE FUNCTION keep_rules() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM act WHERE action = 'repin_case' AND ended = 'done' AND site = NEW.site
          AND details ->> 'case' = NEW.id AND details ->> 'pack' = NEW.rule_pack) THEN
        PERFORM refuse_step('too_few_hands', 'rules.repin', NEW.id);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_rules BEFORE UPDATE OF rule_pack ON evidence_case FOR EACH ROW
    WHEN (OLD.rule_pack IS DISTINCT FROM NEW.rule_pack) EXECUTE FUNCTION keep_rules();

-- ---------------------------------------------------------------- who may do what

GRANT SELECT, INSERT, UPDATE ON zone, slot, custody, act, act_thing, act_hand TO sealtrail_app;
GRANT SELECT, INSERT ON pack_adoption TO sealtrail_app;
GRANT SELECT, INSERT ON thing_hand TO sealtrail_app;   -- a hand more only forbids more
GRANT SELECT ON rule_step, rule_start TO sealtrail_app;
REVOKE UPDATE ON item, package, evidence_case FROM sealtrail_app;
GRANT UPDATE (name, quantity, unit, goods, value_fen, package_id, index) ON item TO sealtrail_app;
GRANT UPDATE (seal_number, index) ON package TO sealtrail_app;
GRANT UPDATE (title, rule_pack) ON evidence_case TO sealtrail_app;
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON pack_adoption FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON pack_adoption FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Photographs that people take are kept like the stills of agents.
ALTER TABLE media ALTER COLUMN agent DROP NOT NULL;
ALTER TABLE media ADD COLUMN person text;
ALTER TABLE media ADD CHECK (num_nonnulls(agent, person) = 1);

-- Packs and hands that were there before this migration.
SELECT unfold_rule_pack(hash, content) FROM rule_pack;
INSERT INTO thing_hand
SELECT DISTINCT e.thing, CASE r.kind WHEN 'package_sealed' THEN 'seal' ELSE 'register' END, r.actor
FROM record r JOIN thing_entry e ON e.site = r.site AND e.index = r.index
WHERE r.kind IN ('package_sealed', 'item_registered') AND e.thing NOT LIKE '%/C-%';
