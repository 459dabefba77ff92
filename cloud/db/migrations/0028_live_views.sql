-- Who looked through which camera is on the supervisor's list: as `overrides.sql` asks for it.
DROP INDEX record_override;
CREATE INDEX record_override ON record (site, index) WHERE
    kind IN ('exception_opened', 'exception_reviewed', 'act_refused', 'act_declined', 'case_repinned', 'rules_adopted',
             'hold_lifted', 'content_erased', 'live_view_opened')
    OR (kind = 'custody_step' AND content LIKE '%"action":"correct"%');
