"""A site where a package was seized, brought in and placed, and stock was taken three times: one stock-take was drawn
by the log and its difference answered, one agreed with the book, one still waits for its draw.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from cloud import keys
from cloud.db.pool import open_pool, transaction
from cloud.keyroom import found_site
from cloud.media.store import open_store
from cloud.parts import Parts
from cloud.people.passwords import Passwords
from cloud.web.app import create_app
from cloud.world import World
from custody.roles import Role
from tests.cloud.api import Office
from tests.cloud.conftest import DEPLOYMENT, SITE, Clock
from tests.cloud.evidence.walk import Walk as Day
from tests.cloud.evidence.warehouse import Warehouse, made, warehouse
from tests.cloud.ledger.walked import LABEL_KEY, SEEDS
from tests.cloud.receiving import CLOUD_KEY, LOG_KEY
from wire.rule_packs import load_rule_pack


@dataclass
class Counting:
    """Those who take part in a stock-take."""

    day: Day
    store: Warehouse

    async def ask(self, role: Role, path: str, **body: Any) -> dict[str, Any]:
        self.day.clock.advance(timedelta(seconds=1))
        answer = await (await self.store.crew.person(role)).post(f"stock-takes{path}", json=body)
        assert answer.is_success, answer.text
        return dict(answer.json())

    async def count(self, role: Role, take: str, scans: dict[str, str | None]) -> None:
        at = self.day.clock.at.isoformat()
        told = [
            {"key": f"{role}-{number:04d}", "thing": thing, "slot": slot, "at": at}
            for number, (thing, slot) in enumerate(scans.items())
        ]
        if told:
            await self.ask(role, "/counts", stock_take=take, scans=told)
        await self.ask(role, "/counts/close", stock_take=take, scans=len(told))


async def count(app_url: str, owner_url: str, folder: Path) -> None:
    """Does all that in the empty migrated database."""
    async with _day(app_url, owner_url, folder) as day:
        store, slot = await _placed(day)
        counting = Counting(day, store)
        take = (await counting.ask(Role.LEADER, "", kind="random", count=5))["id"]
        await day.sign()
        assert (await store.keeper.get(f"stock-takes/{take}")).json()["state"] == "counting"
        await counting.count(Role.KEEPER, take, {store.package: slot})
        await counting.count(Role.BOOKKEEPER, take, {})
        answer = {"stock_take": take, "thing": store.package, "answer": "found", "reference": slot}
        await counting.ask(Role.APPROVER, "/differences/answer", **answer, reason="两人复看后确认在原处")
        await counting.ask(Role.LEADER, "/close", stock_take=take)
        take = (await counting.ask(Role.LEADER, "", kind="full"))["id"]
        for role in (Role.KEEPER, Role.BOOKKEEPER):
            await counting.count(role, take, {store.package: slot})
        await day.sign()
        await counting.ask(Role.LEADER, "", kind="random", count=5)


@asynccontextmanager
async def _day(app_url: str, owner_url: str, folder: Path) -> AsyncIterator[Day]:
    clock = Clock()
    world = World(now=clock.now, random=Random(7).randbytes)
    for name, seed in SEEDS.items():
        keys.write_key(folder / "keys", name, seed)
    async with open_pool(app_url) as pool, AsyncExitStack() as stack:
        async with transaction(pool) as tx:
            await found_site(
                tx, world, folder / "keys", site=SITE, name_zh="南京一号库", name_en="Nanjing One",
                deployment=DEPLOYMENT, actor="test",
            )  # fmt: skip
        parts = Parts(
            database_url=app_url, pool=pool, world=world, pack=load_rule_pack(), cloud_key=CLOUD_KEY,
            label_key=LABEL_KEY, media=open_store(str(folder / "media")),
        )  # fmt: skip
        passwords = Passwords(time_cost=1, memory_kib=64)
        yield Day(Office(create_app(parts, passwords=passwords), parts, passwords, owner_url, stack), clock, LOG_KEY)


async def _placed(day: Day) -> tuple[Warehouse, str]:
    """The package is in a slot."""
    store = await warehouse(day.office, handed_over=True)
    person = await day.office.person(Role.KEEPER)
    made(await store.keeper.post("labels", json={"thing_id": person.id}))
    permit = made(await store.keeper.post("permits", json=store.permit("in")))["id"]
    await day.pass_gate(store, "in", permit, [person.id])
    zone = made(await store.keeper.post("zones", json={"name": "A 区", "zone_class": "ordinary"}))["id"]
    slots = {"zone": zone, "slots": [{"name": "A-01-01"}, {"name": "A-01-02"}]}
    made(await store.keeper.post("slots", json=slots))
    (row,) = await day.office.rows("SELECT id FROM slot WHERE name = 'A-01-01'")
    await store.crew.do("place", store.package, by=(Role.KEEPER,), slot=row["id"])
    return store, str(row["id"])
