"""A court bundle of a thousand entries: made from a real database, and verified, beside bare SHA-256 of its bytes."""

import asyncio
import hashlib
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from obstore.store import MemoryStore
from rich.console import Console
from rich.table import Table

from benchmarks.telling import Teller
from cloud.db.embedded import APP, OWNER, start_embedded
from cloud.db.migrate import migrate
from cloud.db.pool import Pool, open_pool, transaction
from cloud.evidence.bundles import Made, Wanted, make_bundle
from cloud.evidence.intake import Office
from cloud.fleet.service import add_agent
from cloud.ledger.checkpoints import sign_checkpoints
from cloud.ledger.key_history import Birth, record_missing
from cloud.ledger.service import add_site, close_ledger, open_ledger, origin_of
from cloud.uplink import on_batch
from cloud.world import real_world
from proof.bundle import read_bundle
from proof.canonical import canonical
from proof.keys import SigningKey
from proof.policy import parse_policy
from proof.verifier import verify_bundle
from wire.link import Message
from wire.rule_packs import load_rule_pack

SITE, CASE, PACKAGE = "nj01", "nj01/C-BENCH", "nj01/P-BENCH"
DATABASE = "bench"
ENTRIES = 1000
BATCHES = (20, 500)
"""Facts in a batch: as a gate on a good line says them, and as one does that was offline for a while."""
LIMIT_S = 3.0
PACK = load_rule_pack()


def run() -> None:
    """Print the table."""
    table = Table(title="Court bundle", title_justify="left")
    for column in ("what", "figure", "beside"):
        table.add_column(column)
    for batch in BATCHES:
        with tempfile.TemporaryDirectory(prefix="sealtrail-bench-") as folder:
            Path(folder).chmod(0o755)  # as root, PostgreSQL runs as somebody else
            made, made_s = asyncio.run(_made(Path(folder), batch))
        verified_s, bare_s, size = _verified(made.data)
        what = f"{made.entries:,} entries, facts in batches of {batch}"
        table.add_row(f"bundle of {what}: made", f"{made_s:.2f} s", f"{len(made.data) / 1e6:.1f} MB")
        bare = f"limit {LIMIT_S:g} s; bare SHA-256 of its {size / 1e6:.1f} MB unpacked: {bare_s:.3f} s"
        table.add_row("… verified", f"{verified_s:.2f} s", bare)
    Console().print(table)


def _verified(data: bytes) -> tuple[float, float, int]:
    """Seconds to unzip and verify, seconds to hash the same bytes, and how many they are."""
    begun = time.perf_counter()
    bundle = read_bundle(data)
    report = verify_bundle(bundle, parse_policy(bundle.files["policy.txt"]))
    verified_s = time.perf_counter() - begun
    assert report.holds, report
    begun = time.perf_counter()
    for content in bundle.files.values():
        hashlib.sha256(content).digest()
    return verified_s, time.perf_counter() - begun, sum(map(len, bundle.files.values()))


async def _made(folder: Path, batch: int) -> tuple[Made, float]:
    server = start_embedded(folder / "postgres")
    try:
        server.create(DATABASE)
        migrate(server.url(DATABASE, OWNER), datetime.now(UTC))
        async with open_pool(server.url(DATABASE, APP)) as pool:
            await _fill(pool, batch)
            begun = time.perf_counter()
            async with transaction(pool) as tx:
                made = await make_bundle(tx, MemoryStore(), SITE, Wanted(id=PACKAGE), datetime.now(UTC))
            return made, time.perf_counter() - begun
    finally:
        server.stop()


async def _fill(pool: Pool, batch: int) -> None:
    """A package that a gate refused a thousand times."""
    world, log_key = real_world(), SigningKey.from_seed(bytes(32))
    teller = Teller(f"{SITE}.gate-a")
    async with transaction(pool) as tx:
        await add_site(tx, site=SITE, name_zh="南京", name_en="Nanjing", deployment="bench", at=world.now())
        appender = await open_ledger(tx, SITE)
        log: list[Birth] = [("log", origin_of("bench", SITE), log_key.public)]
        await record_missing(tx, appender, world, log, "bench")
        await add_agent(
            tx, appender, world, agent=teller.agent, public_key=teller.key.public, at=world.now(), actor="bench"
        )
        await close_ledger(tx, appender)
        pack = [PACK.hash, canonical(dict(PACK.content)).decode()]
        await tx.execute(b"INSERT INTO rule_pack VALUES (%s, 'tobacco-cn', '1', %s, now())", pack)
        await tx.execute(
            b"INSERT INTO evidence_case VALUES (%s, 'nj01', '1', 'a case', %s, now(), 'bench', 0)", [CASE, PACK.hash]
        )
        await tx.execute(b"INSERT INTO package VALUES (%s, 'nj01', %s, 'S1', 'sealed', 0)", [PACKAGE, CASE])
    for _ in range(ENTRIES):
        teller.say("passage_decided", refused())
    office = Office(world, SigningKey.from_seed(bytes([1]) * 32), PACK)
    for payload in teller.batches(batch):
        await on_batch(pool, office, [Message(teller.topic, payload)])
    async with transaction(pool) as tx:
        await sign_checkpoints(tx, world, lambda _: log_key)


def refused() -> dict[str, Any]:
    """What a gate says of a package that nobody let through."""
    sight = {"genuineness": "genuine", "id": PACKAGE, "kind": "package", "issue": 1}
    return {
        "station": "gate-a", "direction": "in", "sights": [sight], "people": [], "rule_pack": PACK.hash,
        "outcome": "refused", "reason": "no_permit", "subject": PACKAGE, "rule": PACK.content["refusals"]["no_permit"],
    }  # fmt: skip
