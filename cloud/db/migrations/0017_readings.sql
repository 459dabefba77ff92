-- Sensors of rooms: every reading that was told, how each contact is, and which readings were left out.

CREATE TABLE reading (
    site        text NOT NULL REFERENCES site,
    index       bigint NOT NULL,                 -- the entry of the fact
    agent       text NOT NULL,
    device      text NOT NULL,                   -- <station>.<device>
    measures    text NOT NULL,
    value       double precision NOT NULL,
    low         double precision NOT NULL,       -- extremes since the reading before
    high        double precision NOT NULL,
    at          timestamptz NOT NULL,            -- by the agent's clock
    PRIMARY KEY (site, index)
);
CREATE INDEX reading_of ON reading (agent, device, measures, index DESC);

-- Which values there are: one row for each that was ever told.
CREATE TABLE sensor (
    site        text NOT NULL REFERENCES site,
    agent       text NOT NULL,
    device      text NOT NULL,
    measures    text NOT NULL,
    station     text NOT NULL,
    index       bigint NOT NULL,                 -- its first reading
    PRIMARY KEY (agent, device, measures)
);
CREATE INDEX sensor_site ON sensor (site);

CREATE TABLE contact (
    site        text NOT NULL REFERENCES site,
    agent       text NOT NULL,
    device      text NOT NULL,
    contact     text NOT NULL,
    station     text NOT NULL,
    sensor      text NOT NULL,                   -- tilt, ups, alarmpanel
    active      boolean NOT NULL,
    at          timestamptz NOT NULL,
    index       bigint NOT NULL,                 -- the newest fact about it
    PRIMARY KEY (agent, device, contact)
);
CREATE INDEX contact_site ON contact (site);

-- Readings that an agent left out because something was short, as it told.
CREATE TABLE reading_gap (
    site        text NOT NULL REFERENCES site,
    index       bigint NOT NULL,                 -- the entry of the readings_thinned
    agent       text NOT NULL,
    device      text NOT NULL,
    count       bigint NOT NULL,
    since       timestamptz NOT NULL,
    until       timestamptz NOT NULL,
    why         text[] NOT NULL,
    PRIMARY KEY (site, index, device)
);
CREATE INDEX reading_gap_of ON reading_gap (agent, device, index);

GRANT SELECT, INSERT ON reading, sensor, reading_gap TO sealtrail_app;
GRANT SELECT, INSERT, UPDATE ON contact TO sealtrail_app;
