-- The life of an alarm: who took notice of it and whose it is, on which rung of its chain it is, until when it is set
-- aside, who said that it is over and why. Each change is a record, filed under <site>/A-<entry of its raising>.
ALTER TABLE alarm
    ADD COLUMN acknowledged_by text,
    ADD COLUMN acknowledged_at timestamptz,
    ADD COLUMN assigned_to text,
    ADD COLUMN shelved_until timestamptz,
    ADD COLUMN level smallint NOT NULL DEFAULT 0,    -- 0: the first rung
    ADD COLUMN cleared_by text,                      -- null: it was over by itself
    ADD COLUMN cleared_code text;
CREATE INDEX alarm_unnoticed ON alarm (site, raised_at) WHERE cleared_at IS NULL AND acknowledged_at IS NULL;

UPDATE alarm a SET cleared_by = r.actor, cleared_code = r.content::jsonb ->> 'cause_code'
FROM record r
WHERE r.site = a.site AND r.kind = 'alarm_cleared' AND r.content LIKE '{%' AND r.content::jsonb ->> 'alarm' = a.index::text;
