-- A notice to put right has a deadline of its own: the entry that told that it was missed.
ALTER TABLE rectification ADD COLUMN overdue_index bigint;
CREATE INDEX rectification_open ON rectification (site, due_at) WHERE remedied_index IS NULL AND overdue_index IS NULL;
