"""The log by itself: appending with tiles kept up to date, proofs at a million entries, hashing beside bare SHA-256."""

import asyncio
import gc
import hashlib
import os
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from cloud.db.embedded import APP, OWNER, start_embedded
from cloud.db.migrate import migrate
from cloud.db.pool import Pool, open_pool, transaction
from cloud.ledger.proofs import consistency, inclusion
from cloud.ledger.service import add_site, close_ledger, open_ledger
from proof.merkle import Frontier, leaf_hash, verify_consistency, verify_inclusion

SITE = "nj01"
ENTRIES = 1_000_000
A_COMMIT = 5_000
PROOFS = 300
INCLUSION_LIMIT_MS = 5
CONSISTENCY_LIMIT_MS = 10


def run() -> None:
    """Prints the figures. Slow: a million entries are written."""
    folder = Path(tempfile.mkdtemp(prefix="sealtrail-bench-"))
    try:
        asyncio.run(_run(folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _run(folder: Path) -> None:
    server = start_embedded(folder / "data")
    try:
        server.create("bench")
        migrate(server.url("bench", OWNER), datetime.now(UTC))
        async with open_pool(server.url("bench", APP)) as pool:
            async with transaction(pool) as tx:
                await add_site(tx, site=SITE, name_zh="试", name_en="b", deployment="bench", at=datetime.now(UTC))
            entries = [_entry(number) for number in range(ENTRIES)]
            append_s = await _append(pool, entries)
            hash_s, bare_s, leaves = _hash(entries)
            gc.freeze()  # the million objects are this benchmark's: no service that proves would walk through them
            chance = random.Random(1)
            proofs = [await _inclusion(pool, leaves, chance.randrange(ENTRIES)) for _ in range(PROOFS)]
            olds = [chance.randrange(1, ENTRIES) for _ in range(PROOFS)]
            joins = [await _consistency(pool, old) for old in olds]
        _check_joins(leaves, olds[:3], [path for _, path in joins[:3]])
    finally:
        server.stop()
    table = Table(title=f"Ledger of {ENTRIES:,} entries", title_justify="left")
    for column in ("what", "figure", "beside"):
        table.add_column(column)
    table.add_row(
        f"entries appended and committed, {A_COMMIT:,} at once, tiles kept up to date",
        f"{ENTRIES / append_s:,.0f} entries/s", "",
    )  # fmt: skip
    table.add_row("inclusion proof", *_told(proofs, INCLUSION_LIMIT_MS))
    table.add_row("consistency proof", *_told([seconds for seconds, _ in joins], CONSISTENCY_LIMIT_MS))
    table.add_row(
        "leaves and tree hashed", f"{ENTRIES / hash_s:,.0f} entries/s",
        f"bare SHA-256 of the same bytes, leaves and nodes: {ENTRIES / bare_s:,.0f} entries/s",
    )  # fmt: skip
    Console().print(table)


def _told(seconds: list[float], limit_ms: int) -> tuple[str, str]:
    cuts = statistics.quantiles(seconds, n=100)
    return f"p50 {cuts[49] * 1000:.2f} ms, p99 {cuts[98] * 1000:.2f} ms", f"limit {limit_ms} ms"


def _entry(number: int) -> str:
    """As long as a fact's entry is."""
    return (
        f'{{"agent":"nj01.gate-a","at":"2026-11-22T03:00:00.000000Z","c":"{number:064x}","error_ms":10,'
        f'"h":"{number:064x}","kind":"gate_moved","seq":{number},"taken_at":"2026-11-22T03:00:00.000000Z",'
        '"type":"fact","v":1}'
    )


async def _append(pool: Pool, entries: list[str]) -> float:
    begun = time.perf_counter()
    for first in range(0, ENTRIES, A_COMMIT):
        async with transaction(pool) as tx:
            appender = await open_ledger(tx, SITE)
            appender.entries += entries[first : first + A_COMMIT]
            await close_ledger(tx, appender)
    return time.perf_counter() - begun


def _hash(entries: list[str]) -> tuple[float, float, list[bytes]]:
    """Seconds for leaves and tree, for as many bare digests of as many bytes, and the leaf hashes."""
    raw = [entry.encode() for entry in entries]
    begun = time.perf_counter()
    leaves = [leaf_hash(entry) for entry in raw]
    Frontier().append(leaves).root()
    hash_s = time.perf_counter() - begun
    node = os.urandom(65)
    begun = time.perf_counter()
    for entry in raw:
        hashlib.sha256(entry).digest()
        hashlib.sha256(node).digest()
    return hash_s, time.perf_counter() - begun, leaves


async def _timed(work: Callable[[], Awaitable[list[bytes]]]) -> tuple[float, list[bytes]]:
    begun = time.perf_counter()
    path = await work()
    return time.perf_counter() - begun, path


async def _inclusion(pool: Pool, leaves: list[bytes], index: int) -> float:
    """Seconds to read the tiles and compute the proof, which holds."""
    async with transaction(pool) as tx:
        seconds, path = await _timed(lambda: inclusion(tx, SITE, index, ENTRIES))
        head = await (await tx.execute(b"SELECT size, frontier FROM ledger_head")).fetchone()
    assert head is not None
    root = Frontier(head["size"], tuple(head["frontier"])).root()
    verify_inclusion(leaves[index], index, ENTRIES, path, root)
    return seconds


async def _consistency(pool: Pool, old: int) -> tuple[float, list[bytes]]:
    async with transaction(pool) as tx:
        return await _timed(lambda: consistency(tx, SITE, old, ENTRIES))


def _check_joins(leaves: list[bytes], olds: list[int], paths: list[list[bytes]]) -> None:
    root = Frontier().append(leaves).root()
    for old, path in zip(olds, paths, strict=True):
        verify_consistency(old, Frontier().append(leaves[:old]).root(), ENTRIES, root, path)
