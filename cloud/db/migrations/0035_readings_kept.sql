-- How long raw readings are kept, what was here and what went (ADR 23); and what Grafana may read.

ALTER TABLE telemetry_batch ALTER COLUMN content DROP NOT NULL;     -- null: removed, and its readings with it
ALTER TABLE telemetry_batch ADD COLUMN digest bytea;                -- SHA-256 of the content that goes
ALTER TABLE telemetry_batch ADD COLUMN removed_index bigint;        -- the entry (readings_removed) that says so
CREATE INDEX telemetry_batch_raw ON telemetry_batch (agent, until) WHERE removed_index IS NULL;
CREATE INDEX telemetry_batch_going ON telemetry_batch (site, agent, number)
    WHERE removed_index IS NOT NULL AND content IS NOT NULL;

-- Which batches the ledger says are here (readings_kept).
CREATE TABLE telemetry_told (
    agent       text PRIMARY KEY REFERENCES agent,
    numbers     int8multirange NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON telemetry_told TO sealtrail_app;

-- What goes is named by an entry first: the application's role can mark no batch that none names.
CREATE FUNCTION telemetry_release(the_agent text, numbers bigint[], digests bytea[], entry bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    marked bigint;
BEGIN
    UPDATE telemetry_batch b SET removed_index = entry, digest = g.digest
    FROM unnest(numbers, digests) AS g (number, digest)
    WHERE b.agent = the_agent AND b.number = g.number AND b.removed_index IS NULL AND EXISTS (
        SELECT FROM record r CROSS JOIN LATERAL jsonb_array_elements(r.content::jsonb -> 'batches') AS span
        WHERE r.site = b.site AND r.index = entry AND r.kind = 'readings_removed'
          AND r.content::jsonb ->> 'agent' = the_agent
          AND b.number BETWEEN (span ->> 0)::bigint AND (span ->> 1)::bigint);
    GET DIAGNOSTICS marked = ROW_COUNT;
    IF marked <> cardinality(numbers) THEN
        RAISE EXCEPTION 'entry % names % of these % batches', entry, marked, cardinality(numbers)
            USING ERRCODE = 'insufficient_privilege';
    END IF;
END $$;

-- What is gathered is read by these views. On hypertables, buckets whose readings went are kept as they were when the
-- first of them did, and read there: a refresh, which knows only what is left, changes nothing that is seen.
DO $$
DECLARE
    native boolean := EXISTS (SELECT FROM pg_partitioned_table WHERE partrelid = 'telemetry'::regclass);
    width text;
BEGIN
    FOREACH width IN ARRAY ARRAY['minute', 'hour', 'day'] LOOP
        IF native THEN
            EXECUTE format('CREATE VIEW telemetry_by_%1$s AS
                SELECT series, bucket, n, low, high, total FROM telemetry_%1$s', width);
        ELSE
            EXECUTE format('CREATE TABLE telemetry_%s_past (
                series integer NOT NULL, bucket timestamptz NOT NULL, n bigint NOT NULL, low double precision NOT NULL,
                high double precision NOT NULL, total double precision NOT NULL, PRIMARY KEY (series, bucket))', width);
            EXECUTE format('CREATE VIEW telemetry_by_%1$s AS
                SELECT series, bucket, n, low, high, total FROM telemetry_%1$s_past
                UNION ALL
                SELECT series, bucket, n::bigint, low, high, total FROM telemetry_%1$s l WHERE NOT EXISTS (
                    SELECT FROM telemetry_%1$s_past p WHERE p.series = l.series AND p.bucket = l.bucket)', width);
        END IF;
        EXECUTE format('GRANT SELECT ON telemetry_by_%s TO sealtrail_app', width);
    END LOOP;
END $$;

-- Nobody stores while days are looked through for empty ones (telemetry_tidy).
CREATE OR REPLACE FUNCTION telemetry_days(days date[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    day date;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtext('telemetry_tidy'));
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

-- The buckets that `series_ids` have between two times, as they are now, into what stays of the past.
CREATE FUNCTION telemetry_remember(series_ids integer[], since timestamptz, until timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    width text;
BEGIN
    FOREACH width IN ARRAY ARRAY['minute', 'hour', 'day'] LOOP
        EXECUTE format('
            INSERT INTO telemetry_%1$s_past
            SELECT s, begun, r.n, r.low, r.high, r.total
            FROM unnest($1) AS s
            CROSS JOIN generate_series(date_trunc(%1$L, $2), $3, interval ''1 %1$s'') AS begun
            CROSS JOIN LATERAL (
                SELECT count(*) AS n, min(value) AS low, max(value) AS high, sum(value) AS total FROM telemetry t
                WHERE t.series = s AND t.at >= begun AND t.at < begun + interval ''1 %1$s'') r
            WHERE r.n > 0 AND NOT EXISTS (SELECT FROM telemetry_%1$s_past p WHERE p.series = s AND p.bucket = begun)', width)
        USING series_ids, since, until;
    END LOOP;
END $$;
REVOKE ALL ON FUNCTION telemetry_remember FROM PUBLIC;

-- What comes late, told by minutes, is added to those buckets that stay of the past; hypertables only.
CREATE FUNCTION telemetry_late(
    series_ids integer[], minutes timestamptz[], counts bigint[], lows float8[], highs float8[], totals float8[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    width text;
BEGIN
    FOREACH width IN ARRAY ARRAY['minute', 'hour', 'day'] LOOP
        EXECUTE format('
            UPDATE telemetry_%1$s_past p SET n = p.n + l.n, low = least(p.low, l.low), high = greatest(p.high, l.high),
                total = p.total + l.total
            FROM (
                SELECT series, date_trunc(%1$L, minute) AS bucket, sum(n)::bigint AS n, min(low) AS low, max(high) AS high,
                       sum(total) AS total
                FROM unnest($1, $2, $3, $4, $5, $6) AS t (series, minute, n, low, high, total) GROUP BY 1, 2) l
            WHERE p.series = l.series AND p.bucket = l.bucket', width)
        USING series_ids, minutes, counts, lows, highs, totals;
    END LOOP;
END $$;

-- Removes the readings and contents of batches that were released, of one agent, about `most` readings at a time;
-- returns how many batches. An agent's batches are stored meanwhile by nobody: no late one slips between.
CREATE FUNCTION telemetry_sweep(the_site text, most bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    native boolean := EXISTS (SELECT FROM pg_partitioned_table WHERE partrelid = 'telemetry'::regclass);
    whose text;
    ids integer[];
    one record;
    swept bigint := 0;
BEGIN
    SELECT agent INTO whose FROM telemetry_batch
    WHERE site = the_site AND removed_index IS NOT NULL AND content IS NOT NULL ORDER BY agent LIMIT 1;
    IF whose IS NULL THEN
        RETURN 0;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('telemetry ' || whose, 0));
    IF NOT native THEN
        PERFORM set_config('timescaledb.max_tuples_decompressed_per_dml_transaction', '0', true);
    END IF;
    SELECT array_agg(id) INTO ids FROM telemetry_series WHERE agent = whose;
    FOR one IN
        SELECT id, number, since, until FROM (
            SELECT id, number, since, until, sum(rows) OVER (ORDER BY number) - rows AS before FROM (
                SELECT id, number, since, until, rows FROM telemetry_batch
                WHERE site = the_site AND agent = whose AND removed_index IS NOT NULL AND content IS NOT NULL
                ORDER BY number LIMIT 500) b) c
        WHERE before < most ORDER BY number
    LOOP
        IF NOT native THEN
            PERFORM telemetry_remember(ids, one.since, one.until);
        END IF;
        -- With its values in it: so only what holds them is looked into, and of a compressed day unpacked.
        EXECUTE format('DELETE FROM telemetry WHERE series = ANY (%L::integer[]) AND at >= %L::timestamptz '
                       'AND at <= %L::timestamptz AND batch = %s', ids, one.since, one.until, one.id);
        UPDATE telemetry_batch SET content = NULL WHERE agent = whose AND number = one.number;
        swept := swept + 1;
    END LOOP;
    RETURN swept;
END $$;

-- Takes away the days before `before` that nothing is in any more; returns how many. Waits a second at most.
CREATE FUNCTION telemetry_tidy(before timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' SET lock_timeout = '1s' AS $$
DECLARE
    native boolean := EXISTS (SELECT FROM pg_partitioned_table WHERE partrelid = 'telemetry'::regclass);
    day record;
    holds boolean;
    tidied bigint := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('telemetry_tidy'));
    FOR day IN EXECUTE CASE WHEN native THEN
        $days$SELECT inhrelid::regclass::text AS name, NULL::timestamptz AS since, NULL::timestamptz AS until
              FROM pg_inherits WHERE inhparent = 'telemetry'::regclass
                AND inhrelid::regclass::text ~ '^telemetry_\d{8}$'
                AND to_date(right(inhrelid::regclass::text, 8), 'YYYYMMDD') < $1 - interval '1 day'$days$
    ELSE
        $days$SELECT format('%I.%I', chunk_schema, chunk_name) AS name, range_start AS since, range_end AS until
              FROM timescaledb_information.chunks WHERE hypertable_name = 'telemetry' AND range_end < $1$days$
    END USING before LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %s)', day.name) INTO holds;
        CONTINUE WHEN holds;
        IF native THEN
            EXECUTE format('DROP TABLE %s', day.name);
        ELSE
            PERFORM drop_chunks('telemetry', older_than => day.until, newer_than => day.since);
        END IF;
        tidied := tidied + 1;
    END LOOP;
    RETURN tidied;
EXCEPTION WHEN lock_not_available THEN
    RETURN 0;
END $$;

REVOKE ALL ON FUNCTION telemetry_release, telemetry_late, telemetry_sweep, telemetry_tidy FROM PUBLIC;
GRANT EXECUTE ON FUNCTION telemetry_release, telemetry_late, telemetry_sweep, telemetry_tidy TO sealtrail_app;

-- ---------------------------------------------------------------- what Grafana may read: these views, and nothing else

CREATE SCHEMA telemetry_views;

CREATE FUNCTION telemetry_views.unit_of(measures text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE measures WHEN 'temperature' THEN '°C' WHEN 'humidity' THEN '%' WHEN 'pressure' THEN 'hPa'
        WHEN 'illuminance' THEN 'lx' WHEN 'co2' THEN 'ppm' WHEN 'battery' THEN '%' WHEN 'voltage' THEN 'V'
        WHEN 'power' THEN 'W' END
$$;

-- Every value that is measured at a high rate, and its newest reading.
CREATE VIEW telemetry_views.sensor AS
    SELECT id AS series, site, agent, device, measures, telemetry_views.unit_of(measures) AS unit,
           newest_at AS time, newest AS value
    FROM public.telemetry_series;

-- Each raw reading that is kept, by its agent's clock.
CREATE VIEW telemetry_views.reading AS SELECT series, at AS time, value FROM public.telemetry;

-- `n` readings from `time` on: their extremes and their mean.
CREATE VIEW telemetry_views.minute AS
    SELECT series, bucket AS time, n::bigint, low, high, total / n AS mean FROM public.telemetry_by_minute;
CREATE VIEW telemetry_views.hour AS
    SELECT series, bucket AS time, n::bigint, low, high, total / n AS mean FROM public.telemetry_by_hour;
CREATE VIEW telemetry_views.day AS
    SELECT series, bucket AS time, n::bigint, low, high, total / n AS mean FROM public.telemetry_by_day;

-- Batches `first` to `last` of an agent that did not come (yet).
CREATE VIEW telemetry_views.gap AS SELECT site, agent, first, last, since, until FROM public.telemetry_gap;

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'sealtrail_grafana') THEN
        CREATE ROLE sealtrail_grafana LOGIN;
    END IF;
    -- Whoever draws charts changes nothing, and a chart that takes a minute is given up.
    ALTER ROLE sealtrail_grafana SET default_transaction_read_only = on;
    ALTER ROLE sealtrail_grafana SET statement_timeout = '60s';
    ALTER ROLE sealtrail_grafana SET search_path = telemetry_views;
END $$;
GRANT USAGE ON SCHEMA telemetry_views TO sealtrail_grafana;
GRANT SELECT ON ALL TABLES IN SCHEMA telemetry_views TO sealtrail_grafana;
