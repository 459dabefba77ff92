"""The cloud: facts verified, chained, ledgered and committed a second, over a real broker with TLS, the uplink worker
a process of its own, beside a bare COPY of the same rows into tables with the same keys.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.telling import Teller
from cloud import keys
from cloud.db.embedded import APP, OWNER, EmbeddedServer, start_embedded
from cloud.db.migrate import migrate
from cloud.db.pool import Pool, Tx, open_pool, transaction
from cloud.fleet.service import add_agent
from cloud.ledger.check import check_site
from cloud.ledger.service import add_site, close_ledger, open_ledger
from cloud.world import real_world
from proof.keys import SigningKey
from proof.statement import Receipt
from simulators.broker import Broker, find_mosquitto
from simulators.pki import CLOUD_UPLINK, Authority, Identity
from simulators.processes import Child
from wire.link import Link
from wire.mqtt import MqttOptions, mqtt_connect
from wire.topics import RECEIPTS, Topic

AGENTS = 4
AN_AGENT = 20_000
BATCH = 500
WINDOW = 10
"""Batches an agent has on the way before it waits for a receipt."""
LIMIT_A_S = 10_000
SITE = "nj01"
DATABASE = "bench"
COPIED = 5_000

_COPY_FACTS = b"COPY bare_fact FROM STDIN (FORMAT BINARY)"
_COPY_ENTRIES = b"COPY bare_entry FROM STDIN (FORMAT BINARY)"


def run() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory(prefix="sealtrail-bench-") as folder:
        Path(folder).chmod(0o755)  # as root, PostgreSQL runs as somebody else
        asyncio.run(_run(Path(folder)))


async def _run(folder: Path) -> None:
    server = start_embedded(folder / "postgres")
    try:
        server.create(DATABASE)
        migrate(server.url(DATABASE, OWNER), datetime.now(UTC))
        tellers = [Teller(f"{SITE}.gate-{number}") for number in range(AGENTS)]
        for teller in tellers:
            teller.chatter(AN_AGENT)
        async with open_pool(server.url(DATABASE, APP)) as pool:
            log_key = await _found(pool, tellers)
            seconds = await _through_the_broker(folder, server, tellers, log_key)
            async with transaction(pool) as tx:
                begun = time.perf_counter()
                checked = await check_site(tx, SITE, log_key.public)
            check_s = time.perf_counter() - begun
        async with open_pool(server.url(DATABASE, OWNER)) as owner:
            bare_s = await _bare(owner)
    finally:
        server.stop()
    facts = AGENTS * AN_AGENT
    assert checked.ok, checked
    assert checked.facts == facts, checked
    table = Table(title="Cloud", title_justify="left")
    for column in ("what", "figure", "beside"):
        table.add_column(column)
    table.add_row(
        f"facts by MQTT and TLS from {AGENTS} agents, verified, ledgered, committed, receipted",
        f"{facts / seconds:,.0f} facts/s", f"limit {LIMIT_A_S:,}; bare COPY of the same rows: {facts / bare_s:,.0f}/s",
    )  # fmt: skip
    table.add_row(
        "the whole ledger derived anew by ledger-check", f"{checked.entries / check_s:,.0f} entries/s",
        f"{checked.entries:,} entries hold",
    )  # fmt: skip
    Console().print(table)


async def _found(pool: Pool, tellers: list[Teller]) -> SigningKey:
    """The site, its agents and the key of its log."""
    world, key = real_world(), SigningKey.from_seed(os.urandom(32))
    async with transaction(pool) as tx:
        names = {"name_zh": "试验库", "name_en": "Bench"}
        await add_site(tx, site=SITE, deployment="bench", at=world.now(), **names)
        appender = await open_ledger(tx, SITE)
        for teller in tellers:
            at = world.now()
            await add_agent(tx, appender, world, agent=teller.agent, public_key=teller.key.public, at=at, actor="bench")
        await close_ledger(tx, appender)
    return key


async def _through_the_broker(
    folder: Path, server: EmbeddedServer, tellers: list[Teller], log_key: SigningKey
) -> float:
    """Seconds from the first batch sent to the last receipt heard; then the worker is stopped and signs the log."""
    now = datetime.now(UTC)
    authority = Authority.open(folder / "pki", now)
    broker = Broker(
        folder / "broker", authority, authority.server(now), log=folder / "broker.log", program=find_mosquitto()
    )
    await broker.start()
    worker = _worker(folder, server, broker, authority, log_key)
    try:
        await worker.start()
        await worker.ready()
        ways = [
            _Way(teller, broker, authority.client(teller.agent, now), authority.certificate_file) for teller in tellers
        ]
        payloads = [teller.batches(BATCH) for teller in tellers]
        cloud_key = keys.read_key(folder / "keys", keys.CLOUD)
        begun = time.perf_counter()
        await asyncio.gather(*(way.tell(said, cloud_key) for way, said in zip(ways, payloads, strict=True)))
        return time.perf_counter() - begun
    finally:
        await worker.stop()
        await broker.stop()


def _worker(folder: Path, server: EmbeddedServer, broker: Broker, authority: Authority, log_key: SigningKey) -> Child:
    keys.write_key(folder / "keys", keys.CLOUD, os.urandom(32))
    log_file = folder / "keys" / f"{keys.log_key_name(SITE)}.pem"
    log_file.touch(mode=0o600)
    log_file.write_bytes(log_key.to_pem())
    identity = authority.worker(CLOUD_UPLINK, datetime.now(UTC))
    members = {
        "DATABASE_URL": server.url(DATABASE, APP), "KEYS_DIR": folder / "keys", "DEPLOYMENT": "bench",
        "BROKER_HOST": "127.0.0.1", "BROKER_PORT": broker.worker_port, "BROKER_CA": authority.certificate_file,
        "BROKER_CERT": identity.certificate, "BROKER_KEY": identity.key,
    }  # fmt: skip
    env = {f"SEALTRAIL_CLOUD_{name}": str(value) for name, value in members.items()}
    return Child("uplink", [sys.executable, "-m", "sealtrail", "cloud", "uplink"], log=folder / "uplink.log", env=env)


@dataclass
class _Way:
    """One agent's connection."""

    teller: Teller
    broker: Broker
    identity: Identity
    ca: Path

    async def tell(self, payloads: list[bytes], cloud_key: SigningKey) -> None:
        """Sends all, at most WINDOW batches ahead of the receipts, and returns with the last receipt."""
        async with self._connected() as link:
            await link.subscribe(str(Topic(self.teller.agent, RECEIPTS)))
            free = asyncio.Semaphore(WINDOW)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._hear(link, free, len(self.teller.facts), cloud_key))
                for payload in payloads:
                    await free.acquire()
                    await link.publish(self.teller.topic, payload)

    async def _hear(self, link: Link, free: asyncio.Semaphore, last: int, cloud_key: SigningKey) -> None:
        upto = 0
        async for message in link.messages():
            receipt = Receipt.verify(message.payload.decode(), lambda _: cloud_key.public)
            for _ in range(0, receipt.upto - upto, BATCH):
                free.release()
            upto = receipt.upto
            if upto == last:
                return

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Link]:
        connect = mqtt_connect(
            MqttOptions(
                host="127.0.0.1", port=self.broker.port, client_id=self.teller.agent, ca_file=self.ca,
                cert_file=self.identity.certificate, key_file=self.identity.key,
            )
        )  # fmt: skip
        async with connect() as link:
            yield link


async def _bare(owner: Pool) -> float:
    """Seconds to COPY the very same rows, in commits of COPIED, into empty tables with the same keys."""
    async with transaction(owner) as tx:
        await tx.execute(b"CREATE TABLE bare_fact (LIKE fact INCLUDING INDEXES)")
        await tx.execute(b"CREATE TABLE bare_entry (LIKE ledger_entry INCLUDING INDEXES)")
        facts = await (await tx.execute(b"SELECT * FROM fact ORDER BY index")).fetchall()
        entries = await (
            await tx.execute(b"SELECT e.* FROM ledger_entry e JOIN fact f USING (site, index) ORDER BY index")
        ).fetchall()
    fact_rows, entry_rows = [tuple(row.values()) for row in facts], [tuple(row.values()) for row in entries]
    fact_types = ["text", "int8", "text", "int8", "text", "timestamptz", "bytea", "text"]
    begun = time.perf_counter()
    for first in range(0, len(fact_rows), COPIED):
        async with transaction(owner) as tx:
            await _copy(tx, _COPY_FACTS, fact_types, fact_rows[first : first + COPIED])
            await _copy(tx, _COPY_ENTRIES, ["text", "int8", "text"], entry_rows[first : first + COPIED])
    return time.perf_counter() - begun


async def _copy(tx: Tx, statement: bytes, types: list[str], rows: list[tuple[object, ...]]) -> None:
    async with tx.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(types)
        for row in rows:
            await copy.write_row(row)
