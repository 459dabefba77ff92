"""Living alarms from before devices were told apart by their agents are ended by the worker, with an entry."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, get_args

import pytest

from cloud.alarms.service import raise_alarm
from cloud.db.pool import transaction
from cloud.evidence.unplaced import OVER_BY
from cloud.ledger.service import close_ledger, open_ledger
from cloud.watching import Watching
from tests.cloud.api import AGENT, Office
from tests.cloud.conftest import SITE, Clock
from tests.cloud.evidence.floor import Floor, floor
from tests.cloud.people.derived import holds
from wire.film import Impairment

DEVICE = "gate.camera"
PLACE = f"{AGENT}:{DEVICE}"


@pytest.fixture
async def at(office: Office, clock: Clock) -> Floor:
    return await floor(office, clock, sensors=False)


async def of_old_form(at: Floor, cause: str, seq: int, place: str = DEVICE, agent: str = AGENT) -> None:
    """As the program before wrote it about fact `seq`."""
    world = at.office.parts.world
    detail = {"agent": agent, "seq": seq, "entry": 1, "body": {}}
    async with transaction(at.office.parts.pool) as tx:
        appender = await open_ledger(tx, SITE)
        await raise_alarm(
            tx, appender, world, cause=cause, place=place, severity="major", detail=detail, at=world.now()
        )
        await close_ledger(tx, appender)


async def look(at: Floor) -> None:
    await Watching(at.office.parts.pool, at.office.parts.world, at.office.parts.pack).look()


async def entries(at: Floor) -> list[tuple[str, Mapping[str, Any]]]:
    found = await at.office.rows(
        "SELECT kind, content::jsonb AS content FROM record WHERE starts_with(kind, 'alarm_') ORDER BY index"
    )
    return [(row["kind"], row["content"]) for row in found]


async def test_one_that_is_so_still_is_told_anew_of_its_agent(at: Floor) -> None:
    seq = await at.tell("device_lost", {"problem": "gone"}, device="other.camera")
    await at.tell("device_back", {}, device="other.camera")
    await of_old_form(at, "device_lost", seq)
    assert await at.living() == {("device_lost", DEVICE)}
    await look(at)
    assert await at.living() == {("device_lost", PLACE)}
    (ended, why), (raised, anew) = (await entries(at))[-2:]
    assert (ended, why["place"], why["why"]) == ("alarm_cleared", DEVICE, "place_without_agent")
    assert (raised, anew["place"], anew["detail"]["seq"]) == ("alarm_raised", PLACE, seq)
    told = await entries(at)
    await look(at)  # once
    assert await entries(at) == told
    await at.tell("device_back", {}, device=DEVICE)
    assert await at.living() == set()  # by itself, as any other
    await holds(at.office)


async def is_back(at: Floor) -> None:
    await at.tell("device_back", {}, device=DEVICE)


async def was_shut_out(at: Floor) -> None:
    await at.office.as_owner("UPDATE agent SET revoked_at = now() WHERE id = 'nj01.gate-a'")


@pytest.mark.parametrize("over", [is_back, was_shut_out])
async def test_one_that_is_over_is_only_ended(at: Floor, over: Callable[[Floor], Awaitable[None]]) -> None:
    await of_old_form(at, "device_lost", await at.tell("device_lost", {"problem": "gone"}, device=DEVICE))
    await over(at)
    await look(at)
    assert ("device_lost", DEVICE) not in await at.living()
    assert (await entries(at))[-1][0] == "alarm_cleared"


async def test_a_camera_that_is_clear_in_one_way_may_be_impaired_in_another(at: Floor) -> None:
    times = {"camera": "eye", "since": "2026-11-22T03:10:00.000000Z"}
    seq = await at.tell("camera_impaired", {"what": "covered", **times}, device="other.eye")
    for cause in ("camera_covered", "camera_frozen"):
        await of_old_form(at, cause, seq, "aisle.eye")
    await at.tell("camera_clear", {"what": "frozen", "until": times["since"], **times}, device="aisle.eye")
    await look(at)
    mine = {(cause, place) for cause, place in await at.living() if "aisle" in place}
    assert mine == {("camera_covered", f"{AGENT}:aisle.eye")}


async def test_alarms_about_other_things_are_let_be(at: Floor) -> None:
    await of_old_form(at, "agent_offline", 1, AGENT)
    await of_old_form(at, "device_lost", 1, PLACE)
    told = await entries(at)
    await look(at)
    assert await entries(at) == told


def test_all_ways_of_an_impaired_camera_are_known() -> None:
    ways = {f"camera_{what}" for what in get_args(Impairment)}
    assert set(OVER_BY) == {"device_lost", "video_lost", *ways}
