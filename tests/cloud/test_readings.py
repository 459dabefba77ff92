"""The worker of telemetry, with a real agent's end of it: each reading once, whatever the line does."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from cloud.db.pool import Pool, transaction
from cloud.fleet.service import add_agent
from cloud.ledger.service import close_ledger, open_ledger
from cloud.readings import Readings
from cloud.world import World
from edge_agent.journal.journal import Journal
from edge_agent.telemetry import Telemetry
from proof.keys import SigningKey
from tests.edge_agent.hands import Hands, counted_bytes
from wire.link import Message
from wire.memory import MemoryBroker
from wire.topics import READINGS, RECEIPTS, Topic, parse_topic

KEY, AGENT_KEY = SigningKey.from_seed(b"c" * 32), SigningKey.from_seed(b"a" * 32)
AGENT = "nj01.room"


@asynccontextmanager
async def working(pool: Pool, world: World, broker: MemoryBroker) -> AsyncIterator[None]:
    worker = Readings(pool, world, KEY, broker.connect, timedelta(milliseconds=10), timedelta(milliseconds=50))
    running = asyncio.create_task(worker.run())
    async with asyncio.timeout(240):
        await worker.ready.wait()
    yield
    running.cancel()
    await asyncio.wait({running})


class Room:
    """An agent's telemetry, and its end of the line."""

    def __init__(self, folder: Path) -> None:
        self.hands = Hands()
        self.hands.step(-1)
        self.journal = Journal(folder, self.hands.clock, counted_bytes())
        find_key = {KEY.public.kid: KEY.public}.get
        self.telemetry = Telemetry(AGENT, AGENT_KEY, folder, self.hands.clock, find_key, self.journal, seal_s=0.05)

    def measure(self, batches: int, each: int) -> None:
        for _ in range(batches):
            for n in range(each):
                self.hands.pass_(0.01)
                self.telemetry.offer("room.air", "temperature", 20 + n / 100)
            self.telemetry.seal()

    async def live(self, broker: MemoryBroker) -> None:
        """Until everything is receipted."""
        async with broker.connect() as link:
            await link.subscribe(str(Topic(AGENT, RECEIPTS)))
            draining = asyncio.create_task(self.telemetry.drain(link))
            async for message in link.messages():
                await self.telemetry.on_receipt(message.payload)
                if not self.telemetry.waiting():
                    break
            draining.cancel()
            await asyncio.wait({draining})


async def test_each_reading_is_stored_once_on_a_line_that_loses_and_repeats(
    pool: Pool, world: World, site: str, tmp_path: Path
) -> None:
    chance, room = random.Random(5), Room(tmp_path)

    def fate(message: Message) -> int:
        return chance.choice((0, 1, 2)) if parse_topic(message.topic).channel in (READINGS, RECEIPTS) else 1

    async with transaction(pool) as tx:
        appender = await open_ledger(tx, site)
        await add_agent(
            tx, appender, world, agent=AGENT, public_key=AGENT_KEY.public, at=world.now(), actor="test"
        )  # fmt: skip
        await close_ledger(tx, appender)
    room.measure(batches=50, each=40)
    broker = MemoryBroker(fate)
    async with working(pool, world, broker), asyncio.timeout(240):
        await room.live(broker)
    async with transaction(pool) as tx:
        found = await (await tx.execute("SELECT count(*) AS n, count(DISTINCT at) AS times FROM telemetry")).fetchone()
        gathered = await (await tx.execute("SELECT sum(n) AS n FROM telemetry_day")).fetchone()
        gaps = await (await tx.execute("SELECT * FROM telemetry_gap")).fetchall()
    assert (found, gathered, gaps) == ({"n": 2000, "times": 2000}, {"n": 2000}, [])
    room.telemetry.close()
    room.journal.close()
