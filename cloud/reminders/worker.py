"""The worker's part that makes reminders, and the messages that tell of them: a look at every site each minute.

What is due stands in the tables, and what was made stands there too: a restart, or a second worker, neither misses nor
doubles any. Looking takes no lock; only what is due opens a site's ledger.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from cloud.db.pool import Pool, transaction
from cloud.ledger.service import close_ledger, open_ledger, site_ids
from cloud.reminders.making import look, make
from cloud.reminders.sending import bundle
from cloud.rules.service import pack_in_force
from cloud.world import World
from custody.reminder_rules import rules_of
from custody.rule_pack import RulePack


@dataclass(slots=True)
class Reminding:
    """Makes reminders at every site, `every` so long. `pack` are the rules that the cloud was founded with."""

    pool: Pool
    world: World
    pack: RulePack
    every: timedelta = timedelta(minutes=1)

    async def run(self) -> None:
        """Looks again and again until it is cancelled. Raises DatabaseGoneError."""
        while True:
            await self.look()
            await asyncio.sleep(self.every.total_seconds())

    async def look(self) -> int:
        """One look at every site; returns how many entries it took."""
        async with transaction(self.pool) as tx:
            sites = sorted(await site_ids(tx))
        return sum([await self._site(site) for site in sites])

    async def _site(self, site: str) -> int:
        now, made = self.world.now(), 0
        async with transaction(self.pool) as tx:
            pack = await pack_in_force(tx, site, now, self.pack)
            due = await look(tx, site, pack, now)
        if due:
            async with transaction(self.pool) as tx:
                appender = await open_ledger(tx, site)
                made = await make(tx, appender, self.world, pack, now)
                await close_ledger(tx, appender)
        rules = rules_of(pack)
        if rules is not None:
            async with transaction(self.pool) as tx:
                await bundle(tx, rules, site, now)
        return made
