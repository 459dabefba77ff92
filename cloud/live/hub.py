"""One connection that listens, many screens that watch.

For each site the hub knows up to which ledger entry it has told (`_told`). Who starts to watch first reads from the
database up to there, and joins in the same step of the event loop in which nothing is left to read: so nobody misses
an event and nobody gets one twice. However many screens there are, a commit costs one reading.
"""

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from psycopg import Notify

from cloud.db.pool import Pool, Tx, listening, transaction
from cloud.errors import DatabaseGoneError
from cloud.live.service import Event, commitments_between, event, newest_index
from wire.tracing import Tracer

LEDGER, AGENTS, MEDIA = "ledger", "agents", "media"

WINDOW = 2000
"""Ledger entries looked through at a time, so that a long absence is made up in small pieces."""


class Read(Protocol):
    """Reads the events of the entries above `after` up to `upto`."""

    def __call__(self, tx: Tx, site: str, after: int, upto: int) -> Awaitable[list[Event]]:
        """See cloud.live.service.events_between."""


@dataclass(eq=False, slots=True)
class Watcher:
    """A screen. `waiting` holds what it has not taken yet; `cut` is set when it is too `slow`, or all ends."""

    waiting: asyncio.Queue[Event]
    cut: asyncio.Event = field(default_factory=asyncio.Event)
    slow: bool = False


class Hub:
    """Tells watchers what the ledger's notifications bring.

    `room` is how many events a watcher may lag behind before it is cut; `pause` (seconds) the time between two tries
    to reach a database that went away; every `heartbeat` seconds a comment shows watchers that the line holds.
    """

    def __init__(
        self,
        pool: Pool,
        url: str,
        read: Read,
        *,
        room: int = 1000,
        pause: float = 0.5,
        heartbeat: float = 15,
        tracer: Tracer | None = None,
    ) -> None:
        self._pool, self._url, self._read, self.room = pool, url, read, room
        self._pause, self._heartbeat, self._tracer = pause, heartbeat, tracer
        self._told: dict[str, int] = {}
        self._size: dict[str, int] = {}
        self._watchers: defaultdict[str, set[Watcher]] = defaultdict(set)
        self._news = asyncio.Event()
        self.listens = asyncio.Event()
        self.closed = False

    @property
    def watching(self) -> int:
        """How many screens watch now."""
        return len(set().union(*self._watchers.values()))

    async def run(self) -> None:
        """Listens and tells until cancelled; a database that went away is waited for, and what was missed told."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._again(self._listen))
            group.create_task(self._again(self._tell))
            group.create_task(self._beat())

    def close(self) -> None:
        """Ends every stream: the process stops."""
        self.closed = True
        for watchers in self._watchers.values():
            for watcher in watchers:
                watcher.cut.set()

    def new_watcher(self) -> Watcher:
        """A screen that is about to follow."""
        return Watcher(asyncio.Queue(self.room))

    async def follow(self, watcher: Watcher, site: str, after: int | None) -> AsyncGenerator[list[Event], None]:
        """Events of `site` above entry `after`, or from now on where it is None, without end; as many at a time as
        there are. Raises NotFoundError.
        """
        told = await self._start(site)
        position = told if after is None else after
        while position < (upto := self._told[site]):
            end = min(position + WINDOW, upto)
            missed = await self._between(site, position, end)
            if missed:
                yield missed
            position = end
        if self.closed:
            watcher.cut.set()
            return
        self._watchers[site].add(watcher)  # nothing was awaited since the comparison above
        try:
            yield [Event(None, f"id: {position}\n\n".encode())]  # who goes before the first event comes back here
            while True:
                fresh = [await watcher.waiting.get()]
                while not watcher.waiting.empty():
                    fresh.append(watcher.waiting.get_nowait())
                yield [event for event in fresh if event.index is None or event.index > position]
        finally:
            self._watchers[site].discard(watcher)

    async def follow_all(self, watcher: Watcher, sites: Sequence[str]) -> AsyncGenerator[list[Event], None]:
        """Events of all `sites` from now on, without end and without ids. Raises NotFoundError."""
        for site in sites:
            await self._start(site)  # up to where is told is known before there is anybody to tell
        if self.closed:
            watcher.cut.set()
            return
        for site in sites:
            self._watchers[site].add(watcher)
        try:
            yield [Event(None, b": here\n\n")]
            while True:
                yield [(await watcher.waiting.get()).of_no_ledger()]
        finally:
            for site in sites:
                self._watchers[site].discard(watcher)

    async def _start(self, site: str) -> int:
        if site not in self._told:
            async with transaction(self._pool) as tx:
                index = await newest_index(tx, site)
            self._told.setdefault(site, index)
        return self._told[site]

    async def _between(self, site: str, after: int, upto: int) -> list[Event]:
        async with transaction(self._pool) as tx:
            return await self._read(tx, site, after, upto)

    async def _again(self, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await work()
            except DatabaseGoneError:
                self.listens.clear()
                await asyncio.sleep(self._pause)

    async def _listen(self) -> None:
        async with listening(self._url, LEDGER, AGENTS, MEDIA) as connection:
            for site in list(self._told):  # what was committed while nobody listened
                async with transaction(self._pool) as tx:
                    self._note(site, await newest_index(tx, site) + 1)
            self.listens.set()
            async for notice in connection.notifies():
                self._on_notice(notice)

    def _on_notice(self, notice: Notify) -> None:
        news = json.loads(notice.payload)
        if notice.channel == LEDGER:
            self._note(news["site"], news["size"])
        elif notice.channel == AGENTS:
            self._send(news["site"], event("agent", {"id": news["id"], "online": news["online"]}))
        else:
            self._send(news["site"], event("picture", {"sha256": news["sha256"]}))

    def _note(self, site: str, size: int) -> None:
        self._size[site] = max(size, self._size.get(site, 0))
        self._news.set()

    async def _tell(self) -> None:
        """One reading for all that was committed since the last one."""
        while True:
            await self._news.wait()
            self._news.clear()
            for site, size in list(self._size.items()):
                try:
                    await self._tell_site(site, size - 1)
                except DatabaseGoneError:
                    self._news.set()
                    raise

    async def _tell_site(self, site: str, upto: int) -> None:
        after = self._told.setdefault(site, upto)
        while after < upto:
            before, began = after, time.time_ns()
            end = min(after + WINDOW, upto) if self._watchers[site] else upto
            events = await self._between(site, after, end) if self._watchers[site] else []
            self._told[site] = after = end  # from here on nothing is awaited: who joins now reads what is sent now
            for fresh in events:
                self._send(site, fresh)
            if self._tracer is not None and events:
                await self._trace(self._tracer, site, before, end, began)

    async def _trace(self, tracer: Tracer, site: str, after: int, upto: int, began: int) -> None:
        """The last step of facts: their events are on their way to screens."""
        now = time.time_ns()
        async with transaction(self._pool) as tx:
            found = await commitments_between(tx, site, after, upto)
        for index, commitment in found:
            tracer.tell("live.push", commitment, began, now, **{"ledger.index": index})

    def _send(self, site: str, fresh: Event) -> None:
        for watcher in list(self._watchers[site]):
            try:
                watcher.waiting.put_nowait(fresh)
            except asyncio.QueueFull:
                watcher.slow = True
                watcher.cut.set()
                self._watchers[site].discard(watcher)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._heartbeat)
            for site in list(self._watchers):
                self._send(site, Event(None, b": \n\n"))
