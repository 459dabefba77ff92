"""Somebody where nobody is expected: an alarm with its film, over once nobody is there."""

from typing import Any

import pytest

from tests.cloud.api import AGENT, Office
from tests.cloud.conftest import Clock
from tests.cloud.evidence.floor import Floor, floor
from tests.cloud.people.derived import holds

SINCE, UNTIL = "2026-11-22T03:10:00.000000Z", "2026-11-22T03:11:00.000000Z"
PLACE = f"{AGENT}:aisle"


@pytest.fixture
async def at(office: Office, clock: Clock) -> Floor:
    return await floor(office, clock, sensors=False)


def seen(**changes: Any) -> dict[str, Any]:
    body = {"station": "aisle", "camera": "eye", "since": SINCE, "why": "quiet_hours", "zones": ["ordinary"]}
    return body | changes


def ended() -> dict[str, Any]:
    return {"station": "aisle", "camera": "eye", "since": SINCE, "until": UNTIL, "looks": 30, "most_pct": 4.0}


@pytest.mark.parametrize(("why", "severity"), [("quiet_hours", "critical"), ("no_task", "major")])
async def test_it_lives_while_somebody_is_there_and_nobody_need_have_looked(at: Floor, why: str, severity: str) -> None:
    seq = await at.tell("presence_seen", seen(why=why))
    assert await at.living() == {("presence_without_task", PLACE)}
    (row,) = await at.office.rows("SELECT id, severity, detail FROM alarm")
    assert (row["severity"], row["detail"]["seq"], row["detail"]["agent"]) == (severity, seq, AGENT)  # its film
    await at.tell("presence_ended", ended())
    assert await at.living() == set()
    shown = (await at.store.keeper.get(f"alarms/{row['id']}")).json()
    assert (shown["acknowledged_by"], shown["cleared_by"], shown["next_at"]) == (None, None, None)
    assert [step["kind"] for step in shown["steps"]] == ["alarm_cleared"]
    assert shown["detail"]["seq"] == seq  # its film can still be looked at
    await at.tell("presence_seen", seen(why=why))  # somebody else is another alarm
    assert await at.living() == {("presence_without_task", PLACE)}
    await holds(at.office)


async def test_one_that_was_looked_at_ends_with_the_presence(at: Floor) -> None:
    await at.tell("presence_seen", seen())
    (row,) = await at.office.rows("SELECT id FROM alarm")
    answer = await at.store.keeper.post(f"alarms/{row['id']}/steps", json={"step": "acknowledge"})
    assert answer.status_code < 300, answer.text
    assert await at.living() == {("presence_without_task", PLACE)}
    await at.tell("presence_ended", ended())
    assert await at.living() == set()
    await holds(at.office)


async def test_what_is_no_presence_is_kept_and_told(at: Floor) -> None:
    await at.tell("presence_seen", seen(why="because"))
    assert {cause for cause, _ in await at.living()} == {"malformed_fact"}


async def test_the_cameras_that_only_watch_are_offered_as_told_at_the_newest_start(at: Floor) -> None:
    for watches in (["aisle", "old"], ["aisle"]):
        await at.tell("agent_started", {"software": "1", "watches": watches})
    assert (await at.store.keeper.get("watches")).json()["rows"] == [{"agent": AGENT, "station": "aisle"}]
