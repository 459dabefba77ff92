-- Telemetry: readings at a high rate (ADR 19). The record is the batch as its agent signed it; readings and what is
-- gathered from them by minute, hour and day follow from it. One switch, here: where the server has TimescaleDB,
-- `telemetry` is a hypertable with compression and continuous aggregates; else it is partitioned by day, and whoever
-- stores a batch adds it to the buckets. What is read is the same: telemetry, telemetry_minute, _hour, _day.

CREATE TABLE telemetry_series (
    id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site        text NOT NULL REFERENCES site,
    agent       text NOT NULL REFERENCES agent,
    device      text NOT NULL,                   -- <station>.<device>
    measures    text NOT NULL,
    newest_at   timestamptz NOT NULL,
    newest      double precision NOT NULL,
    UNIQUE (agent, device, measures)
);
CREATE INDEX telemetry_series_site ON telemetry_series (site);

CREATE TABLE telemetry_batch (
    id          bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    site        text NOT NULL REFERENCES site,
    agent       text NOT NULL REFERENCES agent,
    number      bigint NOT NULL,
    prev        bytea NOT NULL,
    head        bytea NOT NULL,
    rows        integer NOT NULL,
    since       timestamptz NOT NULL,            -- by the agent's clock
    until       timestamptz NOT NULL,
    error_ms    bigint,                          -- how wrong that can be; null: nobody knows
    taken_at    timestamptz NOT NULL,
    jws         text NOT NULL,
    content     bytea NOT NULL,                  -- the bytes that were signed, deflated
    PRIMARY KEY (agent, number)
);
ALTER TABLE telemetry_batch ALTER COLUMN content SET STORAGE EXTERNAL;
CREATE INDEX telemetry_batch_span ON telemetry_batch (agent, since, until);

DO $$
DECLARE
    has boolean := EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb');
    width text;
BEGIN
    IF has THEN
        CREATE EXTENSION IF NOT EXISTS timescaledb;
        CREATE TABLE telemetry (
            series integer NOT NULL, at timestamptz NOT NULL, value double precision NOT NULL, batch bigint NOT NULL);
        PERFORM create_hypertable('telemetry', by_range('at', interval '1 day'), create_default_indexes => false);
        CREATE INDEX telemetry_of ON telemetry (series, at DESC);
        ALTER TABLE telemetry SET (
            timescaledb.compress, timescaledb.compress_segmentby = 'series', timescaledb.compress_orderby = 'at');
        PERFORM add_compression_policy('telemetry', interval '7 days');
        CREATE MATERIALIZED VIEW telemetry_minute
            WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
            SELECT series, time_bucket('1 minute', at) AS bucket, count(*) AS n, min(value) AS low, max(value) AS high,
                   sum(value) AS total
            FROM telemetry GROUP BY 1, 2 WITH NO DATA;
        CREATE MATERIALIZED VIEW telemetry_hour
            WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
            SELECT series, time_bucket('1 hour', bucket) AS bucket, sum(n) AS n, min(low) AS low, max(high) AS high,
                   sum(total) AS total
            FROM telemetry_minute GROUP BY 1, 2 WITH NO DATA;
        CREATE MATERIALIZED VIEW telemetry_day
            WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
            SELECT series, time_bucket('1 day', bucket) AS bucket, sum(n) AS n, min(low) AS low, max(high) AS high,
                   sum(total) AS total
            FROM telemetry_hour GROUP BY 1, 2 WITH NO DATA;
        -- All that is late is within reach: a refresh only looks at buckets that were touched.
        PERFORM add_continuous_aggregate_policy('telemetry_minute', NULL, interval '1 minute', interval '1 minute');
        PERFORM add_continuous_aggregate_policy('telemetry_hour', NULL, interval '1 hour', interval '5 minutes');
        PERFORM add_continuous_aggregate_policy('telemetry_day', NULL, interval '1 day', interval '1 hour');
        GRANT SELECT ON telemetry_minute, telemetry_hour, telemetry_day TO sealtrail_app;
    ELSE
        CREATE TABLE telemetry (
            series integer NOT NULL, at timestamptz NOT NULL, value double precision NOT NULL, batch bigint NOT NULL
        ) PARTITION BY RANGE (at);
        CREATE INDEX telemetry_of ON telemetry (series, at DESC);
        CREATE TABLE telemetry_rest PARTITION OF telemetry DEFAULT;
        FOREACH width IN ARRAY ARRAY['minute', 'hour', 'day'] LOOP
            EXECUTE format('CREATE TABLE telemetry_%s (
                series integer NOT NULL, bucket timestamptz NOT NULL, n bigint NOT NULL, low double precision NOT NULL,
                high double precision NOT NULL, total double precision NOT NULL, PRIMARY KEY (series, bucket)
            ) WITH (fillfactor = 80)', width);
            EXECUTE format('GRANT SELECT, INSERT, UPDATE ON telemetry_%s TO sealtrail_app', width);
        END LOOP;
    END IF;
END $$;

-- Partitions for these days (UTC); the application's role may make no tables of its own. Nothing to do for hypertables.
CREATE FUNCTION telemetry_days(days date[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    day date;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_partitioned_table WHERE partrelid = 'telemetry'::regclass) THEN
        RETURN;
    END IF;
    FOREACH day IN ARRAY days LOOP
        IF to_regclass(format('telemetry_%s', to_char(day, 'YYYYMMDD'))) IS NULL THEN
            PERFORM pg_advisory_xact_lock(hashtext('telemetry_days'));
            EXECUTE format('CREATE TABLE IF NOT EXISTS telemetry_%s PARTITION OF telemetry FOR VALUES FROM (%L) TO (%L)',
                to_char(day, 'YYYYMMDD'), day::timestamptz, (day + 1)::timestamptz);
        END IF;
    END LOOP;
END $$;
REVOKE ALL ON FUNCTION telemetry_days FROM PUBLIC;
GRANT EXECUTE ON FUNCTION telemetry_days TO sealtrail_app;

-- Numbers between the first and the newest batch of an agent that are not here.
CREATE VIEW telemetry_gap AS
    SELECT site, agent, before + 1 AS first, number - 1 AS last, before_until AS since, since AS until
    FROM (
        SELECT site, agent, number, since, lag(number) OVER w AS before, lag(until) OVER w AS before_until
        FROM telemetry_batch WINDOW w AS (PARTITION BY agent ORDER BY number)
    ) b WHERE number > before + 1;

GRANT SELECT, INSERT ON telemetry_batch, telemetry TO sealtrail_app;
GRANT SELECT, INSERT, UPDATE ON telemetry_series TO sealtrail_app;
GRANT SELECT ON telemetry_gap TO sealtrail_app;
