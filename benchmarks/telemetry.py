"""Telemetry: readings verified, stored and receipted a second, beside a bare COPY of the same rows into a table with
the same index; and how long a chart of 30 days of one sensor at one reading a second takes, by the API's real route.

Where SEALTRAIL_TEST_TIMESCALE_URL names a server that has TimescaleDB, the same is done there; whether its commits wait
for the disk, as they do here, is up to whoever set it up.
"""

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import httpx
import psycopg
from obstore.store import MemoryStore
from psycopg.sql import SQL, Identifier
from rich.console import Console
from rich.table import Table

from benchmarks.measuring import Measurer
from cloud.db.embedded import APP, OWNER, start_embedded
from cloud.db.migrate import migrate
from cloud.db.pool import Pool, Tx, one, open_pool, transaction
from cloud.fleet.service import add_agent
from cloud.ledger.service import add_site, close_ledger, open_ledger
from cloud.parts import Parts
from cloud.people.access import COOKIE
from cloud.people.passwords import Passwords
from cloud.people.service import add_person, open_session
from cloud.readings import TOGETHER, on_readings
from cloud.telemetry.service import binary_rows
from cloud.web.app import create_app
from cloud.world import real_world
from custody.roles import Role
from proof.keys import SigningKey
from simulators.tally import percentiles
from wire.link import Message
from wire.readings import open_readings
from wire.rule_packs import load_rule_pack

URL = "SEALTRAIL_TEST_TIMESCALE_URL"
SITE, BATCH, SENSORS, DAYS, ASKED = "nj01", 5000, 10, 30, 30
LOAD_BATCHES = 100
LIMIT_A_S, LIMIT_MS = 50_000, 500.0
KEY = SigningKey.from_seed(b"b" * 32)


@dataclass(frozen=True, slots=True)
class _Figures:
    stored: float
    bare: float
    chart: dict[str, float]
    points: int


def run() -> None:
    """Print the table."""
    table = Table(title="Telemetry", title_justify="left")
    for column in ("what", "figure", "beside"):
        table.add_column(column)
    with tempfile.TemporaryDirectory(prefix="sealtrail-bench-") as folder:
        Path(folder).chmod(0o755)  # as root, PostgreSQL runs as somebody else
        server = start_embedded(Path(folder) / "postgres")
        try:
            server.create("bench")
            found = asyncio.run(_measure(server.url("bench", OWNER), server.url("bench", APP)))
        finally:
            server.stop()
    _add(table, "native partitions", found)
    if URL in os.environ:
        for owner, app in _timescale(os.environ[URL]):
            _add(table, "TimescaleDB", asyncio.run(_measure(owner, app)))
    else:
        table.add_row("TimescaleDB", "not measured", f"{URL} names no server that has it")
    Console().print(table)


def _add(table: Table, what: str, found: _Figures) -> None:
    holds = "holds" if found.stored >= LIMIT_A_S else "DOES NOT HOLD"
    table.add_row(
        f"{what}: batches of {BATCH:,} readings of {SENSORS} sensors verified, stored, receipted",
        f"{found.stored:,.0f} readings/s",
        f"limit {LIMIT_A_S:,}: {holds}; bare COPY of the same rows: {found.bare:,.0f}/s",
    )
    holds = "holds" if found.chart["p99"] <= LIMIT_MS else "DOES NOT HOLD"
    table.add_row(
        f"{what}: a chart of {DAYS} days at one a second by the API ({found.points} points)",
        f"p50 {found.chart['p50']} ms, p99 {found.chart['p99']} ms", f"limit {LIMIT_MS:g} ms: {holds}",
    )  # fmt: skip


def _timescale(server: str) -> Iterator[tuple[str, str]]:
    name, parts = f"sealtrail_bench_{os.getpid()}", urlsplit(server)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        try:
            host = parts.netloc.rpartition("@")[2]
            owner = urlunsplit(parts._replace(path=f"/{name}"))
            yield owner, urlunsplit(parts._replace(path=f"/{name}", netloc=f"{APP}@{host}"))
        finally:
            connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


async def _measure(owner: str, app: str) -> _Figures:
    migrate(owner, datetime.now(UTC))
    since = datetime.now(UTC).replace(microsecond=0) - timedelta(days=DAYS)
    load, month = Measurer(f"{SITE}.load"), Measurer(f"{SITE}.month")
    async with open_pool(app) as pool, open_pool(owner) as owners:
        await _found(pool, load, month)
        each = BATCH // SENSORS
        told = [
            load.tell(
                *(load.run(each, device=f"room.air-{n}") for n in range(SENSORS)),
                at=since + timedelta(seconds=each * number),
            )
            for number in range(LOAD_BATCHES)
        ]
        stored = await _store(pool, load, told)
        bare = await _bare(owners, load, told)
        for first in range(0, DAYS * 86400, BATCH):
            await _store(pool, month, [month.tell(month.run(BATCH), at=since + timedelta(seconds=first))])
        await _settle(owners)
        async with _reader(pool, app) as client:
            asked = {
                "agent": month.agent, "device": "room.air", "measures": "temperature", "since": since.isoformat(),
                "until": (since + timedelta(days=DAYS)).isoformat(),
            }  # fmt: skip
            times = []
            for _ in range(ASKED):
                begun = time.perf_counter()
                answer = await client.get("telemetry/course", params=asked)
                times.append((time.perf_counter() - begun) * 1000)
            points = answer.json()["points"]
    assert abs(sum(point["n"] for point in points) - DAYS * 86400) <= 3600, "the last bucket is cut by the chart's end"
    return _Figures(LOAD_BATCHES * BATCH / stored, LOAD_BATCHES * BATCH / bare, percentiles(times), len(points))


async def _found(pool: Pool, *measurers: Measurer) -> None:
    world = real_world()
    async with transaction(pool) as tx:
        await add_site(tx, site=SITE, name_zh="试验库", name_en="Bench", deployment="bench", at=world.now())
        appender = await open_ledger(tx, SITE)
        for known in measurers:
            await add_agent(
                tx, appender, world, agent=known.agent, public_key=known.key.public, at=world.now(), actor="bench"
            )  # fmt: skip
        await close_ledger(tx, appender)


async def _store(pool: Pool, measurer: Measurer, told: list[bytes]) -> float:
    """Seconds from the first batch to the last receipt, by what the worker does with what has arrived."""
    begun, receipts = time.perf_counter(), 0
    for first in range(0, len(told), TOGETHER):
        messages = [Message(measurer.topic, payload) for payload in told[first : first + TOGETHER]]
        answered = await on_readings(pool, real_world(), KEY, messages)
        receipts += sum(map(len, answered.values()))
    taken_s = time.perf_counter() - begun
    async with transaction(pool) as tx:
        query = b"SELECT count(*) AS n FROM telemetry_batch WHERE agent = %(agent)s"
        kept = await one(tx, query, agent=measurer.agent)
    assert receipts == len(told), "a batch has no receipt"
    assert kept is not None, "a count has a row"
    assert kept["n"] == measurer.number or len(told) == 1, "a batch was set aside"
    return taken_s


async def _bare(owners: Pool, measurer: Measurer, told: list[bytes]) -> float:
    """Seconds to COPY the same rows, ready in PostgreSQL's binary format, in commits of as many batches."""
    opened = [open_readings(payload, measurer.agent, lambda _: measurer.key.public) for payload in told]
    ids = {(f"room.air-{n}", "temperature"): n for n in range(SENSORS)}
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    data = [
        b"".join(binary_rows(batch, (batch.at - epoch) // timedelta(microseconds=1), ids, number))
        for number, batch in enumerate(opened)
    ]
    async with transaction(owners) as tx:
        await tx.execute(
            b"CREATE TABLE bare (series int NOT NULL, at timestamptz NOT NULL, value float8 NOT NULL, batch int8)"
        )
        await tx.execute(b"CREATE INDEX ON bare (series, at DESC)")
    begun = time.perf_counter()
    for first in range(0, len(data), TOGETHER):
        async with transaction(owners) as tx:
            for rows in data[first : first + TOGETHER]:
                async with tx.cursor() as cursor, cursor.copy(b"COPY bare FROM STDIN (FORMAT BINARY)") as copy:
                    await copy.write(rows)
    return time.perf_counter() - begun


async def _settle(owners: Pool) -> None:
    """What the database's own workers do in the course of the 30 days: statistics, and gathering by TimescaleDB."""
    async with owners.connection() as connection:
        await connection.set_autocommit(True)
        await connection.execute(b"ANALYZE")
        has = await (await connection.execute(b"SELECT FROM pg_extension WHERE extname = 'timescaledb'")).fetchone()
        for width in ("minute", "hour", "day") if has is not None else ():
            await _refresh(connection, width)
        await connection.set_autocommit(False)


async def _refresh(connection: Tx, width: str) -> None:
    while True:
        try:
            await connection.execute(f"CALL refresh_continuous_aggregate('telemetry_{width}', NULL, NULL)".encode())
            return
        except psycopg.errors.LockNotAvailable:  # the database does so by itself just now
            await asyncio.sleep(1)


@asynccontextmanager
async def _reader(pool: Pool, app: str) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who is signed in to the application."""
    world, passwords = real_world(), Passwords(time_cost=1, memory_kib=64)
    parts = Parts(
        database_url=app, pool=pool, world=world, pack=load_rule_pack(), cloud_key=KEY, label_key=KEY,
        media=MemoryStore(),
    )  # fmt: skip
    password_hash = await passwords.hash("correct horse battery")
    async with transaction(pool) as tx:
        appender = await open_ledger(tx, SITE)
        person = await add_person(
            tx, appender, world, username="operator", name="Operator", password_hash=password_hash,
            roles=(Role.OPERATOR,), actor="bench",
        )  # fmt: skip
        await close_ledger(tx, appender)
        cookie = await open_session(tx, world, person, proven_at=world.now())
    transport = httpx.ASGITransport(create_app(parts, passwords=passwords))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://bench/api/v1/", cookies={COOKIE: cookie}
    ) as client:
        yield client
