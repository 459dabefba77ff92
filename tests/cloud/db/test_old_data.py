"""A ledger that an earlier program wrote goes on under this one: migrated, verified, cases under their old rules."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from cloud.alarms.service import raise_alarm
from cloud.db.embedded import APP, EmbeddedServer
from cloud.db.migrate import FOLDER, migrate, read_migrations
from cloud.db.pool import Pool, open_pool, transaction
from cloud.evidence.unplaced import end_unplaced
from cloud.ledger.check import LedgerCheck, verify_site
from cloud.ledger.derived import Derived
from cloud.ledger.service import close_ledger, open_ledger
from cloud.ledger.walk import Trust, Walk
from cloud.world import World
from proof.keys import SigningKey
from tests.cloud.api import CLOUD_KEY, LABEL_KEY
from tests.cloud.conftest import START

DUMP = Path(__file__).parents[2] / "assets" / "ledger_0004.dump"
"""A package that was sealed, went in, out, came back and was held, as the program before migration 0005 wrote it."""
LOG_KEY = SigningKey.from_seed(b"o" * 32)


@pytest.fixture
def old(server: EmbeddedServer, tmp_path: Path) -> Iterator[str]:
    server.create("old")
    for migration in read_migrations()[:4]:
        (tmp_path / migration.name).write_bytes(migration.sql)
    migrate(server.url("old"), START, tmp_path)
    lines = [line for line in DUMP.read_text("utf-8").splitlines() if not line.startswith("\\")]
    with psycopg.connect(server.url("old"), autocommit=True) as owner:
        owner.execute("\n".join(lines).encode())
    yield "old"
    server.drop("old")


async def verified(pool: Pool) -> LedgerCheck:
    trust = Trust(LOG_KEY.public, (LABEL_KEY.public,), (CLOUD_KEY.public,))
    async with transaction(pool) as tx:
        walk = Walk("nj01", Derived("nj01"))
        return await verify_site(tx, trust, walk, read_still=None, on_progress=lambda *_: None, save=lambda _: None)


async def test_an_old_ledger_is_migrated_and_still_verifies(server: EmbeddedServer, old: str) -> None:
    assert migrate(server.url(old), START, FOLDER)[0].startswith("0005")
    async with open_pool(server.url(old, APP)) as pool:
        found = await verified(pool)
    assert found.ok, (found.fault, found.row, found.detail)
    assert found.entries > 30
    with psycopg.connect(server.url(old)) as owner:
        steps = owner.execute("SELECT count(*) FROM rule_step").fetchone()
        hands = owner.execute("SELECT action FROM thing_hand ORDER BY action").fetchall()
        unsought = owner.execute(
            "SELECT id FROM item UNION SELECT id FROM package UNION SELECT id FROM evidence_case UNION"
            " SELECT id FROM person UNION SELECT id FROM agent UNION SELECT id FROM permit UNION"
            " SELECT site || '/A-' || index FROM alarm EXCEPT SELECT thing FROM search_entry"
        ).fetchall()
        sought = owner.execute("SELECT i.name, e.fields ->> 'name' FROM item i JOIN search_entry e ON e.thing = i.id")
        names = sought.fetchall()
    assert unsought == []
    assert names
    assert all(name == found for name, found in names)
    assert steps == (7,)
    assert {action for (action,) in hands} == {"register", "seal"}


async def test_an_old_ledgers_living_alarm_about_a_device_without_its_agent_is_ended(
    server: EmbeddedServer, old: str, world: World
) -> None:
    migrate(server.url(old), START, FOLDER)
    async with open_pool(server.url(old, APP)) as pool:
        detail = {"agent": "nj01.gate-a", "seq": 1, "entry": 1, "body": {}}
        for step in ("raised as before", "ended by the worker"):
            async with transaction(pool) as tx:
                appender = await open_ledger(tx, "nj01")
                if step == "raised as before":
                    await raise_alarm(
                        tx, appender, world, cause="device_lost", place="gate.camera", severity="major", detail=detail,
                        at=START,
                    )  # fmt: skip
                else:
                    await end_unplaced(tx, appender, world, START)
                await close_ledger(tx, appender)
        async with transaction(pool) as tx:
            living = await (await tx.execute(
                b"SELECT place FROM alarm WHERE cause = 'device_lost' AND cleared_at IS NULL"
            )).fetchall()  # fmt: skip
        found = await verified(pool)
    assert [row["place"] for row in living] == ["nj01.gate-a:gate.camera"]
    assert found.ok, (found.fault, found.row, found.detail)
