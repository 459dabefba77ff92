-- How far the rules of alarms have read each log, and what they remember of each place meanwhile. Both can be made anew by
-- reading the log again; the alarms themselves are records.
CREATE TABLE rule_cursor (
    site        text PRIMARY KEY REFERENCES site,
    upto        bigint NOT NULL                  -- entries below it were looked at
);

CREATE TABLE rule_watch (
    site        text NOT NULL REFERENCES site,
    rule        text NOT NULL,
    place       text NOT NULL,
    text        text NOT NULL,                   -- hash of the rule's text
    seen        jsonb NOT NULL,                  -- see custody/rule_watch.py
    due         timestamptz,                     -- when time alone may change something
    PRIMARY KEY (site, rule, place)
);

-- Rules begin where they came: they tell of nothing that was over before.
INSERT INTO rule_cursor (site, upto) SELECT site, size FROM ledger_head;

GRANT SELECT, INSERT, UPDATE ON rule_cursor TO sealtrail_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON rule_watch TO sealtrail_app;
