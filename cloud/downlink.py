"""The worker that sends orders down, and knows who is there to hear them.

An order is sent when it is made, again every few seconds, and again when its agent comes back, until a fact of the
agent answers it. So an order is heard more than once; what it asks for is done once, because it has an id.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

from cloud.alarms import offline
from cloud.db.pool import Pool, listening, transaction
from cloud.errors import DatabaseGoneError, first_of
from cloud.evidence.quarantine import Why, quarantine
from cloud.fleet.presence import note_presence
from cloud.fleet.service import open_orders
from cloud.joining.desired import newest_desired
from cloud.ledger.service import close_ledger, open_ledger, site_ids
from cloud.metering import DownlinkMeter
from cloud.world import World
from wire.errors import LinkError, MessageError
from wire.link import Connect, Link, Message
from wire.messages import decode_birth
from wire.topics import BIRTH, DESIRED, ORDERS, Topic, every_agent, parse_topic, site_of

ACTOR = "downlink"

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Downlink:
    """The worker. `run` ends only by being cancelled; `ready` is set once it listens to the broker.

    `database_url` is for the connection that listens.
    """

    pool: Pool
    database_url: str
    world: World
    connect: Connect
    poll: timedelta = timedelta(seconds=10)
    retry: timedelta = timedelta(seconds=1)
    meter: DownlinkMeter = field(default_factory=DownlinkMeter)
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    _due: asyncio.Queue[str | None] = field(default_factory=asyncio.Queue)

    async def run(self) -> None:
        """Listens for orders and births and sends what is open, until it is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._again(self._hear_orders))
            tasks.create_task(self._again(self._serve))
            tasks.create_task(self._remind())

    async def _serve(self) -> None:
        """One connection to the broker: births in, orders out."""
        async with self.connect() as link, asyncio.TaskGroup() as tasks:
            await link.subscribe(every_agent(BIRTH))
            self._due.put_nowait(None)
            self.ready.set()
            tasks.create_task(self._send(link))
            tasks.create_task(self._hear_births(link))

    async def _hear_orders(self) -> None:
        async with listening(self.database_url, "orders") as connection:
            self._due.put_nowait(None)
            async for notice in connection.notifies():
                self._due.put_nowait(notice.payload)
        raise DatabaseGoneError("the connection that listens for orders was closed")

    async def _remind(self) -> None:
        while True:
            await asyncio.sleep(self.poll.total_seconds())
            self._due.put_nowait(None)

    async def _send(self, link: Link) -> None:
        """Publishes the open orders and the newest configuration of whoever is due; None means everybody."""
        said: dict[str, int] = {}
        while True:
            due = {await self._due.get()}
            while not self._due.empty():
                due.add(self._due.get_nowait())
            for agent in [None] if None in due else sorted(filter(None, due)):
                async with transaction(self.pool) as tx:
                    orders = await open_orders(tx, agent)
                    wanted = await newest_desired(tx, agent)
                for order in orders:
                    await link.publish(str(Topic(order["agent"], ORDERS)), order["jws"].encode())
                    self.meter.orders.inc()
                for one in wanted:  # retained, so that once a connection is enough
                    if said.get(one["agent"]) != one["version"]:
                        await link.publish(str(Topic(one["agent"], DESIRED)), one["jws"].encode(), retain=True)
                        said[one["agent"]] = one["version"]

    async def _hear_births(self, link: Link) -> None:
        async for message in link.messages():
            await on_birth(self.pool, self.world, message)
            self._due.put_nowait(parse_topic(message.topic).agent if _is_ours(message.topic) else None)

    async def _again(self, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await work()
            except* (DatabaseGoneError, LinkError) as errors:
                _log.warning("%s; trying again", first_of(errors))
            await asyncio.sleep(self.retry.total_seconds())


async def on_birth(pool: Pool, world: World, message: Message) -> None:
    """Takes a birth or last will: presence, and an alarm while an agent that was there is gone."""
    async with transaction(pool) as tx:
        if not _is_ours(message.topic):
            why, detail = Why.WRONG_TOPIC, "not a topic of births"
            await quarantine(
                tx, None, world, topic=message.topic, agent=None, why=why, detail=detail, data=message.payload
            )
            return
        agent = parse_topic(message.topic).agent
        site = site_of(agent)
        appender = await open_ledger(tx, site) if site in await site_ids(tx) else None
        try:
            birth = decode_birth(message.payload)
        except MessageError as error:
            await quarantine(
                tx, appender, world, topic=message.topic, agent=agent, why=Why.UNREADABLE, detail=str(error),
                data=message.payload,
            )  # fmt: skip
        else:
            came = await note_presence(tx, agent, birth, None if message.retained else world.now())
            if appender and came is not None:
                await (offline.came if came else offline.went)(tx, appender, world, agent, ACTOR)
        if appender:
            await close_ledger(tx, appender)


def _is_ours(topic: str) -> bool:
    try:
        return parse_topic(topic).channel == BIRTH
    except MessageError:
        return False
