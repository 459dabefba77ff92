"""An auditor with the database finds out every change made behind the program's back."""

import json

import psycopg
import pytest

from benchmarks.telling import Teller
from cloud.db.pool import Pool, transaction
from cloud.errors import NotFoundError
from cloud.ledger.check import check_site, verify_site
from cloud.ledger.derived import Derived
from cloud.ledger.service import add_record, close_ledger, open_ledger
from cloud.ledger.walk import Trust, Walk
from cloud.world import World
from proof.canonical import canonical
from proof.chain import commit_record
from proof.keys import SigningKey
from proof.merkle import Frontier, leaf_hash
from tests.cloud.conftest import Database
from tests.cloud.receiving import LOG_KEY, Receiving


@pytest.fixture
async def receiving(pool: Pool, world: World, site: str) -> Receiving:
    """Two agents with facts, records between them, a checkpoint in the middle and one at the end."""
    made = Receiving(pool, world, site)
    one, two = Teller("nj01.gate-a"), Teller("nj01.gate-b")
    await made.know(one)
    one.chatter(30)
    await made.take(one, one.batch(1, 20))
    await made.check()
    await made.know(two)
    two.chatter(10)
    await made.take(two, two.batch(1, 10))
    await made.take(one, one.batch(21, 30), b"noise")
    return made


async def test_a_ledger_that_was_left_alone_holds(receiving: Receiving) -> None:
    found = await receiving.check()
    assert (found.ok, found.fault, found.facts, found.agents) == (True, None, 40, 2)
    assert (found.records, found.entries, found.checkpoint) == (6, 46, 46)


TRICKS = {
    "fact content": ("commitment_differs", "UPDATE fact SET content = replace(content, 'open', 'shut') WHERE seq = 2"),
    "fact salt": ("commitment_differs", "UPDATE fact SET salt = '\\x00' WHERE seq = 5"),
    "fact moved": ("fact_missing", "UPDATE fact SET index = 1000 WHERE seq = 7 AND agent = 'nj01.gate-a'"),
    "fact gone": ("fact_missing", "DELETE FROM fact WHERE seq = 9"),
    "fact renamed": ("fact_differs", "UPDATE fact SET kind = 'heartbeat' WHERE seq = 9"),
    "record content": ("commitment_differs", "UPDATE record SET content = replace(content, 'gate-a', 'gate-c')"),
    "record respelt": ("record_differs", "UPDATE record SET content = replace(content, ':', ': ')"),
    "record actor": ("record_differs", "UPDATE record SET actor = 'nobody'"),
    "record gone": ("record_missing", "DELETE FROM record WHERE kind = 'alarm_raised'"),
    "record added": (
        "without_entry",
        "INSERT INTO record SELECT site, 5000, kind, at, actor, salt, content FROM record LIMIT 1",
    ),
    "entry changed": (
        "entry_differs",
        "UPDATE ledger_entry SET entry = replace(entry, '03:00', '04:00') WHERE index = 3",
    ),
    "entry not ours": ("entry_differs", "UPDATE ledger_entry SET entry = '{}' WHERE index = 3"),
    "entry gone": ("entry_missing", "DELETE FROM ledger_entry WHERE index = 3"),
    "first entry gone": ("entry_missing", "DELETE FROM ledger_entry WHERE index = 0"),
    "end cut off": ("size_differs", "DELETE FROM ledger_entry WHERE index = 45"),
    "chain rewritten": (
        "entry_differs",
        'UPDATE ledger_entry SET entry = regexp_replace(entry, \'"h":"..\', \'"h":"zz\') WHERE index = 3',
    ),
    "stream set back": ("stream_differs", "UPDATE agent_stream SET next_seq = 5 WHERE agent = 'nj01.gate-b'"),
    "head set back": ("size_differs", "UPDATE ledger_head SET size = 40"),
    "checkpoint forged": ("checkpoint_not_genuine", "UPDATE checkpoint SET note = replace(note, '46', '45')"),
    "checkpoint of another size": (
        "checkpoint_differs",
        "DELETE FROM checkpoint WHERE size < 46; UPDATE checkpoint SET size = 45",
    ),
    "never signed": ("no_checkpoint", "DELETE FROM checkpoint"),
}


@pytest.mark.parametrize("trick", TRICKS)
async def test_what_was_changed_behind_its_back_is_found(receiving: Receiving, database: Database, trick: str) -> None:
    fault, statement = TRICKS[trick]
    assert (await receiving.check()).ok
    with psycopg.connect(database.owner) as owner:
        owner.execute("SET session_replication_role = replica")  # a superuser who knows how to switch triggers off
        owner.execute(statement.encode())
    found = await receiving.check_as_it_is()
    assert (found.ok, found.fault) == (False, fault)


async def test_a_history_written_anew_as_a_whole_does_not_fit_what_was_signed(
    receiving: Receiving, database: Database
) -> None:
    """Record, entry, tiles and head agree with one another; only the checkpoint that is out in the world does not."""
    assert (await receiving.check()).ok
    rows = await receiving.rows("SELECT entry FROM ledger_entry ORDER BY index")
    record = (await receiving.rows("SELECT index, salt, content FROM record ORDER BY index DESC"))[0]
    index = record["index"]
    content = json.loads(record["content"]) | {"cause": "gap"}
    entries = [row["entry"] for row in rows]
    entries[index] = canonical(
        json.loads(entries[index]) | {"c": commit_record(content, record["salt"]).hex()}
    ).decode()
    leaves = [leaf_hash(entry.encode()) for entry in entries]
    nodes = Frontier().append(leaves).nodes
    with psycopg.connect(database.owner) as owner:
        owner.execute("SET session_replication_role = replica")
        owner.execute("UPDATE ledger_entry SET entry = %s WHERE index = %s", [entries[index], index])
        owner.execute("UPDATE record SET content = %s WHERE index = %s", [canonical(content).decode(), index])
        owner.execute("UPDATE ledger_head SET frontier = %s", [list(nodes)])
        owner.execute("UPDATE ledger_tile SET hashes = %s WHERE level = 0", [b"".join(leaves)])
    assert (await receiving.check_as_it_is()).fault == "checkpoint_differs"


async def test_another_key_signed(receiving: Receiving) -> None:
    await receiving.check()
    async with transaction(receiving.pool) as tx:
        found = await check_site(tx, "nj01", SigningKey.from_seed(b"o" * 32).public)
    assert found.fault == "checkpoint_not_genuine"


async def test_a_record_that_is_none_of_ours_is_told_and_ends_nothing(pool: Pool, world: World, site: str) -> None:
    async with transaction(pool) as tx:
        appender = await open_ledger(tx, site)
        await add_record(tx, appender, kind="hold_placed", at=world.now(), actor="x", content={}, salt=world.salt())
        await close_ledger(tx, appender)
    async with transaction(pool) as tx:
        found = await verify_site(
            tx, Trust(LOG_KEY.public), Walk(site, Derived(site)), read_still=None, on_progress=lambda *_: None,
            save=lambda _: None,
        )  # fmt: skip
    assert (found.fault, found.index) == ("entry_unreadable", 0)


async def test_no_such_site(pool: Pool) -> None:
    async with transaction(pool) as tx:
        with pytest.raises(NotFoundError):
            await check_site(tx, "zz99", LOG_KEY.public)
