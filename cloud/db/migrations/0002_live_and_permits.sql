-- What the live stream and the API ask for that the main job's tables did not have.

-- An order's answer is the answer about its permit.
ALTER TABLE permit ADD COLUMN order_id text REFERENCES agent_order;

-- The live stream asks for what came with a range of entries.
CREATE INDEX passage_by_crossing ON passage (site, crossed_index) WHERE crossed_index IS NOT NULL;
CREATE INDEX passage_by_abandoning ON passage (site, abandoned_index) WHERE abandoned_index IS NOT NULL;
CREATE INDEX alarm_by_entry ON alarm (site, index);
CREATE INDEX alarm_by_clearing ON alarm (site, cleared_at) WHERE cleared_at IS NOT NULL;

CREATE INDEX case_by_entry ON evidence_case (site, index);
CREATE INDEX permit_by_entry ON permit (site, index);
CREATE INDEX session_by_expiry ON session (expires_at);

-- What is under hold: what was named, the packages that hold it, and what is in packages that were named.
-- Edge and cloud judge by the same list.
CREATE VIEW held AS
    SELECT thing, site, index FROM hold
    UNION SELECT i.package_id, h.site, h.index FROM hold h JOIN item i ON i.id = h.thing WHERE i.package_id IS NOT NULL
    UNION SELECT i.id, h.site, h.index FROM hold h JOIN item i ON i.package_id = h.thing;
GRANT SELECT ON held TO sealtrail_app;

-- Who watches learns when an agent comes and goes, whoever noticed it.
CREATE FUNCTION tell_agent_online() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('agents', json_build_object(
        'site', (SELECT site FROM agent WHERE id = NEW.agent), 'id', NEW.agent, 'online', NEW.online)::text);
    RETURN NULL;
END $$;
CREATE TRIGGER tell_online AFTER UPDATE OF online ON agent_stream FOR EACH ROW
    WHEN (OLD.online IS DISTINCT FROM NEW.online) EXECUTE FUNCTION tell_agent_online();
