"""Two stock-takes on a site that was worked at for a day: one drawn by the log, with a difference that was answered."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

import httpx
from obstore.store import MemoryStore

from cloud.db.pool import Pool, open_pool, transaction
from cloud.ledger.checkpoints import sign_checkpoints
from cloud.parts import Parts
from cloud.people.access import COOKIE, HEADER
from cloud.people.passwords import Passwords
from cloud.web.app import create_app
from cloud.world import World
from custody.roles import Role
from tests.cloud.api import Office
from tests.cloud.conftest import START
from tests.cloud.ledger.walked import LABEL_KEY
from tests.cloud.receiving import CLOUD_KEY, LOG_KEY
from wire.rule_packs import load_rule_pack


@dataclass
class Counting:
    """Those who take part; `now` moves on with every request."""

    office: Office
    clients: dict[Role, httpx.AsyncClient]
    tick: Callable[[], None]

    async def ask(self, role: Role, path: str, **body: Any) -> dict[str, Any]:
        self.tick()
        answer = await self.clients[role].post(f"stock-takes{path}", json=body)
        assert answer.is_success, answer.text
        return dict(answer.json())

    async def see(self, path: str) -> dict[str, Any]:
        answer = await self.clients[Role.LEADER].get(f"stock-takes{path}")
        assert answer.is_success, answer.text
        return dict(answer.json())

    async def sign(self) -> None:
        async with transaction(self.office.parts.pool) as tx:
            await sign_checkpoints(tx, self.office.parts.world, lambda _: LOG_KEY)

    async def count(self, role: Role, take: str, scans: dict[str, str | None]) -> None:
        at = self.office.parts.world.now().isoformat()
        told = [
            {"key": f"{role}-{number:04d}", "thing": thing, "slot": slot, "at": at}
            for number, (thing, slot) in enumerate(scans.items())
        ]
        if told:
            await self.ask(role, "/counts", stock_take=take, scans=told)
        await self.ask(role, "/counts/close", stock_take=take, scans=len(told))


async def count(app_url: str) -> None:
    """Takes stock twice in the walked database at `app_url`, and signs the log."""
    async with open_pool(app_url) as pool, AsyncExitStack() as stack:
        counting = await _people(app_url, pool, stack)
        take = (await counting.ask(Role.LEADER, "", kind="random", count=1))["id"]
        await counting.sign()
        await counting.see(f"/{take}")
        (drawn,) = await counting.office.rows(
            "SELECT thing, slot FROM stock_take_line WHERE stock_take = %s AND drawn", take
        )
        await counting.count(Role.KEEPER, take, {drawn["thing"]: drawn["slot"]})
        await counting.count(Role.BOOKKEEPER, take, {})
        answer = {"stock_take": take, "thing": drawn["thing"], "answer": "found", "reference": drawn["slot"]}
        await counting.ask(Role.APPROVER, "/differences/answer", **answer, reason="两人复看后确认在原处")
        await counting.ask(Role.LEADER, "/close", stock_take=take)
        take = (await counting.ask(Role.LEADER, "", kind="full"))["id"]
        lines = await counting.office.rows("SELECT thing, slot FROM stock_take_line WHERE stock_take = %s", take)
        for role in (Role.KEEPER, Role.BOOKKEEPER):
            await counting.count(role, take, {line["thing"]: line["slot"] for line in lines})
        await counting.ask(Role.LEADER, "", kind="random", count=1)
        await counting.sign()


async def _people(app_url: str, pool: Pool, stack: AsyncExitStack) -> Counting:
    now = START + timedelta(days=1)

    def tick() -> None:
        nonlocal now
        now += timedelta(seconds=1)

    parts = Parts(
        database_url=app_url, pool=pool, world=World(now=lambda: now, random=Random(8).randbytes),
        pack=load_rule_pack(), cloud_key=CLOUD_KEY, label_key=LABEL_KEY, media=MemoryStore(),
    )  # fmt: skip
    passwords = Passwords(time_cost=1, memory_kib=64)
    office = Office(create_app(parts, passwords=passwords), parts, passwords, stack)
    clients = {}
    for role in (Role.LEADER, Role.APPROVER, Role.KEEPER, Role.BOOKKEEPER):
        client = await office.visitor()
        client.cookies.set(COOKIE, await office.cookie(await office.person(role, username=f"count-{role}")))
        client.headers[HEADER] = "1"
        clients[role] = client
    return Counting(office, clients, tick)
