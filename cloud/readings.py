"""The worker that takes telemetry in: batches from the broker → verified → stored once → receipts (ADR 19).

It is a process of its own, so that no flood of readings delays a fact. A batch counts for nothing until its receipt is
out, which goes after the commit: whatever goes away, the agent says it again and gets its receipt. What cannot be read
goes whole into quarantine with an alarm, as facts do; where its agent did sign it, it is receipted as well: the cloud
has it, and nobody need say it for ever.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import psycopg

from cloud.db.pool import Pool, Tx, transaction
from cloud.errors import DatabaseGoneError, first_of
from cloud.evidence.quarantine import Why, quarantine
from cloud.fleet.service import keys_of
from cloud.ledger.service import close_ledger, open_ledger, site_ids
from cloud.metering import ReadingsMeter
from cloud.telemetry.service import Standing, gathers, store
from cloud.world import World
from proof.errors import ChainError, ProofError, SignatureError
from proof.keys import Signer, VerifyKey
from wire.errors import LinkError, MessageError, WireError
from wire.link import Connect, Link, Message
from wire.readings import OpenedReadings, Receipt, open_readings, sign_receipt
from wire.topics import READINGS, RECEIPTS, Topic, every_agent, parse_topic, site_of

GROUP = "readings"
QUEUE = 200
TOGETHER = 20
"""Batches in one transaction, at most."""

_log = logging.getLogger(__name__)
_WHY = {Standing.CONTRADICTS: Why.EQUIVOCATION, Standing.IMPOSSIBLE_TIME: Why.UNREADABLE}


@dataclass(frozen=True, slots=True)
class _Refused:
    agent: str | None
    site: str | None
    why: Why
    detail: str


Taken = OpenedReadings | _Refused


async def on_readings(pool: Pool, world: World, key: Signer, messages: list[Message]) -> dict[str, list[bytes]]:
    """Takes what arrived; the receipts by topic, which may go out when this returns.

    What the database cannot store spoils only itself. Raises DatabaseGoneError, then nothing is sure.
    """
    try:
        async with transaction(pool) as tx:
            gather = await gathers(tx)
            agents = sorted({agent for one in messages if (agent := _agent_of(one.topic))})
            keys, sites = await keys_of(tx, agents), await site_ids(tx)
        receipts: dict[str, list[bytes]] = {}
        refused: list[tuple[Message, _Refused]] = []
        async with transaction(pool) as tx:
            opened = [(one, _open(one, keys.get(_agent_of(one.topic) or ""), sites)) for one in messages]
            for message, found in sorted(opened, key=_order):
                if isinstance(found, _Refused):
                    refused.append((message, found))
                    continue
                said, site = found.statement, site_of(found.statement.agent)
                standing = await store(tx, site, found, world.now(), gather)
                if standing in _WHY:
                    detail = f"batch {said.number} of readings: {standing}"
                    refused.append((message, _Refused(said.agent, site, _WHY[standing], detail)))
                receipt = sign_receipt(Receipt(agent=said.agent, number=said.number, head=said.head), key)
                receipts.setdefault(str(Topic(said.agent, RECEIPTS)), []).append(receipt)
            await _set_aside(tx, world, refused)
        return receipts
    except psycopg.Error as error:
        return await _apart(pool, world, key, messages, error)


async def _apart(
    pool: Pool, world: World, key: Signer, messages: list[Message], error: psycopg.Error
) -> dict[str, list[bytes]]:
    _log.error("%d batches of readings cannot be stored together: %s", len(messages), error)
    if len(messages) > 1:
        receipts: dict[str, list[bytes]] = {}
        for message in messages:
            for topic, told in (await on_readings(pool, world, key, [message])).items():
                receipts.setdefault(topic, []).extend(told)
        return receipts
    agent = _agent_of(messages[0].topic)
    async with transaction(pool) as tx:
        site = site_of(agent) if agent and site_of(agent) in await site_ids(tx) else None
        await _set_aside(tx, world, [(messages[0], _Refused(agent, site, Why.UNSTORABLE, str(error)[:300]))])
    return {}


async def _set_aside(tx: Tx, world: World, refused: list[tuple[Message, _Refused]]) -> None:
    """Keeps whole what was not taken; the sites' ledgers are opened in the order in which everybody does."""
    for site in sorted({one.site or "" for _, one in refused}):
        appender = await open_ledger(tx, site) if site else None
        for message, one in refused:
            if (one.site or "") == site:
                await quarantine(
                    tx, appender, world, topic=message.topic, agent=one.agent, why=one.why, detail=one.detail,
                    data=message.payload,
                )  # fmt: skip
        if appender is not None:
            await close_ledger(tx, appender)


def _agent_of(topic: str) -> str | None:
    try:
        parsed = parse_topic(topic)
    except MessageError:
        return None
    return parsed.agent if parsed.channel == READINGS else None


def _order(one: tuple[Message, Taken]) -> tuple[str, int]:
    """By agent and number: two workers never wait for each other."""
    found = one[1]
    return (found.agent or "", 0) if isinstance(found, _Refused) else (found.statement.agent, found.statement.number)


def _open(message: Message, known: Mapping[str, VerifyKey] | None, sites: set[str]) -> Taken:
    agent = _agent_of(message.topic)
    if agent is None:
        return _Refused(None, None, Why.WRONG_TOPIC, "not a topic of readings")
    site = site_of(agent) if site_of(agent) in sites else None
    if known is None or site is None:
        return _Refused(agent, site, Why.UNKNOWN_AGENT, f"no agent {agent}, or it has no valid key")
    try:
        return open_readings(message.payload, agent, known.get)
    except SignatureError as error:
        return _Refused(agent, site, Why.WRONG_SIGNATURE, str(error))
    except ChainError as error:
        return _Refused(agent, site, Why.WRONG_CHAIN, str(error))
    except (ProofError, WireError) as error:
        return _Refused(agent, site, Why.UNREADABLE, str(error))


@dataclass(slots=True)
class Readings:
    """The worker. `run` ends only by being cancelled; `ready` is set once it listens."""

    pool: Pool
    world: World
    key: Signer
    connect: Connect
    retry: timedelta = timedelta(milliseconds=200)
    retry_most: timedelta = timedelta(seconds=5)
    meter: ReadingsMeter = field(default_factory=ReadingsMeter)
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    _queue: asyncio.Queue[Message] = field(default_factory=lambda: asyncio.Queue(QUEUE))
    _receipts: asyncio.Queue[tuple[str, bytes]] = field(default_factory=asyncio.Queue)

    async def run(self) -> None:
        """Receives, stores and receipts until it is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._talk())
            tasks.create_task(self._take())

    async def _talk(self) -> None:
        wait = self.retry
        while True:
            try:
                async with self.connect() as link, asyncio.TaskGroup() as tasks:
                    await link.subscribe(every_agent(READINGS, GROUP))
                    self.ready.set()
                    wait = self.retry
                    tasks.create_task(self._send(link))
                    tasks.create_task(self._receive(link))
            except* LinkError as errors:
                _log.warning("%s; trying again", first_of(errors))
            wait = await self._backoff(wait)

    async def _receive(self, link: Link) -> None:
        async for message in link.messages():
            await self._queue.put(message)

    async def _send(self, link: Link) -> None:
        """A receipt that goes with the connection is given again when its batch is said again."""
        while True:
            await link.publish(*await self._receipts.get())

    async def _take(self) -> None:
        while True:
            messages = [await self._queue.get()]
            while len(messages) < TOGETHER and not self._queue.empty():
                messages.append(self._queue.get_nowait())
            for topic, told in (await self._surely(messages)).items():
                for receipt in told:
                    self._receipts.put_nowait((topic, receipt))
                    self.meter.receipts.inc()
            self.meter.batches.inc(len(messages))
            self.meter.queue.set(self._queue.qsize())

    async def _surely(self, messages: list[Message]) -> dict[str, list[bytes]]:
        wait = self.retry
        while True:
            try:
                return await on_readings(self.pool, self.world, self.key, messages)
            except DatabaseGoneError as error:
                _log.warning("%s; trying again", error)
            wait = await self._backoff(wait)

    async def _backoff(self, wait: timedelta) -> timedelta:
        await asyncio.sleep(wait.total_seconds())
        return min(wait * 2, self.retry_most)
