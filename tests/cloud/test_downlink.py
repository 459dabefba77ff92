import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from benchmarks.telling import Teller
from cloud.alarms.offline import TOGETHER
from cloud.db.pool import Pool, transaction
from cloud.downlink import Downlink, on_birth
from cloud.fleet.service import push_order
from cloud.world import World
from proof import jws
from tests.cloud.conftest import START, Clock, Database
from tests.cloud.receiving import CLOUD_KEY, Receiving
from wire.link import Link, Message
from wire.memory import MemoryBroker
from wire.messages import ORDER_TYPE, Birth, encode
from wire.topics import BIRTH, ORDERS, Topic

AGENT = "nj01.gate-a"
BIRTHS = str(Topic(AGENT, BIRTH))
HELLO = encode(Birth(online=True, software="1", boot="b\0oot", rule_pack="h"))
GONE = encode(Birth(online=False))


@pytest.fixture
async def receiving(pool: Pool, world: World, site: str) -> Receiving:
    made = Receiving(pool, world, site)
    await made.know(Teller(AGENT))
    return made


async def order(receiving: Receiving) -> str:
    async with transaction(receiving.pool) as tx:
        return await push_order(tx, receiving.world, CLOUD_KEY, agent=AGENT, kind="resend", body={"from": 1}, at=START)


@asynccontextmanager
async def working(receiving: Receiving, broker: MemoryBroker, database: Database) -> AsyncIterator[Downlink]:
    """A worker that reminds nobody within a test's time: what is sent is sent for a reason."""
    hour = timedelta(hours=1)
    worker = Downlink(
        receiving.pool, database.app, receiving.world, broker.connect, poll=hour, retry=timedelta(milliseconds=10)
    )
    running = asyncio.create_task(worker.run())
    async with asyncio.timeout(240):
        await worker.ready.wait()
    yield worker
    running.cancel()
    await asyncio.wait({running})
    assert running.cancelled()


async def heard(link: Link, count: int) -> list[str]:
    """The ids of the next orders."""
    ids: list[str] = []
    async with asyncio.timeout(240):
        async for message in link.messages():
            ids.append(jws.verify(message.payload.decode(), lambda _: CLOUD_KEY.public, ORDER_TYPE)["id"])
            if len(ids) == count:
                break
    return ids


async def test_an_order_goes_out_when_it_is_made(receiving: Receiving, database: Database) -> None:
    broker = MemoryBroker()
    async with broker.connect() as agent:
        await agent.subscribe(str(Topic(AGENT, ORDERS)))
        async with working(receiving, broker, database):
            name = await order(receiving)
            assert await heard(agent, 1) == [name]


async def test_what_is_open_goes_out_at_the_start_and_when_the_agent_comes(
    receiving: Receiving, database: Database
) -> None:
    broker = MemoryBroker()
    names = [await order(receiving), await order(receiving)]
    async with broker.connect() as agent:
        await agent.subscribe(str(Topic(AGENT, ORDERS)))
        async with working(receiving, broker, database):
            came: set[str] = set()
            while came != set(names):  # in any order, and one may come twice before the other
                came |= set(await heard(agent, 1))
            await receiving.rows("UPDATE agent_order SET answered_index = 0 WHERE id = %s RETURNING id", names[0])
            await agent.publish(BIRTHS, HELLO, retain=True)
            while (last := (await heard(agent, 1))[0]) != names[1]:
                assert last in names  # the listening connection's own first round may still be on its way


async def test_a_broker_that_goes_away_is_waited_for(receiving: Receiving, database: Database) -> None:
    broker = MemoryBroker()
    async with working(receiving, broker, database) as worker, asyncio.timeout(240):
        broker.cut()
        worker.ready.clear()
        name = await order(receiving)
        broker.mend()
        async with broker.connect() as agent:
            await agent.subscribe(str(Topic(AGENT, ORDERS)))
            await worker.ready.wait()
            assert await heard(agent, 1) == [name]


async def presence(receiving: Receiving) -> dict[str, object]:
    (row,) = await receiving.rows("SELECT online, seen_at, birth FROM agent_stream")
    return row


async def test_births_and_wills_tell_who_is_there(receiving: Receiving, clock: Clock) -> None:
    await on_birth(receiving.pool, receiving.world, Message(BIRTHS, HELLO))
    row = await presence(receiving)
    assert (row["online"], row["seen_at"]) == (True, clock.at)
    assert await receiving.alarms() == set()
    for _ in range(2):
        await on_birth(receiving.pool, receiving.world, Message(BIRTHS, GONE))
    assert (await presence(receiving))["online"] is False
    assert await receiving.alarms() == {("agent_offline", AGENT)}
    (alarm,) = await receiving.rows("SELECT occurrences FROM alarm")
    assert alarm["occurrences"] == 1
    await on_birth(receiving.pool, receiving.world, Message(BIRTHS, HELLO))
    assert await receiving.alarms() == set()
    assert (await receiving.check()).ok


async def test_a_thousand_agents_gone_at_once_are_one_alarm_and_who_stays_away_has_its_own_again(
    receiving: Receiving,
) -> None:
    tellers = [Teller(f"nj01.room-{number}") for number in range(1000)]
    await receiving.know(*tellers)

    async def say(payload: bytes, *these: Teller) -> None:
        for teller in these:
            message = Message(str(Topic(teller.agent, BIRTH)), payload)
            await on_birth(receiving.pool, receiving.world, message)

    await say(HELLO, *tellers)
    await say(GONE, *tellers[:TOGETHER])
    assert await receiving.alarms() == {("agent_offline", teller.agent) for teller in tellers[:TOGETHER]}
    await say(GONE, *tellers[TOGETHER:])
    assert await receiving.alarms() == {("agents_offline", "nj01")}
    (row,) = await receiving.rows("SELECT detail FROM alarm WHERE cause = 'agents_offline'")
    assert row["detail"]["agents"] == 1000
    await say(HELLO, *tellers[: 1000 - TOGETHER - 1])
    assert await receiving.alarms() == {("agents_offline", "nj01")}
    await say(HELLO, tellers[1000 - TOGETHER - 1])
    assert await receiving.alarms() == {("agent_offline", teller.agent) for teller in tellers[-TOGETHER:]}
    await say(HELLO, *tellers[-TOGETHER:])
    assert await receiving.alarms() == set()
    assert (await receiving.check()).ok


async def test_what_the_broker_kept_does_not_say_when(receiving: Receiving) -> None:
    await on_birth(receiving.pool, receiving.world, Message(BIRTHS, HELLO, retained=True))
    row = await presence(receiving)
    assert (row["online"], row["seen_at"]) == (True, None)


async def test_an_agent_that_was_never_there_is_not_missed(receiving: Receiving) -> None:
    await on_birth(receiving.pool, receiving.world, Message(BIRTHS, GONE, retained=True))
    assert await receiving.alarms() == set()


@pytest.mark.parametrize("payload", [b"", b"\xff\xfe", b"[]", b'{"online":"yes"}'])
async def test_a_birth_that_is_none_is_kept_and_alarms(receiving: Receiving, payload: bytes) -> None:
    await on_birth(receiving.pool, receiving.world, Message(BIRTHS, payload))
    assert await receiving.quarantined() == [("unreadable", payload)]
    assert await receiving.alarms() == {("quarantine", AGENT)}


@pytest.mark.parametrize("topic", ["sealtrail/v1/zz99.gate-a/birth", "sealtrail/v1/nj01.gate-q/birth", "x/birth"])
async def test_a_birth_of_nobody_known_changes_nothing(receiving: Receiving, topic: str) -> None:
    await on_birth(receiving.pool, receiving.world, Message(topic, HELLO))
    assert (await presence(receiving))["online"] is False
