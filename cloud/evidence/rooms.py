"""Sensors of rooms: readings and gaps between them are kept as told; what contacts say raises alarms.

Power that is back ends its alarm. A case that was tilted and a zone that was in alarm are looked into by people,
however short it was, so nothing but people clear those.
"""

from collections.abc import Mapping
from typing import Any

from cloud.alarms.service import Severity
from cloud.db.pool import Tx, rows, storable
from cloud.db.queries import load_queries
from cloud.evidence.room_models import ContactShown, GapShown, ReadingRows, ReadingShown, SensorRows, SensorShown
from cloud.evidence.taken import Taken
from wire.messages import body_of
from wire.sensors import (
    BATTERY_LOW,
    UNITS,
    ContactChanged,
    ContactChattered,
    Measure,
    ReadingsThinned,
    ScaleDoubted,
    ScaleTrusted,
    check_reading,
    span_of,
)

TILTED, POWER_LOST, LOW, PANEL, CHATTERING = (
    "seal_case_tilted", "power_lost", "battery_low", "alarm_panel", "sensor_chattering",
)  # fmt: skip
OUT_OF_TRUE = "scale_out_of_true"
SEVERITY: Mapping[str, Severity] = {TILTED: "critical", POWER_LOST: "major", LOW: "critical", PANEL: "critical"}

_sql = load_queries(__file__, "rooms.sql")
_NEWEST = 2**62


async def reading(taken: Taken) -> None:
    """A value that was measured."""
    body = check_reading(taken.fact.body)
    row = {"measures": body.measures, "value": body.value, "low": body.low, "high": body.high}
    await taken.tx.execute(_sql.add_reading, {**_where(taken, body.station), **row})


async def readings_thinned(taken: Taken) -> None:
    """Readings were left out."""
    body = body_of(ReadingsThinned, taken.fact.body)
    for one in body.devices:
        since, until = span_of(one)
        row = {"site": taken.site, "index": taken.index, "agent": taken.agent, "device": storable(one.device),
               "count": one.count, "since": since, "until": until, "why": list(body.why)}  # fmt: skip
        await taken.tx.execute(_sql.add_gap, row)


async def contact_changed(taken: Taken) -> None:
    """A contact says something else."""
    body = body_of(ContactChanged, taken.fact.body)
    await _set(taken, body)
    await _alarm(taken, body, body.active)


async def contact_chattered(taken: Taken) -> None:
    """A contact changed more often than is told one by one: somewhere among that it was active."""
    body = body_of(ContactChattered, taken.fact.body)
    await _set(taken, body)
    await _alarm(taken, body, body.active if body.sensor == "ups" else True)
    detail = {"contact": body.contact, "edges": body.edges, "since": body.since}
    await taken.alarm(CHATTERING, f"{taken.place(taken.fact.device)}.{body.contact}", "warning", detail)


async def scale_doubted(taken: Taken) -> None:
    """A scale is not to be believed; its agent lets nothing rest on it meanwhile."""
    body = body_of(ScaleDoubted, taken.fact.body)
    detail = {"station": body.station, "why": body.why, "weight_g": body.weight_g, "until": body.until}
    await taken.alarm(OUT_OF_TRUE, f"{taken.place(taken.fact.device)}.{body.why}", "major", detail)


async def scale_trusted(taken: Taken) -> None:
    """It is again."""
    body = body_of(ScaleTrusted, taken.fact.body)
    await taken.clear(OUT_OF_TRUE, f"{taken.place(taken.fact.device)}.{body.why}")


async def sensors(tx: Tx, site: str) -> SensorRows:
    """Every value of a site with its newest reading, and every contact as it is."""
    values = [SensorShown(**row, unit=UNITS[row["measures"]]) for row in await rows(tx, _sql.sensors, site=site)]
    contacts = [ContactShown.model_validate(row) for row in await rows(tx, _sql.contacts, site=site)]
    return SensorRows(values=values, contacts=contacts)


async def readings(
    tx: Tx, site: str, agent: str, device: str, measures: Measure, *, before: int | None, limit: int
) -> ReadingRows:
    """Readings of one value, newest first, with the gaps between them."""
    about = {"site": site, "agent": agent, "device": device, "before": _NEWEST if before is None else before}
    found = await rows(tx, _sql.readings, **about, measures=measures, most=limit)
    since = found[-1]["index"] if len(found) == limit else 0
    gaps = await rows(tx, _sql.gaps, **about, since=since)
    return ReadingRows(
        unit=UNITS[measures],
        rows=[ReadingShown.model_validate(row) for row in found],
        gaps=[GapShown.model_validate(row) for row in gaps],
        next=since or None,
    )


async def _set(taken: Taken, body: ContactChanged | ContactChattered) -> None:
    row = {"contact": storable(body.contact), "sensor": body.sensor, "active": body.active}
    await taken.tx.execute(_sql.set_contact, {**_where(taken, body.station), **row})


async def _alarm(taken: Taken, body: ContactChanged | ContactChattered, active: bool) -> None:
    place, detail = taken.place(taken.fact.device), {"station": body.station, "contact": body.contact}
    if body.sensor == "tilt":
        cause = TILTED
    elif body.sensor == "alarmpanel":
        cause, place = PANEL, f"{place}.{body.contact}"
    else:
        cause = LOW if body.contact == BATTERY_LOW else POWER_LOST
    if active:
        await taken.alarm(cause, place, SEVERITY[cause], detail)
    elif cause in (POWER_LOST, LOW):
        await taken.clear(cause, place)


def _where(taken: Taken, station: str) -> dict[str, Any]:
    return {
        "site": taken.site, "index": taken.index, "agent": taken.agent, "device": storable(taken.fact.device),
        "station": storable(station), "at": taken.at,
    }  # fmt: skip
