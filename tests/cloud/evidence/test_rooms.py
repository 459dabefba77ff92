"""Sensors as agents tell of them: readings page by page with what was left out, alarms, and a ledger behind it all."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest

from benchmarks.telling import START, Teller
from custody.permits import time_text
from custody.roles import Role
from tests.cloud.api import Office, problem
from tests.cloud.people.derived import each_is_found, holds
from tests.cloud.receiving import Receiving

AGENT, AIR = "nj01.room", "room.air"
SINCE, UNTIL = "2026-11-22T03:10:00.000000Z", "2026-11-22T03:50:00.000000Z"
KEPT = ("reading", "sensor", "contact", "reading_gap")


@dataclass
class Room:
    """An agent with sensors, and somebody who reads what they say."""

    office: Office
    receiving: Receiving
    reader: httpx.AsyncClient
    teller: Teller = field(default_factory=lambda: Teller(AGENT))
    sent: int = 0

    def measure(self, value: float, measures: str = "temperature", unit: str = "°C", device: str = AIR) -> int:
        body = {"station": "room", "measures": measures, "value": value, "unit": unit, "low": value - 1, "high": value}
        at = START + timedelta(minutes=len(self.teller.facts))
        return self.teller.say("reading", body, device=device, at=at)

    def thin(self, count: int = 7, device: str = AIR, **more: Any) -> None:
        told = {"device": device, "count": count, "since": SINCE, "until": UNTIL, **more}
        self.teller.say("readings_thinned", {"why": ["space"], "devices": [told]}, device="agent")

    async def contact(self, sensor: str, contact: str, active: bool, edges: int | None = None) -> None:
        body: dict[str, Any] = {"station": "room", "sensor": sensor, "contact": contact, "active": active}
        if edges is None:
            self.teller.say("contact_changed", body, device=f"room.{sensor}")
        else:
            self.teller.say("contact_chattered", body | {"edges": edges, "since": SINCE}, device=f"room.{sensor}")
        await self.send()

    async def send(self) -> None:
        told = len(self.teller.facts)
        await self.receiving.take(self.teller, self.teller.batch(self.sent + 1, told))
        self.sent = told

    async def alarms(self) -> set[tuple[str, str]]:
        return {(cause, place.removeprefix(f"{AGENT}:room.")) for cause, place in await self.receiving.alarms()}

    async def readings(self, **more: Any) -> dict[str, Any]:
        asked = {"agent": AGENT, "device": AIR, "measures": "temperature", **more}
        answer = await self.reader.get("readings", params=asked)
        assert answer.status_code == 200, answer.text
        page: dict[str, Any] = answer.json()
        return page


@pytest.fixture
async def room(office: Office) -> Room:
    room = Room(office, Receiving(office.parts.pool, office.parts.world, "nj01"), await office.signed_in(Role.OPERATOR))
    await room.receiving.know(room.teller)
    return room


async def test_readings_are_shown_newest_first_page_by_page(room: Room) -> None:
    for value in range(5):
        room.measure(value)
        room.measure(50, "humidity", "%")
        room.measure(99, device="room.cellar")
    await room.send()
    first = await room.readings(limit=3)
    assert [row["value"] for row in first["rows"]] == [4, 3, 2]
    assert (first["unit"], first["rows"][0]["low"], first["rows"][0]["high"]) == ("°C", 3, 4)
    assert first["rows"][0]["at"] == time_text(START + timedelta(minutes=12)).replace(".000000", "")
    second = await room.readings(limit=3, before=first["next"])
    assert ([row["value"] for row in second["rows"]], second["next"]) == ([1, 0], None)


async def test_what_was_left_out_is_shown_between_the_readings_around_it(room: Room) -> None:
    room.measure(1)
    room.measure(2)
    room.thin(40)
    room.thin(3, device="room.cellar")
    room.measure(3)
    await room.send()
    (gap,) = (await room.readings(limit=2))["gaps"]
    assert (gap["count"], gap["why"], gap["since"]) == (40, ["space"], SINCE.replace(".000000", ""))
    newest = (await room.readings(limit=1))["next"]
    assert (await room.readings(limit=1))["gaps"] == []
    assert len((await room.readings(limit=1, before=newest))["gaps"]) == 1
    assert await room.alarms() == set()


async def test_the_list_of_sensors_has_the_newest_of_each_value_and_each_contact(room: Room) -> None:
    for value in (20.5, 21.5):
        room.measure(value)
    room.measure(44, "humidity", "%")
    await room.contact("alarmpanel", "roof", True)
    await room.contact("alarmpanel", "roof", False)
    shown = (await room.reader.get("sensors")).json()
    assert [(row["device"], row["measures"], row["unit"], row["value"]) for row in shown["values"]] == [
        (AIR, "humidity", "%", 44), (AIR, "temperature", "°C", 21.5),
    ]  # fmt: skip
    assert [(row["contact"], row["active"]) for row in shown["contacts"]] == [("roof", False)]


async def test_nobody_sees_the_sensors_of_another_site(room: Room) -> None:
    room.measure(1)
    await room.contact("ups", "power_lost", False)
    await room.office.execute("INSERT INTO site VALUES ('sz01', '苏州', 'Suzhou', 'sealtrail/test/sz01', now())")
    await room.office.execute("INSERT INTO ledger_head (site) VALUES ('sz01')")
    stranger = await room.office.signed_in(Role.OPERATOR, site="sz01")
    assert (await stranger.get("sensors")).json() == {"values": [], "contacts": []}
    asked = {"agent": AGENT, "device": AIR, "measures": "temperature"}
    assert (await stranger.get("readings", params=asked)).json()["rows"] == []
    visitor = await room.office.visitor()
    problem(await visitor.get("sensors"), 401, "not_signed_in")
    assert (await room.reader.get("readings", params={**asked, "measures": "moonlight"})).status_code == 422


async def test_power_that_is_lost_is_an_alarm_until_it_is_back(room: Room) -> None:
    await room.contact("ups", "power_lost", False)
    assert await room.alarms() == set()
    await room.contact("ups", "power_lost", True)
    await room.contact("ups", "battery_low", True)
    assert await room.alarms() == {("power_lost", "ups"), ("battery_low", "ups")}
    await room.contact("ups", "power_lost", False)
    await room.contact("ups", "battery_low", False)
    assert await room.alarms() == set()


async def test_a_tilted_case_and_a_zone_in_alarm_stay_alarms_until_people_looked(room: Room) -> None:
    for active in (True, False):
        await room.contact("tilt", "tilted", active)
        await room.contact("alarmpanel", "roof", active)
    await room.contact("alarmpanel", "gate", True)
    assert await room.alarms() == {
        ("seal_case_tilted", "tilt"), ("alarm_panel", "alarmpanel.roof"), ("alarm_panel", "alarmpanel.gate"),
    }  # fmt: skip


async def test_one_that_chatters_is_an_alarm_and_so_is_what_it_said_meanwhile(room: Room) -> None:
    await room.contact("tilt", "tilted", False, edges=4980)
    await room.contact("ups", "power_lost", False, edges=7)
    assert await room.alarms() == {
        ("sensor_chattering", "tilt.tilted"), ("seal_case_tilted", "tilt"), ("sensor_chattering", "ups.power_lost"),
    }  # fmt: skip


async def test_a_scale_out_of_calibration_is_an_alarm_until_it_is_believed_again(room: Room) -> None:
    told = {"station": "rack-1", "why": "verification_ended"}
    room.teller.say("scale_doubted", told | {"weight_g": None, "until": "2026-11-21"}, device="room.scale")
    await room.send()
    assert await room.alarms() == {("scale_out_of_true", "scale.verification_ended")}
    room.teller.say("scale_trusted", told, device="room.scale")
    await room.send()
    assert await room.alarms() == set()


WRONG: dict[str, tuple[str, dict[str, Any]]] = {
    "an unknown value": ("reading", {"station": "r", "measures": "luck", "value": 1, "unit": "%", "low": 1, "high": 1}),
    "another unit": (
        "reading", {"station": "r", "measures": "temperature", "value": 1, "unit": "°F", "low": 1, "high": 1},
    ),
    "no number": ("reading", {"station": "r", "measures": "humidity", "value": "x", "unit": "%", "low": 1, "high": 1}),
    "no sensor": ("contact_changed", {"station": "r", "sensor": "moon", "contact": "a", "active": True}),
    "no time": ("readings_thinned", {"why": [], "devices": [{"device": "a", "count": 1, "since": "x", "until": "y"}]}),
    "no count": (
        "readings_thinned", {"why": [], "devices": [{"device": "a", "count": 0, "since": SINCE, "until": UNTIL}]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
async def test_what_makes_no_sense_is_kept_with_an_alarm_and_leads_to_nothing(room: Room, name: str) -> None:
    kind, body = WRONG[name]
    room.teller.say(kind, body, device="r.a")
    await room.send()
    assert {cause for cause, _ in await room.alarms()} == {"malformed_fact"}
    counted = await room.office.rows("SELECT (SELECT count(*) FROM reading) + (SELECT count(*) FROM contact) AS kept")
    gaps = await room.office.rows("SELECT 1 FROM reading_gap UNION ALL SELECT 1 FROM sensor")
    assert (counted[0]["kept"], gaps) == (0, [])
    await holds(room.office)


WAYS: dict[str, tuple[str, str, str]] = {
    "a warm day made cool": ("row_differs", "reading ", "UPDATE reading SET value = 4 WHERE value = 21.5"),
    "a peak cut off": ("row_differs", "reading ", "UPDATE reading SET high = value - 1"),
    "at another time": ("row_differs", "reading ", "UPDATE reading SET at = at - interval '1 hour'"),
    "of another device": ("row_differs", "reading ", "UPDATE reading SET device = 'room.other'"),
    "a reading deleted": ("row_missing", "reading ", "DELETE FROM reading WHERE value = 21.5"),
    "a reading that never was": ("row_without_entry", "reading ", (
        "INSERT INTO reading SELECT site, index + 1, agent, device, measures, value, low, high, at FROM reading"
        " WHERE value = 21.5")),
    "a sensor forgotten": ("row_missing", "sensor nj01.room room.air temperature", "DELETE FROM sensor"),
    "a zone that is quiet": ("row_differs", "contact nj01.room room.alarmpanel roof", (
        "UPDATE contact SET active = false")),
    "fewer left out": ("row_differs", "reading_gap entry:", "UPDATE reading_gap SET count = 1"),
    "none left out": ("row_missing", "reading_gap entry:", "DELETE FROM reading_gap"),
}  # fmt: skip


async def test_each_way_of_tampering_is_found(room: Room) -> None:
    room.measure(20.5)
    room.measure(21.5)
    room.thin()
    await room.contact("alarmpanel", "roof", True)
    await each_is_found(room.office, KEPT, WAYS)
