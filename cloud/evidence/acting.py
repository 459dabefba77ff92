"""An act in progress: who does what when, in which transaction, under which rules."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cloud.db.pool import Tx, transaction
from cloud.evidence.sent_packs import Sender
from cloud.fleet.service import push_order
from cloud.ledger.service import Appender, add_record, close_ledger, next_index, open_ledger
from cloud.parts import Parts
from cloud.people.models import Person
from cloud.rules.service import pack_in_force
from cloud.world import World
from custody.rule_pack import RulePack
from proof.keys import Signer
from wire.kinds import OrderKind


@dataclass(frozen=True, slots=True)
class Acting:
    """`person` acts at `at`, at their own site, whose ledger is open.

    `pack` is in force now; `cloud_key` signs permits and orders.
    """

    tx: Tx
    appender: Appender
    world: World
    pack: RulePack
    cloud_key: Signer
    person: Person
    at: datetime

    @property
    def site(self) -> str:
        """The site it happens at."""
        return self.appender.site

    @property
    def next_index(self) -> int:
        """Index of the entry that the next record will be."""
        return next_index(self.appender)

    def new_id(self, prefix: str) -> str:
        """A new id of the site."""
        return self.world.new_id(self.site, prefix)

    async def record(self, kind: str, content: Mapping[str, Any], things: Iterable[str]) -> int:
        """Records the act, about `things`; returns its entry."""
        return await add_record(
            self.tx,
            self.appender,
            kind=kind,
            at=self.at,
            actor=self.person.id,
            content=content,
            salt=self.world.salt(),
            things=list(dict.fromkeys(things)),
        )

    @property
    def sender(self) -> Sender:
        """What sending rule packs from here needs."""
        return Sender(self.tx, self.world, self.cloud_key, self.site, self.at)

    async def order(self, agent: str, kind: OrderKind, body: Mapping[str, Any]) -> str:
        """Puts an order for `agent` in its way; returns its id."""
        return await push_order(
            self.tx, self.world, self.cloud_key, agent=agent, kind=kind.value, body=body, at=self.at
        )


@asynccontextmanager
async def acting(parts: Parts, person: Person, site: str | None = None) -> AsyncIterator[Acting]:
    """One transaction in which `person` acts, the ledger of their site open; committed when the block ends well.

    `site` is another than theirs only for what crosses units: whoever asks for that has looked whether it may.
    """
    async with transaction(parts.pool) as tx:
        appender, at = await open_ledger(tx, site or person.site), parts.world.now()
        pack = await pack_in_force(tx, appender.site, at, parts.pack)
        yield Acting(tx, appender, parts.world, pack, parts.cloud_key, person, at)
        await close_ledger(tx, appender)
