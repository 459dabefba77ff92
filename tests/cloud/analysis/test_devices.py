"""How much of the time agents and devices are there."""

from datetime import timedelta

import pytest

from cloud.alarms.offline import ONE
from tests.cloud.analysis.people import lens
from tests.cloud.analysis.trouble import Trouble
from tests.cloud.api import AGENT, Office
from tests.cloud.conftest import Clock
from tests.cloud.evidence.floor import floor

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def test_a_gate_that_is_gone_again_and_again_is_found_with_its_device(office: Office, clock: Clock) -> None:
    look, built, trouble = await lens(office), await floor(office, clock, sensors=False), Trouble(office)
    clock.advance(9 * DAY)
    assert await look.found() == []
    entries = []
    for _ in range(3):
        entries.append(await trouble.up(ONE, AGENT))
        clock.advance(8 * HOUR)
        await trouble.over(ONE, AGENT)
        clock.advance(16 * HOUR)
    for kind in ("device_lost", "device_lost", "device_back", "device_lost"):
        await built.tell(kind, {"device": "x", "reason": "timeout"})
        clock.advance(12 * HOUR)
    found = await look.found("devices")
    assert [(row["subject"], row["aspect"], row["hits"]) for row in found] == [(AGENT, None, 3)], "two are too few"
    (agent,) = found
    assert agent["value"] == pytest.approx(100 * (1 - 1 / 14), abs=0.05)
    assert (agent["expected_low"], agent["weakens"][0]) == (99, "network_or_device")
    assert [one["id"] for one in agent["evidence"]] == [AGENT, *map(str, reversed(entries))]
    figures = (await look.section("devices"))["figures"]
    device = next(row for row in figures if row["aspect"] is not None and row["unit"] == "percent")
    assert device["n"] == 2
    assert device["value"] == pytest.approx(100 * (1 - 1.5 / 14), abs=0.05), "told twice as lost is lost once"
    (between,) = [row for row in figures if row["unit"] == "hours" and row["aspect"] is None]
    assert between["value"] == pytest.approx(13 * 24 / 3, abs=0.5)
    assert between["low"] < between["value"] < between["high"]
    await trouble.up(ONE, AGENT)
    clock.advance(DAY)
    assert (await look.found("devices"))[0]["hits"] == 4, "one that is not over counts until now"
