"""Verifying a whole site: entries a second and memory, beside bare SHA-256 of the same bytes.

100,000 entries unless SEALTRAIL_BENCH_ENTRIES says how many; the limit is for 1,000,000.
"""

import asyncio
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.telling import Teller
from cloud import keys
from cloud.db.embedded import APP, OWNER, EmbeddedServer, start_embedded
from cloud.db.migrate import migrate
from cloud.db.pool import Pool, open_pool, transaction
from cloud.evidence.intake import Arrived, Office, take_group
from cloud.fleet.service import add_agent
from cloud.keyroom import found_site
from cloud.ledger.checkpoints import sign_checkpoints
from cloud.ledger.service import close_ledger, open_ledger
from cloud.world import World, real_world
from proof.keys import SigningKey
from wire.batches import open_batch
from wire.rule_packs import load_rule_pack

ENTRIES = "SEALTRAIL_BENCH_ENTRIES"
USUAL = 100_000
FULL = 1_000_000
LIMIT_S, LIMIT_MB = 180, 1000
BATCH, GROUP = 50, 40
"""Facts a batch (each has a statement of its own to be verified), and batches a commit and checkpoint."""
LOOK_EVERY_S = 0.05
SITE, DATABASE = "nj01", "bench"


def run() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory(prefix="sealtrail-bench-") as folder:
        Path(folder).chmod(0o755)  # as root, PostgreSQL runs as somebody else
        asyncio.run(_run(Path(folder), int(os.environ.get(ENTRIES, USUAL))))


async def _run(folder: Path, wanted: int) -> None:
    server = start_embedded(folder / "postgres")
    try:
        server.create(DATABASE)
        migrate(server.url(DATABASE, OWNER), datetime.now(UTC))
        async with open_pool(server.url(DATABASE, APP)) as pool:
            await _fill(pool, folder / "keys", wanted)
            data = await _bytes(pool)
        seconds, memory, told = await asyncio.to_thread(_verify, server, folder)
    finally:
        server.stop()
    begun = time.perf_counter()
    for piece in data:
        hashlib.sha256(piece).digest()
    bare = time.perf_counter() - begun
    assert told["ok"], told
    table = Table(title="Verifying a site", title_justify="left")
    for column in ("what", "figure", "beside"):
        table.add_column(column)
    entries = int(told["entries"])
    table.add_row(
        f"`sealtrail ledger verify` of {entries:,} entries, {told['statements']:,} statements, "
        f"{told['checkpoints']:,} checkpoints",
        f"{seconds:.1f} s: {entries / seconds:,.0f} entries/s, {FULL * seconds / entries:.0f} s a million",
        f"limit {LIMIT_S} s a million; bare SHA-256 of the same {sum(map(len, data)) / 1e6:,.0f} MB: {bare:.2f} s",
    )
    table.add_row("its memory at the most", f"{memory:,.0f} MB", f"limit {LIMIT_MB:,} MB")
    Console().print(table)


async def _fill(pool: Pool, folder: Path, wanted: int) -> None:
    """A site with `wanted` entries, taken in as the uplink does and signed after each commit."""
    world, chance = real_world(), random.Random(5)
    world = World(now=world.now, random=chance.randbytes)
    cloud_key = keys.write_key(folder, keys.CLOUD, os.urandom(32))
    async with transaction(pool) as tx:
        names = {"name_zh": "试验库", "name_en": "Bench"}
        await found_site(tx, world, folder, site=SITE, deployment="bench", actor="bench", **names)
    log_key = keys.read_key(folder, keys.log_key_name(SITE))
    office, left, number = Office(world, cloud_key, load_rule_pack()), wanted, 0
    while left > 0:
        teller, number = Teller(f"{SITE}.gate-{number}"), number + 1
        await _know(pool, world, teller)
        teller.chatter(min(left, 20_000))
        left -= len(teller.facts)
        await _take(pool, office, teller, log_key)


async def _know(pool: Pool, world: World, teller: Teller) -> None:
    async with transaction(pool) as tx:
        appender = await open_ledger(tx, SITE)
        await add_agent(
            tx, appender, world, agent=teller.agent, public_key=teller.key.public, at=world.now(), actor="bench"
        )
        await close_ledger(tx, appender)


async def _take(pool: Pool, office: Office, teller: Teller, log_key: SigningKey) -> None:
    payloads = teller.batches(BATCH)
    for first in range(0, len(payloads), GROUP):
        group = [
            Arrived(teller.topic, data, teller.agent, SITE, open_batch(data, teller.agent, lambda _: teller.key.public))
            for data in payloads[first : first + GROUP]
        ]
        async with transaction(pool) as tx:
            await take_group(tx, office, group)
            await sign_checkpoints(tx, office.world, lambda _: log_key)


async def _bytes(pool: Pool) -> list[bytes]:
    """Entries and contents, as they are hashed."""
    async with transaction(pool) as tx:
        found = await (
            await tx.execute(b"SELECT entry || f.content AS data FROM ledger_entry e JOIN fact f USING (site, index)")
        ).fetchall()
    return [row["data"].encode() for row in found]


def _verify(server: EmbeddedServer, folder: Path) -> tuple[float, float, dict[str, int]]:
    """Seconds and the most memory (MB) of the command in its own process, and what it told."""
    members = {"DATABASE_URL": server.url(DATABASE, APP), "KEYS_DIR": folder / "keys", "DEPLOYMENT": "bench"}
    environment = os.environ | {f"SEALTRAIL_CLOUD_{name}": str(value) for name, value in members.items()}
    command = [sys.executable, "-m", "sealtrail", "ledger", "verify", "--site", SITE, "--no-stills", "--json"]
    begun = time.perf_counter()
    most = 0.0
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as child:
        while child.poll() is None:
            most = max(most, _memory(child.pid))
            time.sleep(LOOK_EVERY_S)
        seconds = time.perf_counter() - begun
        assert child.stdout is not None
        found: dict[str, int] = json.loads(child.stdout.read())
    return seconds, most, found


def _memory(pid: int) -> float:
    """The most memory that process ever held, in MB. What getrusage(2) tells of a child counts its parent's in."""
    try:
        status = Path(f"/proc/{pid}/status").read_text("ascii")
    except OSError:
        return 0
    return sum(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))
