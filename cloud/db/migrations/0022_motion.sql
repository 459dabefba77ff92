-- The hours in which something moved before a camera are looked for by time.
CREATE INDEX fact_motion ON fact (site, at DESC) WHERE kind = 'motion_seen';
