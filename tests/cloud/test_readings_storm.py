"""A thousand agents come back at once with what they kept, and a worker dies in the middle: nothing lost or doubled.

The number of agents is SEALTRAIL_STORM_AGENTS; by default so many that it takes seconds.
"""

import asyncio
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import psycopg

from benchmarks.measuring import START, Measurer
from cloud.db.pool import Pool, transaction
from cloud.fleet.service import add_agent
from cloud.ledger.service import close_ledger, open_ledger
from cloud.readings import QUEUE, TOGETHER, Readings
from cloud.telemetry.check import TelemetryCheck, check_telemetry
from cloud.world import World
from proof.keys import SigningKey
from tests.cloud.conftest import SITE, Database
from tests.system.waiting import until
from wire.link import Link, Message
from wire.memory import MemoryBroker
from wire.readings import read_receipt
from wire.topics import READINGS, RECEIPTS, every_agent, parse_topic

KEY = SigningKey.from_seed(b"c" * 32)
AGENTS = int(os.environ.get("SEALTRAIL_STORM_AGENTS", "100"))
BACKLOG, EACH = 3, 50
AGAIN_S = 1.0
MS = timedelta(milliseconds=1)


@dataclass
class Counted:
    """A way to the broker that counts what its user took and did not answer yet."""

    broker: MemoryBroker
    taken: int = 0
    answered: int = 0
    most: int = 0

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Link]:
        async with self.broker.connect() as link:
            yield _CountedLink(self, link)


@dataclass
class _CountedLink:
    told: Counted
    link: Link

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        self.told.answered += 1
        await self.link.publish(topic, payload, retain=retain)

    async def subscribe(self, *filters: str) -> None:
        await self.link.subscribe(*filters)

    async def messages(self) -> AsyncIterator[Message]:
        async for message in self.link.messages():
            self.told.taken += 1
            self.told.most = max(self.told.most, self.told.taken - self.told.answered)
            yield message


@dataclass
class Crowd:
    """Agents that say again what has no receipt, all at once and in any order."""

    agents: list[Measurer]
    random: random.Random
    waiting: dict[tuple[str, int], Message] = field(default_factory=dict)

    def measure(self, batches: int, each: int) -> None:
        for agent in self.agents:
            for _ in range(batches):
                batch = agent.tell(agent.run(each), at=START + timedelta(minutes=agent.number))
                self.waiting[agent.agent, agent.number] = Message(agent.topic, batch)

    async def come_back(self, broker: MemoryBroker) -> None:
        """Until everything is receipted."""
        async with broker.connect() as link:
            await link.subscribe(every_agent(RECEIPTS))
            hearing = asyncio.create_task(self._hear(link))
            while self.waiting and not hearing.done():
                said = list(self.waiting.values())
                self.random.shuffle(said)
                for message in said:
                    await link.publish(message.topic, message.payload)
                await asyncio.wait({hearing}, timeout=AGAIN_S)
            await hearing

    async def _hear(self, link: Link) -> None:
        async for message in link.messages():
            receipt = read_receipt(message.payload, lambda _: KEY.public)
            self.waiting.pop((receipt.agent, receipt.number), None)
            if not self.waiting:
                return


async def crowd(pool: Pool, world: World, count: int) -> Crowd:
    """So many agents, known to the cloud."""
    found = Crowd([Measurer(f"{SITE}.room-{n}") for n in range(count)], random.Random(4))
    async with transaction(pool) as tx:
        appender = await open_ledger(tx, SITE)
        for one in found.agents:
            await add_agent(
                tx, appender, world, agent=one.agent, public_key=one.key.public, at=START, actor="test"
            )  # fmt: skip
        await close_ledger(tx, appender)
    return found


@asynccontextmanager
async def working(pool: Pool, world: World, way: Counted) -> AsyncIterator[asyncio.Task[None]]:
    worker = Readings(pool, world, KEY, way.connect, 10 * MS, 50 * MS)
    running = asyncio.create_task(worker.run())
    async with asyncio.timeout(240):
        await worker.ready.wait()
    yield running
    running.cancel()
    await asyncio.wait({running})


async def checked(pool: Pool) -> TelemetryCheck:
    async with transaction(pool) as tx:
        return await check_telemetry(tx, SITE)


async def test_agents_that_come_back_at_once_are_taken_one_by_one(pool: Pool, world: World, site: str) -> None:
    chance, found = random.Random(5), await crowd(pool, world, AGENTS)
    found.measure(BACKLOG, EACH)

    def fate(message: Message) -> int:
        return chance.choice((0, 1, 1, 1, 2)) if parse_topic(message.topic).channel in (READINGS, RECEIPTS) else 1

    broker = MemoryBroker(fate)
    way = Counted(broker)
    async with working(pool, world, way), working(pool, world, Counted(broker)), asyncio.timeout(240):
        await found.come_back(broker)
    assert await checked(pool) == TelemetryCheck(batches=AGENTS * BACKLOG, readings=AGENTS * BACKLOG * EACH)
    assert TOGETHER < way.most <= QUEUE + 3 * TOGETHER, "it takes no more than it can hold"


async def test_a_worker_that_dies_between_two_batches_of_a_transaction_leaves_neither(
    pool: Pool, world: World, site: str, database: Database
) -> None:
    found = await crowd(pool, world, 2)
    found.measure(1, EACH)
    broker, held = MemoryBroker(), "telemetry nj01.room-1"
    with psycopg.connect(database.owner, autocommit=True) as owner:
        waits = b"SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'"
        owner.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [held])

        def is_in_the_middle() -> bool:  # the first batch is in, the second waits
            return owner.execute(waits).fetchone() == (1,)

        async with working(pool, world, Counted(broker)) as running, broker.connect() as link:
            broker.hold()
            for message in found.waiting.values():
                await link.publish(message.topic, message.payload)
            broker.release()
            await until(is_in_the_middle, "the worker waits")
            owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event = 'advisory'"
            )  # its connection dies; it goes on by another
            await until(is_in_the_middle, "the worker waits again")
            running.cancel()
            await asyncio.wait({running})
        assert owner.execute("SELECT count(*) FROM telemetry_batch").fetchone() == (0,)
        owner.execute("SELECT pg_advisory_unlock_all()")
    async with working(pool, world, Counted(broker)), asyncio.timeout(240):
        await found.come_back(broker)
    assert await checked(pool) == TelemetryCheck(batches=2, readings=2 * EACH)
