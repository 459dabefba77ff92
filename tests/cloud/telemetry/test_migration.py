"""Readings that an earlier program stored are kept, checked and shown by this one."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from benchmarks.measuring import START, Measurer
from cloud.db.embedded import APP, EmbeddedServer
from cloud.db.migrate import FOLDER, migrate, read_migrations
from cloud.db.pool import open_pool, transaction
from cloud.ledger.service import add_site
from cloud.telemetry.check import TelemetryCheck, check_telemetry
from cloud.telemetry.service import course
from cloud.world import World
from tests.cloud.conftest import DEPLOYMENT, SITE
from tests.cloud.telemetry.conftest import Store, timescale_database
from tests.cloud.telemetry.test_service import take


@pytest.fixture
def older(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A database as it was before migration 0035: the addresses of its owner and of the application's role."""
    for migration in read_migrations():
        if migration.name < "0035":
            (tmp_path / migration.name).write_bytes(migration.sql)
    if kind == "timescale":
        with timescale_database() as (owner, app):
            migrate(owner, START, tmp_path)
            yield owner, app
        return
    server: EmbeddedServer = request.getfixturevalue("server")
    server.create("older")
    migrate(server.url("older"), START, tmp_path)
    yield server.url("older"), server.url("older", APP)
    server.drop("older")


async def test_what_is_stored_before_the_migration_holds_after_it(
    older: tuple[str, str], kind: str, world: World
) -> None:
    owner, app = older
    measurer = Measurer("nj01.room")
    async with open_pool(app) as pool:
        async with transaction(pool) as tx:
            await add_site(tx, site=SITE, name_zh="库", name_en="Site", deployment=DEPLOYMENT, at=START)
        store = Store(pool, owner, world, kind == "timescale")
        await store.know(measurer)
        await take(store, measurer, measurer.tell(measurer.run(7200), at=START))
        store.gather()
        assert migrate(owner, START, FOLDER)[0] == "0035_readings_kept.sql"
        async with transaction(pool) as tx:
            assert await check_telemetry(tx, SITE) == TelemetryCheck(batches=1, readings=7200)
            seen = await course(
                tx, SITE, measurer.agent, "room.air", "temperature", START, START + timedelta(hours=2), 200
            )
    assert (seen["step"], sum(row["n"] for row in seen["points"])) == ("minute", 7200)
    with psycopg.connect(owner) as connection:
        rights = connection.execute("SELECT has_table_privilege('sealtrail_app', 'telemetry', 'DELETE')").fetchone()
    assert rights == (False,)
