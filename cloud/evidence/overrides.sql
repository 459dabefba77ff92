-- As the index record_override has it (migration 0043).
-- name: overrides
SELECT r.index, r.kind, r.at, r.actor, p.name AS actor_name, r.content
FROM record r LEFT JOIN person p ON p.id = r.actor
WHERE r.site = %(site)s AND r.index < %(before)s
  AND (%(kind)s::text IS NULL OR r.kind = %(kind)s)
  AND (r.kind IN ('exception_opened', 'exception_reviewed', 'act_refused', 'act_declined', 'case_repinned', 'rules_adopted',
                  'hold_lifted', 'content_erased', 'live_view_opened', 'case_corrected')
       OR (r.kind = 'custody_step' AND r.content LIKE '%%"action":"correct"%%'))
ORDER BY r.index DESC LIMIT %(most)s
