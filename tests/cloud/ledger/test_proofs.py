import random

import psycopg
import pytest

from benchmarks.telling import Teller
from cloud.db.pool import Pool, transaction
from cloud.errors import BrokenRecordsError, NotFoundError
from cloud.ledger.proofs import consistency, inclusion, tlog_proof
from cloud.ledger.service import close_ledger, open_ledger
from cloud.world import World
from proof.errors import TreeError
from proof.merkle import leaf_hash, root_of, verify_consistency, verify_inclusion
from proof.note import NoteVerifier
from proof.policy import parse_policy
from proof.statement import Statement
from tests.cloud.conftest import DEPLOYMENT, Database
from tests.cloud.receiving import LOG_KEY, Receiving


async def fill(pool: Pool, site: str, count: int, first: int = 0) -> list[bytes]:
    """Adds `count` small entries; returns their leaf hashes."""
    async with transaction(pool) as tx:
        appender = await open_ledger(tx, site)
        for number in range(first, first + count):
            appender.add({"v": 1, "n": number})
        leaves = [leaf_hash(entry.encode()) for entry in appender.entries]
        await close_ledger(tx, appender)
    return leaves


async def test_proofs_from_kept_tiles_hold_however_the_log_grew(pool: Pool, site: str) -> None:
    chance, leaves = random.Random(3), list[bytes]()
    while len(leaves) < 70_000:
        leaves += await fill(pool, site, chance.choice([1, 2, 200, 256, 700, 20_000]), len(leaves))
    async with transaction(pool) as tx:
        for _ in range(20):
            size = chance.randrange(2, len(leaves) + 1)
            index, old = chance.randrange(size), chance.randrange(1, size)
            root = root_of(leaves[:size])
            verify_inclusion(leaves[index], index, size, await inclusion(tx, site, index, size), root)
            verify_consistency(old, root_of(leaves[:old]), size, root, await consistency(tx, site, old, size))


async def test_a_ledger_older_than_its_tiles_gets_them_when_they_are_needed(
    pool: Pool, site: str, database: Database
) -> None:
    leaves = await fill(pool, site, 1000)
    for need in ("proof", "append"):
        with psycopg.connect(database.owner) as owner:
            owner.execute("DELETE FROM ledger_tile")
        if need == "append":
            leaves += await fill(pool, site, 30, 1000)
        async with transaction(pool) as tx:
            path = await inclusion(tx, site, 7, len(leaves))
        verify_inclusion(leaves[7], 7, len(leaves), path, root_of(leaves))


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM ledger_tile WHERE n = 3 AND level = 0",
        "UPDATE ledger_tile SET hashes = hashes || hashes WHERE n = 3 AND level = 0",
    ],
)
async def test_tiles_that_were_touched_are_not_grown(pool: Pool, site: str, database: Database, change: str) -> None:
    await fill(pool, site, 3 * 256 + 5)
    with psycopg.connect(database.owner) as owner:
        owner.execute(change.encode())
    with pytest.raises(BrokenRecordsError):
        await fill(pool, site, 1, 1)


async def test_an_entry_is_proved_under_the_newest_checkpoint(pool: Pool, world: World, site: str) -> None:
    receiving = Receiving(pool, world, site)
    async with transaction(pool) as tx:
        with pytest.raises(NotFoundError):
            await tlog_proof(tx, site, 0)
    await fill(pool, site, 300)
    await receiving.check()
    await fill(pool, site, 1, 300)
    async with transaction(pool) as tx:
        proof = await tlog_proof(tx, site, 299)
        with pytest.raises(TreeError):
            await tlog_proof(tx, site, 300)
    log = NoteVerifier(f"sealtrail/{DEPLOYMENT}/{site}", LOG_KEY.public)
    judged = proof.verify(b'{"n":299,"v":1}', parse_policy(f"log {log.vkey}\nquorum none\n".encode()))
    assert judged.checkpoint.size == 300


async def test_what_an_agent_signed_is_kept_whole(pool: Pool, world: World, site: str) -> None:
    receiving, teller = Receiving(pool, world, site), Teller("nj01.gate-a")
    await receiving.know(teller)
    teller.chatter(10)
    await receiving.take(teller, teller.batch(1, 4))
    await receiving.take(teller, teller.batch(1, 4), teller.batch(3, 10), teller.batch(9, 10))
    kept = await receiving.rows("SELECT first, last, jws FROM statement ORDER BY first")
    assert [(row["first"], row["last"]) for row in kept] == [(1, 4), (3, 10)]
    for row in kept:
        statement = Statement.verify(row["jws"], lambda kid: teller.key.public)
        assert statement.head == teller.heads[row["last"]].hex()
