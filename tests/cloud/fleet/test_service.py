import asyncio

import pytest

from cloud.db.pool import Pool, listening, transaction
from cloud.errors import ConflictError, InvalidError
from cloud.fleet.service import add_agent, agents, keys_of, open_orders, push_order
from cloud.ledger.service import close_ledger, open_ledger
from cloud.world import World
from proof import jws
from proof.keys import SigningKey
from tests.cloud.conftest import START, Database
from tests.cloud.receiving import CLOUD_KEY
from wire.messages import ORDER_TYPE

KEY = SigningKey.from_seed(b"k" * 32)


async def add(pool: Pool, world: World, agent: str) -> int:
    async with transaction(pool) as tx:
        appender = await open_ledger(tx, "nj01")
        index = await add_agent(tx, appender, world, agent=agent, public_key=KEY.public, at=START, actor="test")
        await close_ledger(tx, appender)
    return index


async def test_an_agent_is_known_once_by_its_key_and_recorded(pool: Pool, world: World, site: str) -> None:
    assert await add(pool, world, "nj01.gate-a") == 0
    with pytest.raises(ConflictError):
        await add(pool, world, "nj01.gate-a")
    async with transaction(pool) as tx:
        keys = await keys_of(tx, ["nj01.gate-a", "nj01.gate-b"])
        (row,) = await agents(tx, site)
        assert await agents(tx, "zz99") == []
    assert keys == {"nj01.gate-a": {KEY.public.kid: KEY.public}}
    assert (row["id"], row["online"], row["seen_at"], row["next_seq"]) == ("nj01.gate-a", False, None, 1)


@pytest.mark.parametrize("agent", ["gate-a", "nj01.", "zz99.gate-a", "nj01.Gate", "nj01.a.b"])
async def test_an_agent_is_named_after_its_site(pool: Pool, world: World, site: str, agent: str) -> None:
    with pytest.raises(InvalidError):
        await add(pool, world, agent)


async def test_an_order_is_signed_open_and_told_to_who_listens(
    pool: Pool, world: World, site: str, database: Database
) -> None:
    await add(pool, world, "nj01.gate-a")
    async with listening(database.app, "orders") as connection:
        async with transaction(pool) as tx:
            name = await push_order(
                tx, world, CLOUD_KEY, agent="nj01.gate-a", kind="resend", body={"from": 7}, at=START
            )
        async with asyncio.timeout(240):
            assert (await anext(connection.notifies())).payload == "nj01.gate-a"
    async with transaction(pool) as tx:
        (order,) = await open_orders(tx, "nj01.gate-a")
        assert await open_orders(tx) == [order]
        assert await open_orders(tx, "nj01.gate-b") == []
    said = jws.verify(order["jws"], lambda _: CLOUD_KEY.public, ORDER_TYPE)
    assert said == {
        "v": 1, "id": name, "agent": "nj01.gate-a", "kind": "resend", "at": "2026-11-22T03:00:00.000000Z",
        "body": {"from": 7},
    }  # fmt: skip
