-- Tickets (协查单): each is filed under <site>/T-<entry of its opening>. What people wrote stays in the records.
CREATE TABLE ticket (
    site text NOT NULL REFERENCES site,
    index bigint NOT NULL,                 -- the entry that opened it
    type text NOT NULL,
    state text NOT NULL,                   -- custody.tickets.TicketState
    round smallint NOT NULL DEFAULT 1,
    opened_by text NOT NULL,
    opened_at timestamptz NOT NULL,
    assigned_to text,
    alarm bigint,                          -- the entry that raised the alarm it is about
    links text[] NOT NULL,                 -- items, packages, cases and people it is about
    place text,
    since timestamptz NOT NULL,            -- from when the clock of its state runs
    newest bigint NOT NULL,                -- its newest entry
    repliers text[] NOT NULL DEFAULT '{}', -- who checked or replied, in any round
    reminded_index bigint,                 -- of the clock that runs
    overdue_index bigint,
    closed_at timestamptz,
    PRIMARY KEY (site, index)
);
CREATE UNIQUE INDEX ticket_of_alarm ON ticket (site, alarm) WHERE alarm IS NOT NULL AND closed_at IS NULL;
CREATE INDEX ticket_living ON ticket (site, index) WHERE closed_at IS NULL;

CREATE TABLE ticket_pause (
    site text NOT NULL,
    ticket bigint NOT NULL,
    index bigint NOT NULL,
    paused_at timestamptz NOT NULL,
    resumed_at timestamptz,
    PRIMARY KEY (site, index),
    FOREIGN KEY (site, ticket) REFERENCES ticket
);

-- A notice to put right (整改通知): its own deadline, its own word that it was done, its own confirmation.
CREATE TABLE rectification (
    site text NOT NULL,
    ticket bigint NOT NULL,
    index bigint NOT NULL,
    person text NOT NULL,
    ordered_by text NOT NULL,
    due_at timestamptz NOT NULL,
    remedied_index bigint,
    confirmed_index bigint,
    PRIMARY KEY (site, index),
    FOREIGN KEY (site, ticket) REFERENCES ticket
);
GRANT SELECT, INSERT, UPDATE ON ticket, ticket_pause, rectification TO sealtrail_app;
