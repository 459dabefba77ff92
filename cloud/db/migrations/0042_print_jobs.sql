-- Print jobs: one an order to print, as its record and its facts lead to it; and printers, as they are and with what is
-- left on their rolls. Records from before lead to none: they do not say which label was in which order.

CREATE TABLE print_job (
    id          text PRIMARY KEY,                -- the order
    site        text NOT NULL REFERENCES site,
    agent       text NOT NULL,
    printer     text NOT NULL,
    sent_by     text NOT NULL,
    sent_at     timestamptz NOT NULL,
    index       bigint NOT NULL,                 -- labels_sent
    how         jsonb NOT NULL,                  -- language and size
    again       text,                            -- the job that it repeats
    outcome     text,                            -- printed, not_printed, partial, unknown; null while nothing is told
    problem     text,
    ended_at    timestamptz,
    ended_index bigint
);
CREATE INDEX print_job_by_entry ON print_job (site, index);
CREATE INDEX print_job_ended ON print_job (agent, printer, ended_index);

CREATE TABLE print_label (
    job         text NOT NULL,
    position    integer NOT NULL,                -- from 0
    site        text NOT NULL REFERENCES site,
    thing       text NOT NULL,
    issue       integer NOT NULL,
    outcome     text,                            -- printed, not_printed, unknown
    PRIMARY KEY (job, position)
);
CREATE INDEX print_label_by_thing ON print_label (thing);
CREATE INDEX print_label_site ON print_label (site);

CREATE TABLE printer (
    site        text NOT NULL REFERENCES site,
    agent       text NOT NULL,
    name        text NOT NULL,
    state       text,                            -- null where it never told any
    trouble     text,
    problem     text,
    at          timestamptz,
    index       bigint,
    roll        integer,                         -- how many labels a new roll has, by its options
    ran_out     boolean NOT NULL DEFAULT false,  -- its paper was out since it was ready last
    reloaded_index bigint,                       -- it was ready again after that, and nobody said "new roll" since
    rolled_index bigint,                         -- when somebody did
    rolled_at   timestamptz,
    rolled_by   text,
    rolled_labels integer,                       -- how many that one had, where they said so
    PRIMARY KEY (agent, name)
);
CREATE INDEX printer_site ON printer (site);

GRANT SELECT, INSERT, UPDATE ON print_job, print_label, printer TO sealtrail_app;

-- ---------------------------------------------------------------- found by

CREATE FUNCTION search_of(j print_job) RETURNS void LANGUAGE sql SET search_path = public AS $$
    SELECT search_note('print_job', j.id, j.site, jsonb_build_object(
        'printer', j.printer, 'agent', j.agent,
        'things', (SELECT string_agg(thing, '、' ORDER BY position) FROM print_label WHERE job = j.id)), ARRAY[j.printer])
$$;

CREATE FUNCTION search_job_of() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    PERFORM search_of(j) FROM print_job j WHERE j.id IN (SELECT DISTINCT job FROM made);
    RETURN NULL;
END $$;

CREATE TRIGGER search AFTER INSERT ON print_label REFERENCING NEW TABLE AS made
    FOR EACH STATEMENT EXECUTE FUNCTION search_job_of();
