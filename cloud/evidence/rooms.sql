-- name: add_reading
WITH known AS (
    INSERT INTO sensor (site, agent, device, measures, station, index)
    VALUES (%(site)s, %(agent)s, %(device)s, %(measures)s, %(station)s, %(index)s) ON CONFLICT DO NOTHING
)
INSERT INTO reading (site, index, agent, device, measures, value, low, high, at)
VALUES (%(site)s, %(index)s, %(agent)s, %(device)s, %(measures)s, %(value)s, %(low)s, %(high)s, %(at)s)

-- name: set_contact
INSERT INTO contact (site, agent, device, contact, station, sensor, active, at, index)
VALUES (%(site)s, %(agent)s, %(device)s, %(contact)s, %(station)s, %(sensor)s, %(active)s, %(at)s, %(index)s)
ON CONFLICT (agent, device, contact) DO UPDATE SET station = excluded.station, sensor = excluded.sensor,
    active = excluded.active, at = excluded.at, index = excluded.index

-- name: add_gap
INSERT INTO reading_gap (site, index, agent, device, count, since, until, why)
VALUES (%(site)s, %(index)s, %(agent)s, %(device)s, %(count)s, %(since)s, %(until)s, %(why)s)
ON CONFLICT DO NOTHING

-- name: sensors
SELECT s.agent, s.station, s.device, s.measures, r.value, r.low, r.high, r.at, r.index
FROM sensor s CROSS JOIN LATERAL (
    SELECT value, low, high, at, index FROM reading
    WHERE agent = s.agent AND device = s.device AND measures = s.measures ORDER BY index DESC LIMIT 1
) r
WHERE s.site = %(site)s ORDER BY s.agent, s.device, s.measures

-- name: contacts
SELECT agent, station, device, contact, sensor, active, at, index FROM contact
WHERE site = %(site)s ORDER BY agent, device, contact

-- name: readings
SELECT index, value, low, high, at FROM reading
WHERE site = %(site)s AND agent = %(agent)s AND device = %(device)s AND measures = %(measures)s AND index < %(before)s
ORDER BY index DESC LIMIT %(most)s

-- name: gaps
SELECT index, count, since, until, why FROM reading_gap
WHERE site = %(site)s AND agent = %(agent)s AND device = %(device)s AND index >= %(since)s AND index < %(before)s
ORDER BY index DESC LIMIT 1000
