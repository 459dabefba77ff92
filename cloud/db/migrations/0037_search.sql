-- Search and association: what may be asked for by a part of its text or code, kept by the transaction that writes it, and
-- what cases and items are known by besides (people, vehicles, a scene; a brand and its code).

-- ---------------------------------------------------------------- what belongs to a case and an item

ALTER TABLE evidence_case
    ADD COLUMN parties  text[] NOT NULL DEFAULT '{}',    -- names of the people that it is about
    ADD COLUMN vehicles text[] NOT NULL DEFAULT '{}',    -- number plates
    ADD COLUMN scene    text;                            -- where it was found out
ALTER TABLE item
    ADD COLUMN brand    text,
    ADD COLUMN sku      text;                            -- the code on the goods: EAN, 条码
GRANT UPDATE (parties, vehicles, scene) ON evidence_case TO sealtrail_app;
GRANT UPDATE (brand, sku) ON item TO sealtrail_app;

-- ---------------------------------------------------------------- the index

-- One row a thing that can be found. `folded` is what a query is looked for in; `grams` are its parts of one, two and
-- three letters, each of its codes whole behind '=', and its kind and site behind '#' and '@'.
CREATE TABLE search_entry (
    thing       text PRIMARY KEY,
    kind        text NOT NULL,
    site        text NOT NULL REFERENCES site,
    serial      bigint GENERATED ALWAYS AS IDENTITY,     -- newest last, over all sites
    fields      jsonb NOT NULL,                          -- name of a field → its text
    folded      text NOT NULL,
    grams       text[] NOT NULL
);
CREATE INDEX search_entry_newest ON search_entry (kind, serial);
CREATE INDEX search_entry_grams ON search_entry USING gin (grams);
GRANT SELECT ON search_entry TO sealtrail_app;           -- only the triggers below write it

-- A text as it is compared: width and case do not count, nor do blanks, brackets, dots and dashes (苏A·12345, 苏Ａ12345).
CREATE FUNCTION search_fold(words text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT regexp_replace(lower(normalize(words, NFKC)),
        '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u2000-\u206f\u3000-\u3004\u3008-\u3020\u3030\u30fb\uff61-\uff65]', '', 'g')
$$;

CREATE FUNCTION search_grams(folded text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT gram), '{}')
    FROM (SELECT c, lead(c) OVER letters AS d, lead(c, 2) OVER letters AS e
          FROM unnest(string_to_array(folded, NULL)) WITH ORDINALITY AS letter (c, place)
          WINDOW letters AS (ORDER BY place)) AS run,
         LATERAL unnest(ARRAY[c, c || d, c || d || e]) AS gram
    WHERE strpos(gram, ' ') = 0
$$;

CREATE FUNCTION search_note(a_kind text, a_thing text, a_site text, told jsonb, codes text[]) RETURNS void
LANGUAGE plpgsql SET search_path = public AS $$
DECLARE known jsonb; text text;
BEGIN
    -- What was erased on a legal ground is in no index.
    SELECT coalesce(jsonb_object_agg(key, value), '{}') INTO known FROM jsonb_each_text(told)
    WHERE value <> '' AND value <> '已依法删除 / erased';
    text := concat_ws(' ', search_fold(a_thing),
                      (SELECT string_agg(search_fold(value), ' ' ORDER BY key) FROM jsonb_each_text(known)
                       WHERE key <> 'id'));           -- which leads to its page, and is nobody's word for it
    INSERT INTO search_entry (thing, kind, site, fields, folded, grams)
    VALUES (a_thing, a_kind, a_site, known, text, search_grams(text) || ARRAY['#' || a_kind, '@' || a_site] || ARRAY(
        SELECT DISTINCT '=' || search_fold(code) FROM unnest(codes || a_thing || split_part(a_thing, '/', 2)) AS code
        WHERE search_fold(code) <> ''))
    ON CONFLICT (thing) DO UPDATE SET fields = excluded.fields, folded = excluded.folded, grams = excluded.grams
    WHERE search_entry.folded <> excluded.folded OR search_entry.fields <> excluded.fields
       OR search_entry.grams <> excluded.grams;
END $$;

-- ---------------------------------------------------------------- what each kind is found by

CREATE FUNCTION search_of(c evidence_case) RETURNS void LANGUAGE sql SET search_path = public AS $$
    SELECT CASE WHEN c.title = '已依法删除 / erased' THEN search_note('case', c.id, c.site, '{}', '{}')
           ELSE search_note('case', c.id, c.site, jsonb_build_object(
               'number', c.number, 'title', c.title, 'parties', array_to_string(c.parties, '、'),
               'vehicles', array_to_string(c.vehicles, '、'), 'scene', c.scene), c.number || c.vehicles) END
$$;

CREATE FUNCTION search_of(i item) RETURNS void LANGUAGE sql SET search_path = public AS $$
    SELECT CASE WHEN i.name = '已依法删除 / erased' THEN search_note('item', i.id, i.site, '{}', '{}')
           ELSE search_note('item', i.id, i.site, jsonb_build_object(
               'name', i.name, 'brand', i.brand, 'sku', i.sku, 'key', r.keys), ARRAY[i.sku] || r.codes) END
    FROM (SELECT string_agg(key, '、' ORDER BY key) AS keys, array_agg(key) AS codes FROM import_row
          WHERE thing = i.id AND salt IS NOT NULL) AS r
$$;

-- A seal that was replaced still leads to its package.
CREATE FUNCTION search_of(p package) RETURNS void LANGUAGE sql SET search_path = public AS $$
    SELECT search_note('package', p.id, p.site, jsonb_build_object(
        'seal', p.seal_number, 'seals', array_to_string(s.before, '、')), p.seal_number || s.before)
    FROM (SELECT array_remove(array_agg(DISTINCT seal ORDER BY seal), p.seal_number) AS before FROM (
              SELECT fields ->> 'seal' FROM search_entry WHERE thing = p.id
              UNION SELECT unnest(string_to_array(fields ->> 'seals', '、')) FROM search_entry WHERE thing = p.id
          ) AS was (seal) WHERE seal IS NOT NULL) AS s
$$;

CREATE FUNCTION search_of(s slot) RETURNS void LANGUAGE sql SET search_path = public AS $$
    SELECT search_note('slot', s.id, s.site, jsonb_build_object('name', s.name, 'zone', z.name), ARRAY[s.name])
    FROM zone z WHERE z.id = s.zone
$$;

CREATE FUNCTION search_of(p person) RETURNS void LANGUAGE sql SET search_path = public AS $$
    SELECT CASE WHEN p.name = '已依法删除 / erased' THEN search_note('person', p.id, p.site, '{}', '{}')
           ELSE search_note('person', p.id, p.site, jsonb_build_object('name', p.name, 'username', p.username),
                            ARRAY[p.username, p.name]) END
$$;

CREATE FUNCTION search_of(a agent) RETURNS void LANGUAGE sql SET search_path = public AS $$
    SELECT search_note('agent', a.id, a.site, jsonb_build_object('devices', d.names), ARRAY[split_part(a.id, '.', 2)])
    FROM (SELECT string_agg(name, '、' ORDER BY name) AS names FROM (
              SELECT device FROM sensor WHERE agent = a.id UNION SELECT device FROM contact WHERE agent = a.id
              UNION SELECT station FROM door WHERE agent = a.id) AS of_it (name)) AS d
$$;

CREATE FUNCTION search_of(p permit) RETURNS void LANGUAGE sql SET search_path = public AS $$
    SELECT search_note('permit', p.id, p.site, jsonb_build_object(
        'agent', p.agent, 'stations', (SELECT string_agg(s, '、') FROM jsonb_array_elements_text(p.payload -> 'stations') s),
        'things', (SELECT string_agg(t ->> 'id', '、') FROM jsonb_array_elements(p.payload -> 'things') t)), '{}')
$$;

CREATE FUNCTION search_of(a alarm) RETURNS void LANGUAGE sql SET search_path = public AS $$
    SELECT search_note('alarm', a.site || '/A-' || a.index, a.site,
                       jsonb_build_object('cause', a.cause, 'place', a.place, 'id', a.id,
                                          'rule_zh', a.detail -> 'name' ->> 'zh', 'rule_en', a.detail -> 'name' ->> 'en'),
                       ARRAY[a.cause, a.place])
$$;

-- What people wrote of a ticket is in its record alone.
CREATE FUNCTION search_of(t ticket) RETURNS void LANGUAGE sql SET search_path = public AS $$
    SELECT search_note('ticket', t.site || '/T-' || t.index, t.site, jsonb_build_object(
        'title', r.told ->> 'title', 'words', r.told ->> 'words', 'type', t.type, 'place', t.place), '{}')
    FROM (SELECT (SELECT content::jsonb FROM record WHERE site = t.site AND index = t.index
                  AND kind = 'ticket_opened' AND content LIKE '{%') AS told) AS r
$$;

-- ---------------------------------------------------------------- kept by whoever writes the record

CREATE FUNCTION search_itself() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    PERFORM search_of(NEW);
    RETURN NULL;
END $$;

CREATE FUNCTION search_imported() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    PERFORM search_of(i) FROM item i WHERE i.id = NEW.thing;
    RETURN NULL;
END $$;

CREATE FUNCTION search_agent_of() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    PERFORM search_of(a) FROM agent a WHERE a.id = NEW.agent;
    RETURN NULL;
END $$;

CREATE FUNCTION search_ticket_of() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    PERFORM search_of(t) FROM ticket t WHERE t.site = NEW.site AND t.index = NEW.index;
    RETURN NULL;
END $$;

CREATE FUNCTION search_slots_of() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    PERFORM search_of(s) FROM slot s WHERE s.zone = NEW.id;
    RETURN NULL;
END $$;

CREATE TRIGGER search AFTER INSERT OR UPDATE OF title, number, parties, vehicles, scene ON evidence_case
    FOR EACH ROW EXECUTE FUNCTION search_itself();
CREATE TRIGGER search AFTER INSERT OR UPDATE OF name, brand, sku ON item FOR EACH ROW EXECUTE FUNCTION search_itself();
CREATE TRIGGER search AFTER INSERT OR UPDATE OF seal_number ON package FOR EACH ROW EXECUTE FUNCTION search_itself();
CREATE TRIGGER search AFTER INSERT OR UPDATE OF name, zone ON slot FOR EACH ROW EXECUTE FUNCTION search_itself();
CREATE TRIGGER search AFTER INSERT OR UPDATE OF name, username ON person FOR EACH ROW EXECUTE FUNCTION search_itself();
CREATE TRIGGER search AFTER INSERT ON agent FOR EACH ROW EXECUTE FUNCTION search_itself();
CREATE TRIGGER search AFTER INSERT ON permit FOR EACH ROW EXECUTE FUNCTION search_itself();
CREATE TRIGGER search AFTER INSERT OR UPDATE OF cause, place ON alarm FOR EACH ROW EXECUTE FUNCTION search_itself();
CREATE TRIGGER search AFTER INSERT ON ticket FOR EACH ROW EXECUTE FUNCTION search_itself();
CREATE TRIGGER search AFTER UPDATE OF name ON zone FOR EACH ROW EXECUTE FUNCTION search_slots_of();
CREATE TRIGGER search AFTER INSERT OR UPDATE OF salt ON import_row FOR EACH ROW EXECUTE FUNCTION search_imported();
CREATE TRIGGER search AFTER INSERT ON sensor FOR EACH ROW EXECUTE FUNCTION search_agent_of();
CREATE TRIGGER search AFTER INSERT ON contact FOR EACH ROW EXECUTE FUNCTION search_agent_of();
CREATE TRIGGER search AFTER INSERT ON door FOR EACH ROW EXECUTE FUNCTION search_agent_of();
CREATE TRIGGER search_new AFTER INSERT ON record FOR EACH ROW WHEN (NEW.kind = 'ticket_opened')
    EXECUTE FUNCTION search_ticket_of();
CREATE TRIGGER search_erased AFTER UPDATE ON record FOR EACH ROW WHEN (NEW.kind = 'ticket_opened')
    EXECUTE FUNCTION search_ticket_of();

-- ---------------------------------------------------------------- what belongs together

CREATE INDEX door_session_things ON door_session USING gin (things);
CREATE INDEX door_session_people ON door_session USING gin (people);
CREATE INDEX passage_people ON passage USING gin (people);
CREATE INDEX ticket_links ON ticket USING gin (links);
CREATE INDEX ticket_about_alarm ON ticket (site, alarm) WHERE alarm IS NOT NULL;
CREATE INDEX clip_segment_at ON clip_segment (site, begun);
CREATE INDEX alarm_by_place ON alarm (site, place);
CREATE INDEX alarm_about ON alarm (site, (detail ->> 'agent'), (detail -> 'seq'));
CREATE INDEX act_hand_by_person ON act_hand (person);
CREATE INDEX thing_hand_by_person ON thing_hand (person);
CREATE INDEX thing_entry_by_entry ON thing_entry (site, index);
CREATE INDEX case_parties ON evidence_case USING gin (parties);
CREATE INDEX case_vehicles ON evidence_case USING gin (vehicles);
CREATE INDEX case_by_scene ON evidence_case (site, scene) WHERE scene IS NOT NULL;
CREATE INDEX item_by_brand ON item (site, brand) WHERE brand IS NOT NULL;
CREATE INDEX item_by_sku ON item (site, sku) WHERE sku IS NOT NULL;

-- ---------------------------------------------------------------- what was there before

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['search_fold(text)', 'search_grams(text)'] LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO sealtrail_app', name);
    END LOOP;
    REVOKE EXECUTE ON FUNCTION search_note FROM PUBLIC;
END $$;
SELECT search_of(z) FROM agent z ORDER BY added_at, id;
SELECT search_of(z) FROM person z ORDER BY added_at, id;
SELECT search_of(z) FROM slot z ORDER BY index, id;
SELECT search_of(z) FROM evidence_case z ORDER BY index, id;
SELECT search_of(z) FROM item z ORDER BY index, id;
SELECT search_of(z) FROM package z ORDER BY index, id;
SELECT search_of(z) FROM permit z ORDER BY index, id;
SELECT search_of(z) FROM alarm z ORDER BY id;
SELECT search_of(z) FROM ticket z ORDER BY index;
