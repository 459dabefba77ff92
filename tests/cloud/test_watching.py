"""The watch over all sites: what is due is done once, however many look and however often they start."""

import asyncio
from datetime import timedelta

import httpx

from cloud.evidence.corroborating import MOST
from cloud.jobs import Jobs
from cloud.watching import Watching
from custody.roles import Role
from tests.cloud.api import Office
from tests.cloud.api import office as office
from tests.cloud.api import parts as parts
from tests.cloud.conftest import Clock
from tests.cloud.evidence.floor import PASSED, Floor, floor
from tests.cloud.people.derived import holds
from tests.system.waiting import until
from wire.memory import MemoryBroker

MS = timedelta(milliseconds=1)


def watch(office: Office, every: timedelta = timedelta(seconds=5)) -> Watching:
    return Watching(office.parts.pool, office.parts.world, office.parts.pack, every=every)


async def unjudged(built: Floor, changes: int) -> None:
    """So many changes of a slot that no record tells of."""
    for number in range(changes):
        body = {"station": "rack", "slot": built.slots["A-1"], "occupied": number % 2 == 0}
        built.walk.teller.say("slot_changed", body, at=built.clock.at)
    await built.walk.send()


async def test_more_than_fits_into_one_transaction_is_judged_in_one_look(office: Office, clock: Clock) -> None:
    built = await floor(office, clock)
    await unjudged(built, MOST + 3)
    clock.advance(PASSED)
    await watch(office).look()
    assert await built.records("observation_unexplained") == MOST + 3
    (alarm,) = await office.rows("SELECT cause, occurrences FROM alarm WHERE cleared_at IS NULL")
    assert (alarm["cause"], alarm["occurrences"]) == ("goods_without_record", MOST + 3)
    await holds(office)


async def test_two_who_look_at_once_do_everything_once(office: Office, clock: Clock) -> None:
    built = await floor(office, clock)
    act = await built.store.crew.propose(built.store.approver, "declare_missing", built.package)
    assert act.status_code == 409  # an approver declares nothing missing
    keeper = await built.store.crew.person(Role.KEEPER)
    assert (await built.store.crew.propose(keeper, "declare_missing", built.package)).status_code == 202
    await unjudged(built, 3)
    seq = await built.tell("break_glass_opened", {"station": "gate-a", "input": "button"})
    await built.tell("break_glass_closed", {"station": "gate-a", "opened": seq, "open_ms": 1000, "crossings": 0})
    clock.advance(timedelta(hours=80))
    await asyncio.gather(*(watch(office).look() for _ in range(4)))
    assert await built.records("observation_unexplained") == 3
    assert await built.records("act_expired") == 1
    assert await built.records("exception_recounted") == 1
    assert await built.records("stock_take_opened") == 1
    raised = await office.rows("SELECT occurrences FROM alarm WHERE cause = 'exception_review_overdue'")
    assert raised == [{"occurrences": 1}]
    await holds(office)


async def test_the_worker_looks_again_and_again(office: Office, clock: Clock) -> None:
    built = await floor(office, clock)
    async with httpx.AsyncClient(timeout=240) as http:
        jobs = Jobs(
            office.parts.pool, office.parts.world, MemoryBroker().connect, http, None, watching=watch(office, 10 * MS)
        )
        running = asyncio.create_task(jobs.run())
        try:
            for number in range(2):
                await unjudged(built, 2)
                clock.advance(PASSED)

                async def told(many: int = 2 * (number + 1)) -> bool:
                    return await built.records("observation_unexplained") >= many

                await until(told, "the watch has judged")
        finally:
            running.cancel()
            await asyncio.wait({running})
    await holds(office)
