-- Corrections: which entry told last how a case or an item is described. And erasure forgets the numbers of seals.

ALTER TABLE evidence_case ADD COLUMN corrected_index bigint;    -- the newest case_corrected; null while none was needed
ALTER TABLE item ADD COLUMN corrected_index bigint;             -- the newest step `correct` of it
GRANT UPDATE (corrected_index) ON evidence_case, item TO sealtrail_app;

UPDATE item i SET corrected_index = c.index FROM (
    SELECT r.content::jsonb -> 'things' ->> 0 AS thing, max(r.index) AS index FROM record r
    WHERE r.kind = 'custody_step' AND r.content LIKE '%"action":"correct"%' GROUP BY 1) AS c
WHERE i.id = c.thing;

-- A corrected case is on the supervisor's list as a corrected item is: as `overrides.sql` asks for it.
DROP INDEX record_override;
CREATE INDEX record_override ON record (site, index) WHERE
    kind IN ('exception_opened', 'exception_reviewed', 'act_refused', 'act_declined', 'case_repinned', 'rules_adopted',
             'hold_lifted', 'content_erased', 'live_view_opened', 'case_corrected')
    OR (kind = 'custody_step' AND content LIKE '%"action":"correct"%');

-- ---------------------------------------------------------------- seals

-- What was erased is no number: any package may have it in its place.
ALTER TABLE package DROP CONSTRAINT package_site_seal_number_key;
CREATE UNIQUE INDEX package_seal ON package (site, seal_number) WHERE seal_number <> '已依法删除 / erased';

-- The numbers of all seals that a package has had, as far as the records tell them.
CREATE FUNCTION seals_told(p package) RETURNS text[] LANGUAGE sql STABLE SET search_path = public AS $$
    SELECT coalesce(array_agg(DISTINCT seal ORDER BY seal), '{}') FROM (
        SELECT coalesce(told ->> 'seal_number', told -> 'details' ->> 'seal_number') AS seal
        FROM thing_entry e JOIN record r ON r.site = e.site AND r.index = e.index,
             LATERAL (SELECT CASE WHEN r.content LIKE '{%"seal_number"%' THEN r.content::jsonb END) AS content (told)
        WHERE e.site = p.site AND e.thing = p.id AND r.kind IN ('custody_step', 'package_sealed')
          AND (told ->> 'package' = p.id OR told -> 'made' @> jsonb_build_array(jsonb_build_object('package', p.id))
               OR (told ->> 'action' = 'reseal' AND told -> 'things' ->> 0 = p.id))) AS seals
    WHERE seal IS NOT NULL
$$;
GRANT EXECUTE ON FUNCTION seals_told TO sealtrail_app;

-- A seal that was replaced still leads to its package, for as long as a record tells of it.
CREATE OR REPLACE FUNCTION search_of(p package) RETURNS void LANGUAGE sql SET search_path = public AS $$
    SELECT search_note('package', p.id, p.site, jsonb_build_object('seal', s.now, 'seals', array_to_string(s.before, '、')),
                       array_remove(s.now || s.before, NULL))
    FROM (SELECT nullif(p.seal_number, '已依法删除 / erased') AS now, array_remove(seals_told(p), p.seal_number) AS before) AS s
$$;

CREATE FUNCTION search_packages_of() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    PERFORM search_of(p) FROM thing_entry e JOIN package p ON p.id = e.thing
    WHERE e.site = NEW.site AND e.index = NEW.index;
    RETURN NULL;
END $$;
CREATE TRIGGER search_sealing_erased AFTER UPDATE ON record FOR EACH ROW
    WHEN (NEW.kind IN ('custody_step', 'package_sealed')) EXECUTE FUNCTION search_packages_of();

-- Sealings that were erased before this.
WITH sealing AS (
    SELECT DISTINCT e.thing FROM record r JOIN thing_entry e ON e.site = r.site AND e.index = r.index
    WHERE r.content IS NULL AND r.kind IN ('custody_step', 'package_sealed'))
UPDATE package p SET seal_number = '已依法删除 / erased' FROM sealing s
WHERE p.id = s.thing AND NOT p.seal_number = ANY (seals_told(p));
SELECT search_of(p) FROM package p JOIN search_entry s ON s.thing = p.id AND s.fields ? 'seals';
