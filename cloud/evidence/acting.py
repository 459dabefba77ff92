"""An act in progress: who does what when, in which transaction, and the steps that things may take by it."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cloud.db.pool import Row, Tx, rows, transaction
from cloud.db.queries import load_queries
from cloud.errors import NotFoundError
from cloud.evidence.judgement import pack_named
from cloud.fleet.service import push_order
from cloud.ledger.service import Appender, add_record, close_ledger, next_index, open_ledger
from cloud.parts import Parts
from cloud.people.models import Person
from cloud.world import World
from custody.decisions import Refused
from custody.rule_pack import RulePack, Transition
from custody.things import Action, State
from proof.keys import Signer
from wire.messages import OrderKind

_sql = load_queries(__file__)


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

    async def order(self, agent: str, kind: OrderKind, body: Mapping[str, Any]) -> str:
        """Puts an order for `agent` in its way; returns its id."""
        return await push_order(
            self.tx, self.world, self.cloud_key, agent=agent, kind=kind.value, body=body, at=self.at
        )


@asynccontextmanager
async def acting(parts: Parts, person: Person) -> AsyncIterator[Acting]:
    """One transaction in which `person` acts, the ledger of their site open; committed when the block ends well."""
    async with transaction(parts.pool) as tx:
        appender = await open_ledger(tx, person.site)
        yield Acting(tx, appender, parts.world, parts.pack, parts.cloud_key, person, parts.world.now())
        await close_ledger(tx, appender)


async def things_of(tx: Tx, site: str, things: Sequence[str]) -> list[Row]:
    """Rows of id, kind, state, case_id, rule_pack, issue and held, in the order asked for, each thing once.

    Raises NotFoundError when one is no item or package of `site`.
    """
    found = {row["id"]: row for row in await rows(tx, _sql.things, site=site, things=list(things))}
    for thing in things:
        if thing not in found:
            raise NotFoundError("item or package", thing)
    return [found[thing] for thing in dict.fromkeys(things)]


async def steps(act: Acting, things: Sequence[Row], action: Action) -> list[Transition] | Refused:
    """The step of each of `things` under the rules of its case, or the first refusal."""
    taken = []
    for thing in things:
        pack = await pack_named(act.tx, thing["rule_pack"]) or act.pack
        step = pack.step(thing["id"], State(thing["state"]), action)
        if isinstance(step, Refused):
            return step
        taken.append(step)
    return taken


async def move(act: Acting, things: Sequence[Row], taken: Sequence[Transition]) -> list[str]:
    """Puts `things` where their steps lead, as of the next entry; returns all that moved.

    With a package go the items in it that are where it is.
    """
    moved: list[str] = []
    for thing, step in zip(things, taken, strict=True):
        values = {"state": step.to_state.value, "index": act.next_index}
        items = [thing["id"]] if thing["kind"] == "item" else []
        if not items:
            inside = await rows(act.tx, _sql.items_in, package=thing["id"])
            items = [item["id"] for item in inside if item["state"] == thing["state"]]
            await act.tx.execute(_sql.move_package, {**values, "thing": thing["id"]})
            moved.append(thing["id"])
        await act.tx.execute(_sql.move_items, {**values, "things": items})
        moved += items
    return list(dict.fromkeys(moved))
