"""The agent at work: cameras in threads, the link in asyncio, and an orderly end."""

import asyncio
import logging
import shutil
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from custody.permits import time_text
from edge_agent.clock import Clock, Reading, StepWatch
from edge_agent.configuration import Configuration
from edge_agent.devices import Camera
from edge_agent.downlink import Orders
from edge_agent.errors import JournalError, RenewalError
from edge_agent.joining.renewing import Renewals
from edge_agent.journal.drafts import Draft
from edge_agent.journal.journal import Journal
from edge_agent.journal.upkeep import Room, stepped_back, tidy
from edge_agent.pictures import Pictures
from edge_agent.rule_packs import PackBook
from edge_agent.stations.door import DoorStation
from edge_agent.stations.gate import GateStation
from edge_agent.stations.heads import Heads
from edge_agent.stations.printing import PrintDesk
from edge_agent.stations.rack import RackStation
from edge_agent.stations.sensors import SensorStation
from edge_agent.stations.watch import WatchStation
from edge_agent.supervise import Health, Loop, Vigil
from edge_agent.telemetry import Telemetry
from edge_agent.updates.updates import Updates
from edge_agent.uplink import Uplink
from edge_agent.viewing.viewing import Viewing
from edge_agent.witness import EdgeWitness
from proof.errors import ProofError
from wire.batches import SealedFact
from wire.errors import LinkError, MessageError
from wire.kinds import FactKind
from wire.link import Connect, Link
from wire.messages import AgentStarted, Birth, Heartbeat, encode, to_body
from wire.readings import is_receipt
from wire.topics import BIRTH, DESIRED, ORDERS, RECEIPTS, Topic, every_site_checkpoint, parse_topic, site_of_checkpoint

if TYPE_CHECKING:  # an agent that films nothing loads no codec
    from edge_agent.film.films import Films
    from edge_agent.film.upkeep import Upkeep
    from edge_agent.film.uploads import Uploads

TICK_S = 0.2
CLOCK_S = 1.0
TIDY_S = 3600.0
GOODBYE_S = 2.0
FAREWELL_S = 3.0
"""How long the end waits for receipts of the last facts."""

READY_S = 10.0
"""How long the start waits for every camera to show its first picture or its first fault."""

NOTE_US = 60_000_000
"""Between two notes of how well the time is known."""

PULSE_S = 5.0
STUCK_S = 30.0
"""After so long without a sign of life of a loop nobody is told any more that the agent lives."""

PAUSES_S = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Watch:
    """A station, the camera it looks through, the names of both; `attach` begins to hear its other devices."""

    station: GateStation | RackStation | DoorStation | WatchStation | Heads
    camera: Camera
    camera_name: str
    attach: Callable[[], None]
    name: str
    filmed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything an agent is made of; `stops` give devices back, in their order, after the stations have closed."""

    agent: str
    software: str
    journal: Journal
    data_dir: Path
    clock: Clock
    random: Callable[[int], bytes]
    packs: PackBook
    health: Health
    watches: Sequence[Watch]
    sensors: Sequence[SensorStation | PrintDesk] = ()
    uplink: Uplink
    telemetry: Telemetry | None = None
    orders: Orders
    pictures: Pictures
    connect: Connect
    keep: timedelta
    heartbeat: timedelta = timedelta(seconds=60)
    witness: EdgeWitness | None = None
    renewals: Renewals | None = None
    configuration: Configuration | None = None
    updates: Updates | None = None
    keep_time: Callable[[Reading], None] = lambda _: None
    films: "Films | None" = None
    film_uploads: "Uploads | None" = None
    film_upkeep: "Upkeep | None" = None
    viewing: Viewing | None = None
    stops: list[Callable[[], None]] = field(default_factory=list)


class Agent:
    """Runs `parts` until told to stop."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._room = parts, Room(parts.journal)
        self.again = False
        """After its end: whether it is to be made and run again, under another configuration."""

    async def run(
        self, stop: asyncio.Event, on_ready: Callable[[], None] = lambda: None,
        on_alive: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        """Works until `stop` is set, then closes gates, devices and the journal.

        `on_alive` is called every few seconds, as long as neither this loop nor a thread is stuck.
        """
        parts, loop = self._parts, asyncio.get_running_loop()
        parts.uplink.attach(loop)
        parts.pictures.attach(loop)
        started = AgentStarted(
            software=parts.software, rule_pack=parts.packs.now.hash, rule_packs=parts.packs.hashes,
            cameras=sum(watch.filmed for watch in parts.watches) if parts.films else 0,
            watches=[watch.name for watch in parts.watches if isinstance(watch.station, WatchStation)],
        )  # fmt: skip
        step = stepped_back(parts.journal, parts.clock.read().at)  # asked before there is a fact from now
        self._tell(FactKind.AGENT_STARTED, to_body(started))
        if step:
            self._tell(FactKind.CLOCK_STEPPED, {"by_ms": step // timedelta(milliseconds=1), "while_off": True})
        cameras = [self._camera_loop(watch) for watch in parts.watches]
        still = threading.Event()
        ticker = Loop("ticker", lambda at_work: self._tick(still, at_work))
        async with AsyncExitStack() as undo:
            undo.push_async_callback(asyncio.to_thread, self._close, cameras, ticker, still)
            if parts.films:
                parts.films.start()
            for watch in parts.watches:
                watch.attach()
            for room in parts.sensors:
                room.attach()
            for one in (*cameras, ticker):
                one.start()
            tasks = [asyncio.create_task(work) for work in (
                self._link(), parts.pictures.deliver(), self._watch_clock_and_journal(), self._beat(), self._tidy(),
                self._pulse((*cameras, ticker), on_alive),
            )]  # fmt: skip
            beside = parts.witness, parts.renewals, parts.configuration, parts.film_uploads, parts.viewing
            tasks += [asyncio.create_task(one.work()) for one in (*beside, parts.updates) if one]
            undo.push_async_callback(_end, tasks)
            stopped = asyncio.create_task(stop.wait())
            undo.push_async_callback(_end, [stopped])
            settled = asyncio.create_task(asyncio.to_thread(lambda: [one.settled.wait(READY_S) for one in cameras]))
            await asyncio.wait([stopped, settled], return_when=asyncio.FIRST_COMPLETED)
            if not stop.is_set():
                _log.info("ready", extra={"fields": {
                    "agent": parts.agent, "facts": parts.journal.last, "lost": parts.health.lost(),
                }})  # fmt: skip
                on_ready()
                for trial in (parts.configuration, parts.updates):
                    if trial:
                        trial.ready.set()
            await asyncio.wait([stopped, *tasks], return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():  # none of them ends by itself but by a bug, which ends the agent
                    task.result()
            leaving = stop.is_set() or (parts.updates is not None and parts.updates.leaving)
            self.again = parts.configuration is not None and not leaving
            await asyncio.to_thread(self._close_stations, cameras)
            await self._farewell()

    def _camera_loop(self, watch: Watch) -> Loop:
        def look(at_work: Callable[[], None]) -> None:
            for frame in watch.camera.frames():
                self._parts.health.report(watch.camera_name, None)
                at_work()
                if self._parts.films and watch.filmed:
                    self._parts.films.offer(watch.camera_name, frame)
                if self._parts.viewing:
                    self._parts.viewing.offer(watch.camera_name, frame)
                watch.station.on_frame(frame)

        return Loop(watch.camera_name, look, lambda problem: self._parts.health.report(watch.camera_name, problem))

    def _tick(self, still: threading.Event, at_work: Callable[[], None]) -> None:
        while not still.wait(TICK_S):
            for station in (*(watch.station for watch in self._parts.watches), *self._parts.sensors):
                station.tick()
            at_work()

    def _close_stations(self, cameras: Sequence[Loop]) -> None:
        for one in cameras:
            one.stop()
        for watch in self._parts.watches:
            watch.camera.stop()
            watch.station.stop()
        for room in self._parts.sensors:
            room.stop()
        if self._parts.films:
            self._parts.films.stop()
        if self._parts.journal.at_work:
            self._room.end(self._parts.clock.mono_us())

    def _close(self, cameras: Sequence[Loop], ticker: Loop, still: threading.Event) -> None:
        self._close_stations(cameras)
        ticker.stop()
        still.set()
        for one in (*cameras, ticker):
            if not one.join(5):
                _log.error("a thread did not end")
        for stop in self._parts.stops:
            stop()
        self._parts.journal.close()

    async def _link(self) -> None:
        """A connection for ever: again after every break, later and later while there is none."""
        failures = 0
        while True:
            try:
                async with self._parts.connect() as link:
                    heard = (ORDERS, RECEIPTS, *([DESIRED] if self._parts.configuration else []))
                    await link.subscribe(*(str(Topic(self._parts.agent, channel)) for channel in heard))
                    if self._parts.witness:
                        await link.subscribe(every_site_checkpoint())
                    await self._say_birth(link, self._birth())
                    failures = 0
                    _log.info("linked", extra={"fields": {}})
                    try:
                        async with asyncio.TaskGroup() as group:
                            group.create_task(self._parts.uplink.drain(link))
                            group.create_task(self._listen(link))
                            if self._parts.telemetry:
                                group.create_task(self._parts.telemetry.drain(link))
                            if self._parts.renewals:
                                group.create_task(self._parts.renewals.until_given())
                    finally:  # after a goodbye the broker keeps the last will to itself
                        with suppress(LinkError, TimeoutError):
                            async with asyncio.timeout(GOODBYE_S):
                                await self._say_birth(link, Birth(online=False))
            except* LinkError as broken:
                if not failures:
                    _log.warning("no link: %s", broken.exceptions[0])
            jitter = 1 + self._parts.random(1)[0] / 512
            await asyncio.sleep(PAUSES_S[min(failures, len(PAUSES_S) - 1)] * jitter)
            failures += 1

    async def _listen(self, link: Link) -> None:
        async for message in link.messages():
            site = site_of_checkpoint(message.topic)
            if site is not None:
                if self._parts.witness:
                    self._parts.witness.hear(site, message.payload)
                continue
            try:
                channel = parse_topic(message.topic).channel
            except MessageError as error:
                _log.warning("%s", error)
                continue
            if channel == RECEIPTS and is_receipt(message.payload):
                if self._parts.telemetry:
                    await self._parts.telemetry.on_receipt(message.payload)
            elif channel == RECEIPTS:
                await self._parts.uplink.on_receipt(message.payload)
            elif channel == ORDERS:
                await asyncio.to_thread(self._parts.orders.on_order, message.payload)
            elif channel == DESIRED and self._parts.configuration:
                await self._take_desired(self._parts.configuration, message.payload)

    async def _take_desired(self, configuration: Configuration, payload: bytes) -> None:
        try:
            if await asyncio.to_thread(configuration.on_desired, payload):
                configuration.again.set()
        except (ProofError, MessageError) as error:
            await asyncio.to_thread(self._parts.orders.distrust, payload, error)

    async def _watch_clock_and_journal(self) -> None:
        watch, noted_us = StepWatch(self._parts.clock.read()), 0
        while True:
            await asyncio.sleep(CLOCK_S)
            if not self._parts.journal.at_work:
                raise JournalError("the journal's writer stopped; a new start is the only way on")
            if self._parts.journal.to_be_renewed:
                raise RenewalError("the journal is made anew at the next start")
            reading = self._parts.clock.read()
            await asyncio.to_thread(self._room.look, reading.mono_us)
            if reading.mono_us - noted_us >= NOTE_US:
                noted_us = reading.mono_us
                await asyncio.to_thread(self._parts.keep_time, reading)
            step = watch.step(reading)
            if step is not None:
                self._tell(FactKind.CLOCK_STEPPED, {"by_ms": step // timedelta(milliseconds=1)})

    async def _pulse(self, loops: Sequence[Loop], on_alive: Callable[[], None]) -> None:
        vigil = Vigil(loops, self._parts.clock.mono_us, int(STUCK_S * 1e6))
        while True:
            vigil.pulse(on_alive)
            await asyncio.sleep(PULSE_S)

    async def _beat(self) -> None:
        """At once, and then again and again: what was so while nothing else was told."""
        parts, began_us = self._parts, self._parts.clock.mono_us()
        stations = [watch.station for watch in parts.watches]
        while True:
            beat = Heartbeat(
                every_s=parts.heartbeat.total_seconds(),
                uptime_s=(parts.clock.mono_us() - began_us) // 1_000_000,
                waiting=parts.journal.last - parts.journal.receipted,
                free_bytes=shutil.disk_usage(parts.data_dir).free,
                lost=parts.health.lost(),
                gates=[one.state() for one in stations if isinstance(one, GateStation)],
                racks=[one.state() for one in stations if isinstance(one, RackStation)],
                doors=[one.state() for one in stations if isinstance(one, DoorStation)],
                update=parts.updates.state() if parts.updates else None,
            )
            self._tell(FactKind.HEARTBEAT, to_body(beat))
            await asyncio.sleep(parts.heartbeat.total_seconds())

    async def _tidy(self) -> None:
        while True:
            before = time_text(self._parts.clock.read().at - self._parts.keep)
            try:
                await asyncio.to_thread(tidy, self._parts.journal, before)
                if self._parts.film_upkeep:
                    await asyncio.to_thread(self._parts.film_upkeep.look, before)
            except JournalError as error:
                _log.error("not tidied: %s", error)
            await asyncio.sleep(TIDY_S)

    async def _farewell(self) -> None:
        """Waits a little for the receipts of the last facts; what has none goes up at the next start."""
        journal, news, loop = self._parts.journal, asyncio.Event(), asyncio.get_running_loop()
        journal.watch(lambda: None if loop.is_closed() else _soon(loop, news.set))
        try:
            async with asyncio.timeout(FAREWELL_S):
                while journal.receipted < journal.last:
                    await news.wait()
                    news.clear()
        except TimeoutError:
            _log.info("%d facts wait for the next start", journal.last - journal.receipted)

    def _birth(self) -> Birth:
        reading, parts = self._parts.clock.read(), self._parts
        return Birth(
            online=True,
            software=parts.software,
            boot=reading.boot,
            rule_pack=parts.packs.in_force(reading.at).hash,
            at=time_text(reading.at),
        )

    async def _say_birth(self, link: Link, birth: Birth) -> None:
        await link.publish(str(Topic(self._parts.agent, BIRTH)), encode(birth), retain=True)

    def _tell(self, kind: FactKind, body: dict[str, object]) -> None:
        tell(self._parts.journal, kind, "agent", body)


def tell(journal: Journal, kind: FactKind, device: str, body: dict[str, object]) -> None:
    """Records a fact that nothing waits for; when the disk is full it is logged and lost, as what it tells recurs."""
    try:
        journal.submit(Draft(kind=kind, device=device, body=body)).add_done_callback(_log_failure)
    except JournalError as error:
        _log.error("%s of %s not recorded: %s", kind, device, error)


def _log_failure(done: "Future[SealedFact]") -> None:
    error = done.exception()
    if error is not None:
        _log.error("not recorded: %s", error)


async def _end(tasks: Sequence["asyncio.Task[object]"]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _soon(loop: asyncio.AbstractEventLoop, do: Callable[[], None]) -> None:
    loop.call_soon_threadsafe(do)
