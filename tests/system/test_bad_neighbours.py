"""Bad neighbours on the wire, with a real broker, uplink and database: what they send harms nobody and is kept."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from custody.permits import time_text
from proof.chain import GENESIS
from proof.keys import SigningKey
from proof.statement import Receipt
from simulators.broker import free_port
from simulators.warehouse import AGENT, Warehouse
from tests.system.waiting import until
from wire.batches import seal, sign_batch
from wire.errors import LinkError
from wire.link import Link
from wire.messages import ClockReading, Fact

NEIGHBOUR = "nj01.gate-b"  # has a certificate of our authority; the cloud does not know it

pytestmark = pytest.mark.timeout(1200)


@pytest.fixture
async def warehouse(tmp_path: Path) -> AsyncIterator[Warehouse]:
    """Broker, database and cloud; the agent is played by the test."""
    async with AsyncExitStack() as stack:
        warehouse = Warehouse(tmp_path, free_port(), stack, lambda said: None)
        await warehouse.start_services()
        await warehouse.start_cloud([])
        yield warehouse


def batch(key: SigningKey, agent: str = AGENT) -> bytes:
    """The first fact of an agent's life, signed by `key`."""
    fact = Fact(1, "heartbeat", time_text(datetime.now(UTC)), "b0", 1, ClockReading("ntp", 5), "agent", "00" * 16, {})
    return sign_batch(agent, [fact], GENESIS, seal(fact, GENESIS).head, key)


async def say(link: Link, topic: str, payload: bytes) -> None:
    """What is forbidden may be answered with an error."""
    try:
        await link.publish(topic, payload)
    except LinkError:
        return


def asked(warehouse: Warehouse, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(warehouse.database_url()) as connection:
        return connection.execute(query.encode()).fetchall()


def quarantined(warehouse: Warehouse, payloads: list[bytes]) -> Callable[[], Awaitable[bool]]:
    async def kept() -> bool:
        rows = await asyncio.to_thread(asked, warehouse, "SELECT sha256, payload FROM quarantine")
        return {hashlib.sha256(one).digest(): one for one in payloads}.items() <= dict(rows).items()

    return kept


async def test_what_a_neighbour_says_in_our_name_never_arrives(warehouse: Warehouse) -> None:
    key = SigningKey.from_pem((warehouse.folder / "edge" / "agent.pem").read_bytes())
    async with warehouse.connect_as(NEIGHBOUR)() as neighbour, warehouse.connect_as(AGENT)() as agent:
        await agent.subscribe(f"sealtrail/v1/{AGENT}/receipts")
        await neighbour.subscribe(f"sealtrail/v1/{AGENT}/receipts", f"sealtrail/v1/{AGENT}/orders", "sealtrail/v1/#")
        await say(neighbour, f"sealtrail/v1/{AGENT}/facts", b"in another's name")
        await say(neighbour, f"sealtrail/v1/{AGENT}/facts", batch(key))  # a stolen key does not help either
        await agent.publish(f"sealtrail/v1/{AGENT}/facts", batch(key))
        async with asyncio.timeout(240):
            receipt = await anext(aiter(agent.messages()))
        assert Receipt.verify(receipt.payload.decode(), lambda kid: cloud_key(warehouse)).upto == 1
        overheard = asyncio.create_task(first(neighbour))
        done, _ = await asyncio.wait({overheard}, timeout=1)
        assert not done, "a neighbour hears nobody else's orders or receipts"
        overheard.cancel()
    assert asked(warehouse, "SELECT count(*) FROM quarantine") == [(0,)]
    assert asked(warehouse, "SELECT agent, seq FROM fact") == [(AGENT, 1)]


async def test_noise_and_forgeries_go_whole_into_quarantine_and_the_next_batch_is_taken(warehouse: Warehouse) -> None:
    key = SigningKey.from_pem((warehouse.folder / "edge" / "agent.pem").read_bytes())
    stranger = SigningKey.from_seed(bytes(32))
    noise = [
        bytes(range(256)) * 4096,
        b'{"json": "but not ours"}',
        batch(stranger),
        batch(key).replace(b'"b0"', b'"b1"'),
    ]
    async with warehouse.connect_as(AGENT)() as agent, warehouse.connect_as(NEIGHBOUR)() as neighbour:
        await agent.subscribe(f"sealtrail/v1/{AGENT}/receipts")
        for payload in noise:
            await agent.publish(f"sealtrail/v1/{AGENT}/facts", payload)
        unknown = batch(stranger, NEIGHBOUR)
        await neighbour.publish(f"sealtrail/v1/{NEIGHBOUR}/facts", unknown)
        await until(quarantined(warehouse, [*noise, unknown]), "all of it is in quarantine, whole")
        assert asked(warehouse, "SELECT count(*) FROM fact") == [(0,)]
        await agent.publish(f"sealtrail/v1/{AGENT}/facts", batch(key))
        async with asyncio.timeout(240):
            await anext(aiter(agent.messages()))
    assert asked(warehouse, "SELECT agent, seq FROM fact") == [(AGENT, 1)]
    causes = {cause for (cause,) in asked(warehouse, "SELECT cause FROM alarm")}
    assert {"quarantine", "wrong_signature"} & causes
    await warehouse.uplink.stop()  # it signs the log at the latest when it ends
    assert await warehouse.check_ledger() is None


async def first(link: Link) -> bytes:
    """What comes first, but for checkpoints, which are for everybody."""
    return await anext(message.payload async for message in link.messages() if "/checkpoint" not in message.topic)


def cloud_key(warehouse: Warehouse) -> Any:
    return SigningKey.from_pem((warehouse.folder / "keys" / "cloud.pem").read_bytes()).public
