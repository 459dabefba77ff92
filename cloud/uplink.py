"""The worker that takes facts in: bytes from the broker → verified → one transaction → receipts.

A message counts for nothing until its receipt is out, and a receipt goes out only after the commit. So whatever
goes away, broker, database or this process, nothing is lost: the agent says it again and gets the same receipt.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TypeVar

import psycopg

from cloud.db.pool import Pool, transaction
from cloud.errors import BrokenRecordsError, DatabaseGoneError, first_of
from cloud.evidence.gaps import alarm_gaps
from cloud.evidence.intake import Arrived, Office, Outcome, take_group
from cloud.evidence.quarantine import Why
from cloud.fleet.service import AgentKeys, keys_of
from cloud.fleet.streams import next_seqs
from cloud.ledger.checkpoints import LogKeys, sign_checkpoints
from cloud.ledger.service import site_ids
from cloud.metering import UplinkMeter
from proof.errors import ChainError, ProofError, SignatureError
from wire.batches import open_batch
from wire.errors import LinkError, MessageError, WireError
from wire.link import Connect, Link, Message
from wire.topics import FACTS, RECEIPTS, Topic, every_agent, parse_topic, site_of
from wire.tracing import Tracer

GROUP = "uplink"
GROUP_BYTES = 2 << 20
"""About five thousand facts: more in one transaction gains nothing, and an agent waits longer for its receipt."""
QUEUE = 500
HELD_BYTES = 64 << 20

T = TypeVar("T")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long things are waited for."""

    hold: timedelta = timedelta(seconds=2)
    """for the predecessor of a batch that came too early"""
    look_again: timedelta = timedelta(milliseconds=50)
    """between looks whether another worker has taken that predecessor"""
    gap: timedelta = timedelta(seconds=30)
    """for facts that were asked for again, before it is an alarm"""
    checkpoint: timedelta = timedelta(seconds=10)
    retry: timedelta = timedelta(milliseconds=200)
    retry_most: timedelta = timedelta(seconds=5)


def _trace(tracer: Tracer, group: Sequence[Arrived], outcome: Outcome, began: int, verified: int) -> None:
    """The steps of the facts in `group`, which is committed now; times in nanoseconds."""
    held, now = set(map(id, outcome.held)), time.time_ns()
    for arrived in group:
        if arrived.batch is not None and id(arrived) not in held:
            for sealed in arrived.batch.facts:
                tracer.tell("cloud.verify", sealed.commitment, began, verified)
                tracer.tell("cloud.ledger", sealed.commitment, verified, now, **{"site.id": arrived.site or ""})


async def on_batch(pool: Pool, office: Office, messages: Sequence[Message]) -> Outcome:
    """Takes what arrived; its receipts may go out when this returns. Raises DatabaseGoneError, then nothing is sure."""
    return await take(pool, office, await verify(pool, messages))


async def verify(pool: Pool, messages: Sequence[Message]) -> list[Arrived]:
    """What the messages are: verified batches, or why not. Reads keys and sites; writes nothing."""
    agents = {message.topic: _agent_of(message.topic) for message in messages}
    async with transaction(pool) as tx:
        keys = await keys_of(tx, sorted({agent for agent in agents.values() if agent}))
        sites = await site_ids(tx)
    return [_open(message, agents[message.topic], keys, sites) for message in messages]


async def take(pool: Pool, office: Office, arrived: Sequence[Arrived]) -> Outcome:
    """Takes a group in one transaction. What the database cannot store spoils only itself: it is quarantined."""
    try:
        async with transaction(pool) as tx:
            return await take_group(tx, office, arrived)
    except (psycopg.Error, BrokenRecordsError) as error:
        if len(arrived) == 1:
            return await _set_aside(pool, office, arrived[0], error)
        _log.error("a group of %d messages cannot be stored, trying them one by one: %s", len(arrived), error)
    whole = Outcome()
    for single in arrived:
        outcome = await take(pool, office, [single])
        whole.receipts.update(outcome.receipts)
        whole.held += outcome.held
        whole.facts += outcome.facts
    return whole


async def _set_aside(pool: Pool, office: Office, arrived: Arrived, error: Exception) -> Outcome:
    _log.error("a message under %s cannot be stored: %s", arrived.topic, error)
    arrived.batch, arrived.why, arrived.detail = None, Why.UNSTORABLE, f"{type(error).__name__}: {error}"
    async with transaction(pool) as tx:
        return await take_group(tx, office, [arrived])


def _agent_of(topic: str) -> str | None:
    try:
        parsed = parse_topic(topic)
    except MessageError:
        return None
    return parsed.agent if parsed.channel == FACTS else None


def _open(message: Message, agent: str | None, keys: AgentKeys, sites: set[str]) -> Arrived:
    if agent is None:
        return Arrived(message.topic, message.payload, None, None, why=Why.WRONG_TOPIC, detail="not a topic of facts")
    site = site_of(agent)
    arrived = Arrived(message.topic, message.payload, agent, site if site in sites else None)
    known = keys.get(agent)
    if known is None:
        arrived.why, arrived.detail = Why.UNKNOWN_AGENT, f"no agent {agent}, or it has no valid key"
        return arrived
    try:
        arrived.batch = open_batch(message.payload, agent, known.get)
    except SignatureError as error:
        arrived.why, arrived.detail = Why.WRONG_SIGNATURE, str(error)
    except ChainError as error:
        arrived.why, arrived.detail = Why.WRONG_CHAIN, str(error)
    except (ProofError, WireError) as error:
        arrived.why, arrived.detail = Why.UNREADABLE, str(error)
    return arrived


@dataclass(slots=True)
class Uplink:
    """The worker. `run` ends only by being cancelled; `ready` is set once it listens."""

    pool: Pool
    office: Office
    connect: Connect
    log_keys: LogKeys
    pace: Pace = field(default_factory=Pace)
    meter: UplinkMeter = field(default_factory=UplinkMeter)
    tracer: Tracer | None = None
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    _queue: asyncio.Queue[Message] = field(default_factory=lambda: asyncio.Queue(QUEUE))
    _held: list[Arrived] = field(default_factory=list)
    _receipts: dict[str, str] = field(default_factory=dict)
    _due: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Receives, takes, signs and watches until it is cancelled; then signs once more."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._talk())
                tasks.create_task(self._take())
                tasks.create_task(self._every(self.pace.checkpoint, self._sign))
                tasks.create_task(self._every(min(self.pace.gap, timedelta(seconds=5)), self._watch_gaps))
        finally:
            await self._sign_last()

    async def _talk(self) -> None:
        """One connection after the other: facts in, receipts out."""
        wait = self.pace.retry
        while True:
            try:
                async with self.connect() as link, asyncio.TaskGroup() as tasks:
                    await link.subscribe(every_agent(FACTS, GROUP))
                    self.ready.set()
                    _log.info("listening for facts")
                    wait = self.pace.retry
                    tasks.create_task(self._send(link))
                    tasks.create_task(self._receive(link))
            except* LinkError as errors:
                _log.warning("%s; trying again", first_of(errors))
            wait = await self._backoff(wait)

    async def _receive(self, link: Link) -> None:
        async for message in link.messages():
            await self._queue.put(message)

    async def _send(self, link: Link) -> None:
        """Publishes receipts, of each agent the newest; what the connection takes with it waits for the next one."""
        while True:
            await self._due.wait()
            self._due.clear()
            sending, self._receipts = self._receipts, {}
            try:
                async with asyncio.TaskGroup() as tasks:
                    for agent, receipt in sending.items():
                        tasks.create_task(link.publish(str(Topic(agent, RECEIPTS)), receipt.encode()))
            except (asyncio.CancelledError, ExceptionGroup):
                self._receipts = sending | self._receipts
                self._due.set()
                raise

    async def _take(self) -> None:
        while True:
            messages = await self._next_messages()
            began = time.time_ns()
            fresh = await self._surely(partial(verify, self.pool, messages)) if messages else []
            group = fresh + await self._ripe(fresh)
            if group:
                verified = time.time_ns()
                with self.meter.seconds.time():
                    outcome = await self._surely(partial(take, self.pool, self.office, group))
                self._count(group, outcome)
                if self.tracer is not None:
                    _trace(self.tracer, group, outcome, began, verified)
                self._hold(outcome.held)
                self._receipts |= outcome.receipts
                self._due.set()

    def _count(self, group: Sequence[Arrived], outcome: Outcome) -> None:
        self.meter.facts.inc(outcome.facts)
        self.meter.held.set(len(self._held) + len(outcome.held))
        self.meter.queue.set(self._queue.qsize())
        held = set(map(id, outcome.held))
        for arrived in group:
            refused = arrived.batch is None
            came = "held" if id(arrived) in held else "quarantined" if refused else "taken"
            self.meter.batches.labels(came).inc()
            if refused:
                self.meter.quarantined.labels(arrived.why.value).inc()

    async def _next_messages(self) -> list[Message]:
        """What is queued, at least one message; nothing when held batches should be looked at again."""
        try:
            async with asyncio.timeout(self.pace.look_again.total_seconds() if self._held else None):
                messages = [await self._queue.get()]
        except TimeoutError:
            return []
        size = len(messages[0].payload)
        while size < GROUP_BYTES and not self._queue.empty():
            messages.append(self._queue.get_nowait())
            size += len(messages[-1].payload)
        return messages

    async def _ripe(self, fresh: Sequence[Arrived]) -> list[Arrived]:
        """Held batches to try now: their agent has just spoken or gone on elsewhere, or their time is over."""
        if not self._held:
            return []
        speaking = {arrived.agent for arrived in fresh}
        agents = sorted({held.agent for held in self._held if held.agent})
        reached = await self._surely(lambda: self._next_seqs(agents))
        now = asyncio.get_running_loop().time()
        ripe, self._held, waiting = [], [], self._held
        for held in waiting:
            held.patient = held.deadline > now
            first = held.batch.statement.first if held.batch else 0
            if held.agent in speaking or not held.patient or first <= reached.get(held.agent or "", 0):
                ripe.append(held)
            else:
                self._held.append(held)
        return ripe

    async def _next_seqs(self, agents: Sequence[str]) -> dict[str, int]:
        async with transaction(self.pool) as tx:
            return await next_seqs(tx, agents)

    def _hold(self, early: Sequence[Arrived]) -> None:
        """Keeps batches that came too early for a while; with too many, the oldest have waited long enough."""
        until = asyncio.get_running_loop().time() + self.pace.hold.total_seconds()
        for arrived in early:
            arrived.deadline = arrived.deadline or until
        self._held += early
        self._held.sort(key=lambda arrived: arrived.deadline)
        size = sum(len(arrived.payload) for arrived in self._held)
        for arrived in self._held:
            if size <= HELD_BYTES:
                break
            arrived.deadline = 0.001
            size -= len(arrived.payload)

    async def _every(self, pause: timedelta, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(pause.total_seconds())
            await self._surely(work)

    async def _sign(self) -> None:
        async with transaction(self.pool) as tx:
            await sign_checkpoints(tx, self.office.world, self.log_keys)

    async def _sign_last(self) -> None:
        try:
            await self._sign()
        except DatabaseGoneError as error:
            _log.warning("no last checkpoint: %s", error)

    async def _watch_gaps(self) -> None:
        async with transaction(self.pool) as tx:
            await alarm_gaps(tx, self.office.world, self.pace.gap)

    async def _surely(self, work: Callable[[], Awaitable[T]]) -> T:
        """The result of `work`, tried until the database is there."""
        wait = self.pace.retry
        while True:
            try:
                return await work()
            except DatabaseGoneError as error:
                _log.warning("%s; trying again", error)
            wait = await self._backoff(wait)

    async def _backoff(self, wait: timedelta) -> timedelta:
        await asyncio.sleep(wait.total_seconds())
        return min(wait * 2, self.pace.retry_most)
