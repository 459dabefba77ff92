import asyncio
import contextlib
import json

import pytest

from cloud.db.pool import Pool, listening, transaction
from cloud.errors import ConflictError, InvalidError, NotFoundError
from cloud.ledger.checkpoints import newest_checkpoint, sign_checkpoints
from cloud.ledger.service import add_record, add_site, close_ledger, next_index, open_ledger
from cloud.world import World
from proof.chain import commit_record
from proof.checkpoint import verify_checkpoint
from proof.merkle import leaf_hash, root_of
from proof.note import NoteVerifier
from tests.cloud.conftest import DEPLOYMENT, START, Database
from tests.cloud.receiving import LOG_KEY


async def record(pool: Pool, world: World, site: str, count: int = 1) -> int:
    """Adds records and returns the index of the last."""
    async with transaction(pool) as tx:
        appender = await open_ledger(tx, site)
        for number in range(count):
            index = await add_record(
                tx, appender, kind="case_opened", at=START, actor="nj01/U-1", content={"number": number},
                salt=world.salt(), things=["nj01/C-1"],
            )  # fmt: skip
        await close_ledger(tx, appender)
    return index


async def test_indexes_go_on_from_transaction_to_transaction(pool: Pool, world: World, site: str) -> None:
    assert [await record(pool, world, site, count) for count in (1, 3, 2)] == [0, 3, 5]
    async with transaction(pool) as tx:
        appender = await open_ledger(tx, site)
    assert (appender.first, next_index(appender)) == (6, 6)


async def test_what_is_rolled_back_was_never_there(pool: Pool, world: World, site: str) -> None:
    await record(pool, world, site)
    with contextlib.suppress(NotFoundError):
        async with transaction(pool) as tx:
            appender = await open_ledger(tx, site)
            appender.add({"v": 1})
            await close_ledger(tx, appender)
            raise NotFoundError("thing", "x")
    assert await record(pool, world, site) == 1


async def test_the_entry_commits_to_who_did_what(pool: Pool, world: World, site: str) -> None:
    await record(pool, world, site)
    async with transaction(pool) as tx:
        entry = await (await tx.execute(b"SELECT entry FROM ledger_entry")).fetchone()
        row = await (await tx.execute(b"SELECT * FROM record")).fetchone()
    assert entry is not None
    assert row is not None
    commitment = commit_record({"number": 0, "actor": "nj01/U-1"}, row["salt"])
    assert json.loads(entry["entry"]) == {
        "v": 1, "type": "record", "kind": "case_opened", "at": "2026-11-22T03:00:00.000000Z", "c": commitment.hex(),
    }  # fmt: skip


async def test_the_signed_root_is_that_of_the_entries(pool: Pool, world: World, site: str) -> None:
    await record(pool, world, site, 11)
    async with transaction(pool) as tx:
        assert await sign_checkpoints(tx, world, lambda _: LOG_KEY) == 1
        assert await sign_checkpoints(tx, world, lambda _: LOG_KEY) == 0
        kept = await newest_checkpoint(tx, site)
        entries = await (await tx.execute(b"SELECT entry FROM ledger_entry ORDER BY index")).fetchall()
    assert kept is not None
    origin = f"sealtrail/{DEPLOYMENT}/{site}"
    signed = verify_checkpoint(kept["note"].encode(), NoteVerifier(origin, LOG_KEY.public))
    assert (signed.size, signed.root) == (11, root_of([leaf_hash(row["entry"].encode()) for row in entries]))


async def test_who_listens_hears_of_it_after_the_commit(
    pool: Pool, world: World, site: str, database: Database
) -> None:
    async with listening(database.app, "ledger") as connection:
        await record(pool, world, site, 2)
        async with asyncio.timeout(240):
            notice = await anext(connection.notifies())
    assert json.loads(notice.payload) == {"site": site, "size": 2}


async def test_sites_do_not_wait_for_each_other(pool: Pool, world: World, site: str) -> None:
    async with transaction(pool) as tx:
        await add_site(tx, site="sz01", name_zh="苏州", name_en="Suzhou", deployment=DEPLOYMENT, at=START)
    async with transaction(pool) as tx, asyncio.timeout(240):
        await open_ledger(tx, site)
        assert await record(pool, world, "sz01") == 0


async def test_a_site_is_founded_once_and_named_rightly(pool: Pool, site: str) -> None:
    async def found(name: str) -> None:
        async with transaction(pool) as tx:
            await add_site(tx, site=name, name_zh="一", name_en="one", deployment=DEPLOYMENT, at=START)

    with pytest.raises(ConflictError):
        await found(site)
    for bad in ("", "NJ01", "nj.01", "nj01 ", "x" * 40):
        with pytest.raises(InvalidError):
            await found(bad)


async def test_there_is_no_ledger_without_a_site(pool: Pool) -> None:
    async with transaction(pool) as tx:
        with pytest.raises(NotFoundError):
            await open_ledger(tx, "zz99")
