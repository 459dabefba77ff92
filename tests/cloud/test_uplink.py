"""The worker: whatever the network, the broker or the database does, nothing is lost and nothing doubled (N6)."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import psycopg
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from benchmarks.telling import Teller
from cloud.db.embedded import APP, EmbeddedServer
from cloud.db.pool import Pool, open_pool, transaction
from cloud.ledger.service import add_site
from cloud.uplink import Pace, Uplink
from cloud.world import World
from tests.cloud.conftest import DEPLOYMENT, START, Clock
from tests.cloud.receiving import LOG_KEY, Receiving, Talker
from tests.system import waiting
from wire.kinds import OrderKind
from wire.link import Message
from wire.memory import MemoryBroker

QUICK = Pace(
    hold=timedelta(milliseconds=200),
    look_again=timedelta(milliseconds=10),
    gap=timedelta(milliseconds=20),
    checkpoint=timedelta(milliseconds=20),
    retry=timedelta(milliseconds=10),
    retry_most=timedelta(milliseconds=50),
)


@pytest.fixture
async def receiving(pool: Pool, world: World, site: str) -> Receiving:
    return Receiving(pool, world, site)


@asynccontextmanager
async def working(receiving: Receiving, broker: MemoryBroker, pace: Pace = QUICK) -> AsyncIterator[Uplink]:
    """A worker that listens."""
    worker = Uplink(receiving.pool, receiving.office, broker.connect, lambda _: LOG_KEY, pace)
    running = asyncio.create_task(worker.run())
    async with asyncio.timeout(240):
        await worker.ready.wait()
    try:
        yield worker
    finally:
        running.cancel()
        await asyncio.wait({running})
        assert running.cancelled()


@asynccontextmanager
async def talking(teller: Teller, broker: MemoryBroker) -> AsyncIterator[Talker]:
    async with broker.connect() as link:
        talker = Talker(teller, link)
        listening = asyncio.create_task(talker.listen())
        await asyncio.wait({listening}, timeout=0)
        yield talker
        listening.cancel()


async def test_facts_come_in_and_receipts_go_out(receiving: Receiving) -> None:
    broker, teller = MemoryBroker(), Teller("nj01.gate-a")
    await receiving.know(teller)
    teller.chatter(100)
    async with working(receiving, broker), talking(teller, broker) as talker, asyncio.timeout(240):
        await talker.say_all(10)
    assert await receiving.facts(teller.agent) == list(range(1, 101))
    found = await receiving.check_as_it_is()  # it signed when it was stopped
    assert (found.ok, found.checkpoint) == (True, found.entries)


@settings(max_examples=8, deadline=None, phases=[Phase.reuse, Phase.generate])
@given(data=st.data())
def test_whatever_is_lost_repeated_and_reordered_each_fact_is_in_the_ledger_once(
    server: EmbeddedServer, template: str, new_name: Callable[[], str], data: st.DataObject
) -> None:
    fates = data.draw(st.lists(st.sampled_from([0, 1, 1, 1, 2, 3]), min_size=1, max_size=30), label="fates")
    sizes = data.draw(st.lists(st.integers(1, 9), min_size=1, max_size=4), label="sizes")
    shuffle = data.draw(st.randoms(use_true_random=False), label="order")
    asyncio.run(_storm(server, template, new_name(), fates, sizes, shuffle.sample))


async def _storm(
    server: EmbeddedServer,
    template: str,
    name: str,
    fates: list[int],
    sizes: list[int],
    sample: Callable[[list[Message], int], list[Message]],
) -> None:
    """Every agent talks at its own size of batch, twice over a broker in bad weather, to two workers."""
    left = iter(fates)
    broker = MemoryBroker(lambda message: next(left, 1))
    server.create(name, template)
    try:
        async with open_pool(server.url(name, APP)) as pool, asyncio.timeout(240):
            async with transaction(pool) as tx:
                await add_site(tx, site="nj01", name_zh="一", name_en="one", deployment=DEPLOYMENT, at=START)
            receiving = Receiving(pool, World(now=Clock().now, random=os.urandom), "nj01")
            tellers = [Teller(f"nj01.gate-{number}") for number in range(len(sizes))]
            await receiving.know(*tellers)
            broker.hold()
            for teller, size in zip(tellers, sizes, strict=True):
                teller.chatter(23)
                for payload in teller.batches(size):
                    broker.take(Message(teller.topic, payload), retain=False)
            async with working(receiving, broker), working(receiving, broker):
                broker.release(lambda held: sample(held, len(held)))
                for teller, size in zip(tellers, sizes, strict=True):
                    async with talking(teller, broker) as talker:
                        await talker.say_all(size + 1)
            for teller in tellers:
                assert await receiving.facts(teller.agent) == list(range(1, 24))
            assert {why for why, _ in await receiving.quarantined()} <= {"gap"}
            assert (await receiving.check()).ok
    finally:
        server.drop(name)


async def test_a_gap_is_asked_for_alarmed_and_cleared_when_it_is_filled(receiving: Receiving, clock: Clock) -> None:
    broker, teller = MemoryBroker(), Teller("nj01.gate-a")
    await receiving.know(teller)
    teller.chatter(30)
    async with working(receiving, broker), talking(teller, broker) as talker, asyncio.timeout(240):
        await talker.link.publish(teller.topic, teller.batch(11, 20))
        await until(receiving, "SELECT 1 FROM agent_order WHERE kind = %s", OrderKind.RESEND.value)
        assert [why for why, _ in await receiving.quarantined()] == ["gap"]
        clock.advance(timedelta(seconds=31))
        await until(receiving, "SELECT 1 FROM alarm WHERE cause = 'gap' AND cleared_at IS NULL")
        await talker.say_all(10)
        await until(receiving, "SELECT 1 FROM alarm WHERE cause = 'gap' AND cleared_at IS NOT NULL")
    (alarm,) = await receiving.rows("SELECT occurrences FROM alarm")
    assert alarm["occurrences"] == 1
    assert await receiving.facts(teller.agent) == list(range(1, 31))


async def test_a_batch_that_was_only_overtaken_leaves_no_trace(receiving: Receiving) -> None:
    broker, teller = MemoryBroker(), Teller("nj01.gate-a")
    await receiving.know(teller)
    teller.chatter(20)
    async with working(receiving, broker, Pace(hold=timedelta(seconds=30))), talking(teller, broker) as talker:
        await talker.link.publish(teller.topic, teller.batch(11, 20))
        async with asyncio.timeout(240):
            await talker.link.publish(teller.topic, teller.batch(1, 10))
            while talker.upto < 20:
                await talker.heard.wait()
                talker.heard.clear()
    assert await receiving.quarantined() == []
    assert await receiving.rows("SELECT 1 FROM agent_order") == []


async def test_a_cable_that_is_pulled_and_plugged_in_again(receiving: Receiving) -> None:
    broker, teller = MemoryBroker(), Teller("nj01.gate-a")
    await receiving.know(teller)
    teller.chatter(40)
    async with working(receiving, broker) as worker, asyncio.timeout(240):
        async with talking(teller, broker) as talker:
            await talker.link.publish(teller.topic, teller.batch(1, 20))
            broker.cut()
        worker.ready.clear()
        broker.mend()
        await worker.ready.wait()
        async with talking(teller, broker) as talker:
            await talker.say_all(20)
    assert await receiving.facts(teller.agent) == list(range(1, 41))


async def test_a_database_that_goes_away_is_waited_for(receiving: Receiving, server: EmbeddedServer) -> None:
    broker, teller = MemoryBroker(), Teller("nj01.gate-a")
    await receiving.know(teller)
    teller.chatter(40)
    async with working(receiving, broker), talking(teller, broker) as talker, asyncio.timeout(240):
        await talker.say_all(20)
        name = (await receiving.rows("SELECT current_database() AS name"))[0]["name"]
        teller.chatter(20)
        async with gone(server, name):
            await talker.link.publish(teller.topic, teller.batch(41, 60))
        await talker.say_all(20)
    assert await receiving.facts(teller.agent) == list(range(1, 61))
    assert (await receiving.check()).ok


@asynccontextmanager
async def gone(server: EmbeddedServer, name: str) -> AsyncIterator[None]:
    """Nobody can connect to the database, and whoever was connected is cut off."""
    async with await psycopg.AsyncConnection.connect(server.url("postgres"), autocommit=True) as owner:
        await owner.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false".encode())
        await owner.execute(b"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        try:
            yield
        finally:
            await owner.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true".encode())


async def until(receiving: Receiving, query: str, *values: object) -> None:
    """Returns when `query` has a row."""

    async def found() -> bool:
        return bool(await receiving.rows(query, *values))

    await waiting.until(found, query)


async def test_noise_does_not_stop_what_comes_after_it(receiving: Receiving) -> None:
    broker, teller = MemoryBroker(), Teller("nj01.gate-a")
    await receiving.know(teller)
    teller.chatter(10)
    async with working(receiving, broker), talking(teller, broker) as talker, asyncio.timeout(240):
        for payload in (b"", b"\xff" * (1 << 20), b"{}", b'{"jws":"a.b.c","facts":[]}'):
            await talker.link.publish(teller.topic, payload)
        await talker.say_all(5)
    assert len(await receiving.quarantined()) == 4
    assert await receiving.facts(teller.agent) == list(range(1, 11))
