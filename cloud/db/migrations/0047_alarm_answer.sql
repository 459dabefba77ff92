-- Until when somebody has to say what an alarm was that was over by itself; null: nobody was asked. Whoever says so then
-- stands in `cleared_by`, with the code.
ALTER TABLE alarm ADD COLUMN answer_due_at timestamptz;
CREATE INDEX alarm_unanswered ON alarm (site, cleared_at) WHERE cleared_at IS NOT NULL AND cleared_by IS NULL;
