"""The real application on a test's own database, and people who are signed in to it."""

import itertools
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from obstore.store import MemoryStore

from cloud.db.pool import Pool, connect, transaction
from cloud.fleet.service import add_agent
from cloud.ledger.service import close_ledger, open_ledger
from cloud.parts import Parts
from cloud.people.access import COOKIE, HEADER
from cloud.people.models import Person
from cloud.people.passwords import Passwords
from cloud.people.service import add_person, open_session
from cloud.web.app import create_app
from cloud.world import World
from custody.roles import Role
from proof.keys import SigningKey
from tests.cloud.conftest import Database
from tests.cloud.recording import RECORDING, record
from wire.rule_packs import load_rule_pack

PASSWORD = "correct horse battery"
API = "/api/v1"
AGENT = "nj01.gate-a"
AGENT_KEY = SigningKey.from_seed(b"a" * 32)
CLOUD_KEY = SigningKey.from_seed(b"c" * 32)
LABEL_KEY = SigningKey.from_seed(b"l" * 32)


@dataclass
class Office:
    """The application and whoever comes to it."""

    app: FastAPI
    parts: Parts
    passwords: Passwords
    owner_url: str
    _stack: AsyncExitStack
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    async def visitor(self) -> httpx.AsyncClient:
        """Somebody who is not signed in."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url=f"http://test{API}/")
        if RECORDING:
            client.event_hooks["response"].append(record)
        return await self._stack.enter_async_context(client)

    async def person(self, *roles: Role, site: str = "nj01", username: str | None = None) -> Person:
        """A new account with PASSWORD."""
        name = username or f"person{next(self._numbers)}"
        password_hash = await self.passwords.hash(PASSWORD)
        async with transaction(self.parts.pool) as tx:
            appender = await open_ledger(tx, site)
            person = await add_person(
                tx, appender, self.parts.world,
                username=name, name=name.title(), password_hash=password_hash, roles=roles, actor="test",
            )  # fmt: skip
            await close_ledger(tx, appender)
        return person

    async def cookie(self, person: Person) -> str:
        """The secret of a new session, as after a password."""
        async with transaction(self.parts.pool) as tx:
            return await open_session(tx, self.parts.world, person, proven_at=self.parts.world.now())

    async def signed_in(self, *roles: Role, site: str = "nj01") -> httpx.AsyncClient:
        """Somebody new with `roles`, with a session and the console's header."""
        client = await self.visitor()
        client.cookies.set(COOKIE, await self.cookie(await self.person(*roles, site=site)))
        client.headers[HEADER] = "1"
        return client

    async def agent(self) -> None:
        """Makes AGENT known."""
        async with transaction(self.parts.pool) as tx:
            appender = await open_ledger(tx, "nj01")
            await add_agent(
                tx, appender, self.parts.world,
                agent=AGENT, public_key=AGENT_KEY.public, at=self.parts.world.now(), actor="test",
            )  # fmt: skip
            await close_ledger(tx, appender)

    async def execute(self, query: str, *values: Any) -> None:
        """What another process did to the database."""
        async with transaction(self.parts.pool) as tx:
            await tx.execute(query.encode(), values)

    async def as_owner(self, query: str, *values: Any) -> None:
        """What only the owner of the database can do: a preparation that the program itself is kept from."""
        async with await connect(self.owner_url) as connection:
            await connection.execute(query.encode(), values)

    async def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """What is in the database."""
        async with transaction(self.parts.pool) as tx:
            return await (await tx.execute(query.encode(), values)).fetchall()


@pytest.fixture
async def parts(database: Database, pool: Pool, world: World, site: str) -> Parts:
    return Parts(
        database_url=database.app,
        pool=pool,
        world=world,
        pack=load_rule_pack(),
        cloud_key=CLOUD_KEY,
        label_key=LABEL_KEY,
        media=MemoryStore(),
    )


@pytest.fixture
async def office(parts: Parts, database: Database) -> AsyncIterator[Office]:
    passwords = Passwords(time_cost=1, memory_kib=64)
    async with AsyncExitStack() as stack:
        yield Office(create_app(parts, passwords=passwords), parts, passwords, database.owner, stack)


def problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem that `response` is; it must have `status` and `code`, and say something to a person."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert (body["status"], body["code"]) == (status, code)
    assert body["title"]
    assert body["detail"]
    return body
