"""Doors as the cloud hears of them: who was let is in the history, a forced or open one is an alarm (J21)."""

from typing import Any

import pytest

from tests.cloud.api import AGENT, Office
from tests.cloud.conftest import Clock
from tests.cloud.evidence.floor import Floor, floor
from tests.cloud.people.derived import holds
from tests.cloud.receiving import PACK

DOOR = "store"
PLACE = f"{AGENT}:{DOOR}"


@pytest.fixture
async def built(office: Office, clock: Clock) -> Floor:
    return await floor(office, clock)


def decision(built: Floor, **more: Any) -> dict[str, Any]:
    return {
        "station": DOOR, "sights": [], "people": built.people[:1], "outcome": "allowed", "rule": "door.leave",
        "permit": "nj01/L-1", "rule_pack": PACK.hash, **more,
    }  # fmt: skip


async def test_who_was_let_through_a_door_has_it_in_their_history(built: Floor) -> None:
    seq = await built.tell("door_decided", decision(built))
    opened = await built.tell("door_opened", {"station": DOOR, "decision": seq, "how": "decision"})
    await built.tell("door_closed", {"station": DOOR, "opened": opened, "people": built.people[:1], "open_ms": 9000})
    rows = (await built.store.keeper.get(f"history/{built.people[0]}")).json()["rows"]
    assert [row["kind"] for row in rows][-2:] == ["door_decided", "door_closed"]
    assert await built.living() == set()
    await holds(built.office)


async def test_a_forced_door_is_the_highest_alarm_and_no_other_way_is_one(built: Floor) -> None:
    for how in ("exit", "break_glass", "found", "decision"):
        await built.tell("door_opened", {"station": DOOR, "decision": None, "how": how})
    assert await built.living() == set()
    await built.tell("door_opened", {"station": DOOR, "decision": None, "how": "forced"})
    (alarm,) = await built.office.rows("SELECT severity, place, detail FROM alarm WHERE cause = 'door_forced'")
    assert (alarm["severity"], alarm["place"], alarm["detail"]["rule"]) == ("critical", PLACE, "door.forced")


async def test_a_door_held_open_is_an_alarm_until_it_is_shut(built: Floor) -> None:
    await built.tell("door_held_open", {"station": DOOR, "opened": 1, "open_ms": 60_000})
    assert await built.living() == {("door_held_open", PLACE)}
    await built.tell("door_closed", {"station": DOOR, "opened": 1, "open_ms": 90_000})
    assert await built.living() == set()
    await holds(built.office)
