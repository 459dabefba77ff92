-- The newest drawing of a site is found without reading what else was recorded since: it is the record itself.
CREATE INDEX record_plan ON record (site, index) WHERE kind = 'plan_drawn';
