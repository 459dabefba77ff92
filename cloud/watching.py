"""What is done because time passes: movements judged by sensors, alarms told to more people, recounts after
break-glass, overdue reviews, acts that lapse, loans and legal clocks, tickets, certificates that were not renewed, film
and readings that nothing needs any more.

What is due stands in the tables, and what was done about it changes them in the same transaction: a restart, or a
second worker, neither misses nor doubles anything. Looking takes no lock; only what is due opens a site's ledger.
"""

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import product

from obstore.store import ObjectStore

from cloud.alarms import life
from cloud.alarms.service import raise_alarm
from cloud.db.pool import Pool, transaction
from cloud.evidence import corroborating, exceptions, film_keeping, readings_keeping, watching
from cloud.evidence.unplaced import end_unplaced, unplaced
from cloud.joining import watching as certificates
from cloud.ledger.service import close_ledger, open_ledger, site_ids
from cloud.media import store
from cloud.media.errors import StoreGoneError
from cloud.rules.service import pack_in_force
from cloud.stock_takes.opening import open_recount
from cloud.telemetry import keeping
from cloud.tickets import clocks as tickets
from cloud.world import World
from custody.rule_pack import RulePack

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Watching:
    """Looks at every site. `pack` are the rules that the cloud was founded with; film is looked after where `media`
    says where it is, of which each site may have `film_quota` bytes. Raw readings are removed after `readings_kept`.
    """

    pool: Pool
    world: World
    pack: RulePack
    every: timedelta = timedelta(seconds=5)
    clocks_every: timedelta = timedelta(minutes=1)
    """between looks at acts, loans and legal clocks, which are hours and days"""
    media: ObjectStore | None = None
    film_quota: int | None = None
    film_every: timedelta = timedelta(hours=1)
    """between looks at film"""
    readings_kept: timedelta | None = None
    readings_every: timedelta = timedelta(hours=1)
    """between looks at telemetry"""
    readings_steps: int = 20
    """of removing in one look: whatever else is due waits no longer than they take"""
    _measured: dict[str, datetime] = field(default_factory=dict)
    _doubtful: dict[str, set[int]] = field(default_factory=dict)
    _filmed: dict[str, datetime] = field(default_factory=dict)
    _looked: dict[str, datetime] = field(default_factory=dict)

    async def run(self) -> None:
        """Looks again and again until it is cancelled. Raises DatabaseGoneError."""
        while True:
            await self.look()
            await asyncio.sleep(self.every.total_seconds())

    async def look(self) -> None:
        """One look at every site: whatever is due is done."""
        async with transaction(self.pool) as tx:
            sites = sorted(await site_ids(tx))
        for site in sites:
            await self._sensors(site)
            await self._alarms(site)
            await self._exceptions(site)
            await self._clocks(site)
            if self.media is not None:
                await self._film(site, self.media)
            await self._readings(site)

    async def _sensors(self, site: str) -> None:
        while True:
            at = self.world.now()
            async with transaction(self.pool) as tx:
                pack = await pack_in_force(tx, site, at, self.pack)
                if not await corroborating.anything_due(tx, site, pack, at):
                    return
            async with transaction(self.pool) as tx:
                appender = await open_ledger(tx, site)
                done = await corroborating.judge_due(tx, appender, self.world, pack, at)
                await close_ledger(tx, appender)
            if not done:  # what is due belongs to movements that are judged later
                return

    async def _alarms(self, site: str) -> None:
        at = self.world.now()
        async with transaction(self.pool) as tx:
            pack = await pack_in_force(tx, site, at, self.pack)
            if not await life.anything_due(tx, site, pack, at):
                return
        async with transaction(self.pool) as tx:
            appender = await open_ledger(tx, site)
            await life.escalate(tx, appender, self.world, pack, at)
            await life.ask_answers(tx, appender, self.world, pack, at)
            await close_ledger(tx, appender)

    async def _exceptions(self, site: str) -> None:
        at = self.world.now()
        async with transaction(self.pool) as tx:
            if not await exceptions.anything_due(tx, site, at):
                return
            pack = await pack_in_force(tx, site, at, self.pack)
        async with transaction(self.pool) as tx:
            appender = await open_ledger(tx, site)
            await exceptions.watch_reviews(tx, appender, self.world, at)
            await exceptions.order_recounts(tx, appender, self.world, pack, at, open_recount)
            await close_ledger(tx, appender)

    async def _clocks(self, site: str) -> None:
        at, before = self.world.now(), self._looked.get(site)
        if before is not None and before <= at < before + self.clocks_every:
            return
        async with transaction(self.pool) as tx:
            due = await watching.anything_due(tx, site, at)
            late = await certificates.anything_due(tx, site, at)
            pack = await pack_in_force(tx, site, at, self.pack)
            asked = await tickets.anything_due(tx, site, pack, at)
            old_form = bool(await unplaced(tx, site))
        if due or late or asked or old_form:
            async with transaction(self.pool) as tx:
                appender = await open_ledger(tx, site)
                await watching.watch(tx, appender, self.world, site, at)
                await certificates.watch(tx, appender, self.world, at)
                await tickets.watch(tx, appender, self.world, pack, at)
                await end_unplaced(tx, appender, self.world, at)
                await close_ledger(tx, appender)
        self._looked[site] = at

    async def _film(self, site: str, media: ObjectStore) -> None:
        """What may go is named by entries, then its bytes are deleted; a site whose store fills is told."""
        at, before = self.world.now(), self._filmed.get(site)
        if before is not None and before <= at < before + self.film_every:
            return
        async with transaction(self.pool) as tx:
            pack = await pack_in_force(tx, site, at, self.pack)
            going = bool(await film_keeping.due(tx, site, pack, at))
            room = bool(await film_keeping.filling(tx, site, self.film_quota))
        while going or room:
            async with transaction(self.pool) as tx:
                appender = await open_ledger(tx, site)
                going = await film_keeping.remove(tx, appender, self.world, pack, at) == film_keeping.MOST
                if not going:
                    await film_keeping.tell_room(tx, appender, self.world, self.film_quota, at)
                await close_ledger(tx, appender)
            room = False
        await self._delete(site, media, at)
        self._filmed[site] = at

    async def _delete(self, site: str, media: ObjectStore, at: datetime) -> None:
        while True:
            async with transaction(self.pool) as tx:
                digests = await film_keeping.to_delete(tx, site)
            try:
                for sha256 in digests:
                    await store.delete(media, sha256)
            except StoreGoneError as error:
                _log.warning("what was removed is deleted later: %s", error)
                return
            async with transaction(self.pool) as tx:
                await film_keeping.deleted(tx, digests, at)
            if len(digests) < film_keeping.MOST:
                return

    async def _readings(self, site: str) -> None:
        """The ledger says which batches came; some of what may go is named by entries, and some of that is removed."""
        at, before = self.world.now(), self._measured.get(site)
        if before is not None and before <= at < before + self.readings_every:
            return
        async with transaction(self.pool) as tx:
            untold = await keeping.anything_untold(tx, site)
        while untold:
            async with transaction(self.pool) as tx:
                appender = await open_ledger(tx, site)
                untold = await keeping.tell_kept(tx, appender, self.world, at)
                await close_ledger(tx, appender)
        kept = self.readings_kept
        more = kept is not None and (await self._release(site, kept, at) or await self._sweep(site, at - kept))
        if not more:  # else nothing else waits for the rest of it: the next look goes on
            self._measured[site] = at
            self._doubtful.clear()

    async def _release(self, site: str, kept: timedelta, at: datetime) -> bool:
        """Whether more may go than in so many steps."""
        async with transaction(self.pool) as tx:
            pack = await pack_in_force(tx, site, at, self.pack)
            free = await readings_keeping.free(tx, site, pack, at - kept)
            agents = await keeping.agents_of(tx, site)
        size, steps = free.size, self.readings_steps
        for agent, span in product(agents, free.spans):
            while (going := await self._going(site, agent, span)).heads or going.doubtful:
                if going.heads:
                    async with transaction(self.pool) as tx:
                        appender = await open_ledger(tx, site)
                        if await readings_keeping.bound_since(tx, site, size):
                            return True
                        size = 1 + await keeping.release(tx, appender, self.world, going, kept, at)
                        await close_ledger(tx, appender)
                steps -= 1
                if not steps:
                    return True
        return False

    async def _going(self, site: str, agent: str, span: keeping.Span) -> keeping.Going:
        doubtful = self._doubtful.setdefault(agent, set())
        async with transaction(self.pool) as tx:
            going = await keeping.going(tx, site, agent, span, doubtful)
        if going.doubtful:
            why = list(going.doubtful.values())
            _log.error("not removed: %s", "; ".join(why))
            async with transaction(self.pool) as tx:
                appender = await open_ledger(tx, site)
                await raise_alarm(
                    tx, appender, self.world, cause=keeping.DIFFER, place=agent, severity="critical",
                    detail={"agent": agent, "batches": len(why), "why": why[0]}, at=self.world.now(),
                    actor=keeping.ACTOR,
                )  # fmt: skip
                await close_ledger(tx, appender)
            doubtful.update(going.doubtful)
        return going

    async def _sweep(self, site: str, before: datetime) -> bool:
        """Whether more is to be removed than in so many steps."""
        for _ in range(self.readings_steps):
            async with transaction(self.pool) as tx:
                if not await keeping.sweep(tx, site):
                    await keeping.tidy(tx, before)
                    return False
        return True
