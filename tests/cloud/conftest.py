"""A real PostgreSQL for every test: one server and one migrated template a run, a clone of it for each test."""

import itertools
import random
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from cloud.db.embedded import APP, OWNER, EmbeddedServer, start_embedded
from cloud.db.migrate import migrate
from cloud.db.pool import Pool, open_pool, transaction
from cloud.ledger.service import add_site
from cloud.world import World

START = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
SITE = "nj01"
DEPLOYMENT = "test"
ROOM_BYTES = 4 << 30
"""What a server of this run needs at the most, with a good deal to spare."""


@dataclass(frozen=True)
class Database:
    """One test's own database: `owner` migrates, `app` is what the processes connect with."""

    name: str
    owner: str
    app: str


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    at: datetime = START

    def now(self) -> datetime:
        return self.at

    def advance(self, by: timedelta) -> None:
        self.at += by


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedServer]:
    # Not under pytest's own folder: as root PostgreSQL runs as somebody else, and every pytest that starts shuts that
    # folder to others.
    folder = Path(tempfile.mkdtemp(prefix="sealtrail-postgres-", dir=_in_memory()))
    started = start_embedded(folder / "data")
    with psycopg.connect(started.url("postgres"), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")  # no test pulls the plug of the whole machine
        connection.execute("SELECT pg_reload_conf()")
    yield started
    started.stop()
    shutil.rmtree(folder)


def _in_memory() -> str | None:
    """A folder in memory where there is room for one: a clone is hundreds of files, ten times slower on a disk."""
    shared = Path("/dev/shm")  # noqa: S108 -- mkdtemp makes a folder of our own in it
    return str(shared) if shared.is_dir() and shutil.disk_usage(shared).free >= ROOM_BYTES else None


@pytest.fixture(scope="session")
def template(server: EmbeddedServer) -> str:
    server.create("template_sealtrail")
    migrate(server.url("template_sealtrail"), START)
    return "template_sealtrail"


@pytest.fixture(scope="session")
def new_name() -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: f"test_{next(numbers)}"


@pytest.fixture
def database(server: EmbeddedServer, template: str, new_name: Callable[[], str]) -> Iterator[Database]:
    name = new_name()
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        clone = SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")  # half the time of copying through the log
        connection.execute(clone.format(Identifier(name), Identifier(template)))
    yield Database(name, server.url(name, OWNER), server.url(name, APP))
    server.drop(name)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def world(clock: Clock) -> World:
    return World(now=clock.now, random=random.Random(7).randbytes)


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[Pool]:
    """Connections of the application's role."""
    async with open_pool(database.app) as opened:
        yield opened


@pytest.fixture
async def site(pool: Pool, clock: Clock) -> str:
    """The site nj01, founded, with an empty ledger."""
    async with transaction(pool) as tx:
        await add_site(tx, site=SITE, name_zh="南京一号库", name_en="Nanjing One", deployment=DEPLOYMENT, at=clock.at)
    return SITE
