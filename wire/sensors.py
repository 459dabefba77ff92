"""What sensors say: measured values, contacts, and what was not told because there was no room or too much of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec

from custody.permits import parse_time
from wire.errors import MessageError
from wire.messages import body_of

Measure = Literal["temperature", "humidity", "pressure", "illuminance", "co2", "battery", "voltage", "power"]

UNITS: dict[str, str] = {
    "temperature": "°C", "humidity": "%", "pressure": "hPa", "illuminance": "lx", "co2": "ppm", "battery": "%",
    "voltage": "V", "power": "W",
}  # fmt: skip
"""What can be measured, and in which unit it is told."""

ContactSensor = Literal["tilt", "ups", "alarmpanel"]
"""What a contact belongs to: the case of a seal, the power supply, an alarm panel."""

POWER, BATTERY_LOW, TILTED = "power_lost", "battery_low", "tilted"
"""Contacts of a power supply and of a case; those of a panel are called as its zones are."""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `reading`: what the sensor in `device` measures now, and the extremes since the reading before."""

    station: str
    measures: str
    value: float
    unit: str
    low: float
    high: float


Why = Literal["space", "backlog"]
"""What is short: room on the disk, or too much waits for the cloud."""


class Thinned(msgspec.Struct, frozen=True, kw_only=True):
    """So many readings of one device were not recorded, measured from `since` to `until`."""

    device: str
    count: int
    since: str
    until: str


class ReadingsThinned(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `readings_thinned`: readings that were left out, before anything else, because something was short."""

    why: list[Why]
    devices: list[Thinned]


class ContactChanged(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `contact_changed`: a contact says something else than before, or for the first time.

    `active`: it is tilted, the power is lost, the zone is in alarm.
    """

    station: str
    sensor: ContactSensor
    contact: str
    active: bool


class ContactChattered(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `contact_chattered`: it changed `edges` times more, since then, than is told one by one; now `active`."""

    station: str
    sensor: ContactSensor
    contact: str
    edges: int
    since: str
    active: bool


ScaleDoubt = Literal["below_zero", "verification_ended"]
"""What speaks against a scale: it stands still below zero; the last day of its verification has passed."""


class ScaleDoubted(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `scale_doubted`: nothing rests on what the scale of a rack says from now on. `until`: its last day."""

    station: str
    why: ScaleDoubt
    weight_g: int | None = None
    until: str | None = None


class ScaleTrusted(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `scale_trusted`: it no longer is so."""

    station: str
    why: ScaleDoubt


def check_reading(body: Mapping[str, Any]) -> Reading:
    """The reading in `body`. Raises MessageError, also for a value that is not known or told in another unit."""
    reading = body_of(Reading, dict(body))
    if UNITS.get(reading.measures) != reading.unit:
        raise MessageError(f"{reading.measures!r:.40} in {reading.unit!r:.20} is nothing that is measured")
    return reading


def span_of(thinned: Thinned) -> tuple[datetime, datetime]:
    """From when to when. Raises MessageError where that is no time, or the count none."""
    if not 0 < thinned.count <= 2**53:
        raise MessageError(f"{thinned.count} readings")
    try:
        return parse_time(thinned.since), parse_time(thinned.until)
    except ValueError as error:
        raise MessageError(f"not a time: {error}") from error
