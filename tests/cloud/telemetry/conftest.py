"""The same tests on native partitions, and on TimescaleDB where SEALTRAIL_TEST_TIMESCALE_URL names a server with it."""

import itertools
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from benchmarks.measuring import Measurer
from cloud.db.embedded import APP
from cloud.db.migrate import migrate
from cloud.db.pool import Pool, open_pool, transaction
from cloud.fleet.service import add_agent
from cloud.ledger.service import add_site, close_ledger, open_ledger
from cloud.world import World
from tests.cloud.api import office, parts
from tests.cloud.conftest import DEPLOYMENT, SITE, START, Clock, Database

__all__ = ["office", "parts"]
"""Fixtures of another file, by which pytest finds them."""

URL = "SEALTRAIL_TEST_TIMESCALE_URL"
_numbers = itertools.count(1)


@dataclass
class Store:
    """A database with telemetry: `pool` as the application has it, `owner` the address of its owner."""

    pool: Pool
    owner: str
    world: World
    timescale: bool

    async def know(self, *measurers: Measurer) -> None:
        """Makes them known agents."""
        async with transaction(self.pool) as tx:
            appender = await open_ledger(tx, SITE)
            for one in measurers:
                await add_agent(
                    tx, appender, self.world, agent=one.agent, public_key=one.key.public, at=self.world.now(),
                    actor="test",
                )  # fmt: skip
            await close_ledger(tx, appender)

    def as_owner(self, statement: str) -> list[tuple[object, ...]]:
        """What the owner of the schema is answered."""
        with psycopg.connect(self.owner, autocommit=True, options="-c timezone=UTC") as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def gather(self) -> None:
        """What a worker of TimescaleDB does every minute; without it nothing is left to do."""
        if self.timescale:
            for width in ("minute", "hour", "day"):
                self.as_owner(f"CALL refresh_continuous_aggregate('telemetry_{width}', NULL, NULL)")


@pytest.fixture(params=["native", pytest.param("timescale", marks=pytest.mark.timescale)])
def kind(request: pytest.FixtureRequest) -> str:
    if request.param == "timescale" and URL not in os.environ:
        pytest.skip(f"{URL} names no server that has TimescaleDB")
    return str(request.param)


@contextmanager
def timescale_database() -> Iterator[tuple[str, str]]:
    """An empty database of the server that has TimescaleDB: as its owner, and as the application's role."""
    server, name = os.environ[URL], f"sealtrail_test_{os.getpid()}_{next(_numbers)}"
    address = urlsplit(server)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        host = address.netloc.rpartition("@")[2]
        owner = urlunsplit(address._replace(path=f"/{name}"))
        yield owner, urlunsplit(address._replace(path=f"/{name}", netloc=f"{APP}@{host}"))
        connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


@pytest.fixture
def urls(kind: str, request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """Addresses of the owner and of the application's role."""
    if kind == "native":
        database: Database = request.getfixturevalue("database")
        yield database.owner, database.app
        return
    with timescale_database() as (owner, app):
        migrate(owner, START)
        yield owner, app


@pytest.fixture
async def store(kind: str, urls: tuple[str, str], world: World, clock: Clock) -> AsyncIterator[Store]:
    owner, app = urls
    async with open_pool(app) as pool:
        async with transaction(pool) as tx:
            await add_site(tx, site=SITE, name_zh="南京一号库", name_en="Nanjing", deployment=DEPLOYMENT, at=clock.at)
        yield Store(pool, owner, world, kind == "timescale")
