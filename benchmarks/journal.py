"""The journal: facts recorded a second beside bare SQLite, and how fast 100,000 waiting facts go up."""

import asyncio
import os
import sqlite3
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from custody.permits import time_text
from edge_agent.clock import SystemClock, boot_id
from edge_agent.journal.drafts import Draft
from edge_agent.journal.journal import Journal
from edge_agent.uplink import Uplink
from proof.keys import SigningKey
from proof.statement import Receipt
from wire.batches import open_batch
from wire.kinds import FactKind
from wire.link import Link
from wire.memory import MemoryBroker
from wire.topics import FACTS, RECEIPTS, Topic

SUBMITTERS = 64
A_SUBMITTER = 300
WAITING = 100_000
LIMIT_RECORDED_A_S = 5_000
LIMIT_DRAIN_S = 30

_AGENT = "nj01.gate-a"
_KEY, _CLOUD = SigningKey.from_seed(b"a" * 32), SigningKey.from_seed(b"c" * 32)
_BODY: dict[str, Any] = {
    "station": "gate-a",
    "direction": "out",
    "sights": [{"genuineness": "genuine", "id": "nj01/P-ABCDEFGHIJ", "kind": "package", "issue": 1, "copies": 1}],
    "people": ["nj01/U-0000000001", "nj01/U-0000000002"],
    "outcome": "refused",
    "rule": "gate.permit.needed",
    "reason": "no_permit",
    "subject": "nj01/P-ABCDEFGHIJ",
    "uses": [],
    "rule_pack": "0" * 64,
}


def run() -> None:
    """Print the table."""
    console = Console()
    table = Table(title="Edge journal", title_justify="left")
    for column in ("what", "figure", "beside"):
        table.add_column(column)
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:  # a disk, no memory
        journal = Journal(Path(folder), SystemClock(boot_id()), os.urandom)
        seconds, groups = _record(journal)
        facts = SUBMITTERS * A_SUBMITTER
        bare_s = _bare(Path(folder) / "bare.db", facts, groups)
        table.add_row(
            f"recorded, {SUBMITTERS} submitters that each wait for the disk",
            f"{facts / seconds:,.0f} facts/s in {groups} groups",
            f"limit {LIMIT_RECORDED_A_S:,}; bare INSERT, as many commits: {facts / bare_s:,.0f} rows/s",
        )
        alone_s, bare_alone_s = _alone(journal), _bare(Path(folder) / "alone.db", 200, 200)
        table.add_row(
            "one fact alone, until it is on disk",
            f"{alone_s / 200 * 1000:.2f} ms",
            f"bare INSERT and commit: {bare_alone_s / 200 * 1000:.2f} ms",
        )
        waiting = [journal.submit(_draft()) for _ in range(WAITING - (journal.last - journal.receipted))]
        waiting[-1].result()
        drained_s = asyncio.run(_drain(journal))
        table.add_row(
            f"{WAITING:,} waiting facts sent, verified by a peer, receipted", f"{drained_s:.1f} s",
            f"limit {LIMIT_DRAIN_S} s",
        )  # fmt: skip
        journal.close()
    console.print(table)


def _draft() -> Draft:
    return Draft(kind=FactKind.PASSAGE_DECIDED, device="gate-a.camera", body=_BODY)


def _record(journal: Journal) -> tuple[float, int]:
    """Seconds for all submitters, and in how many groups their facts went to disk."""
    groups = 0

    def count() -> None:
        nonlocal groups
        groups += 1

    def submit() -> None:
        for _ in range(A_SUBMITTER):
            journal.record(_draft())

    journal.watch(count)
    threads = [threading.Thread(target=submit) for _ in range(SUBMITTERS)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - begun, groups


def _alone(journal: Journal) -> float:
    begun = time.perf_counter()
    for _ in range(200):
        journal.record(_draft())
    return time.perf_counter() - begun


def _bare(path: Path, rows: int, commits: int) -> float:
    """Seconds for as many rows of the same size in as many commits, nothing sealed."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE fact (seq INTEGER PRIMARY KEY, content TEXT, salt BLOB, head BLOB)")
    row = ("x" * 620, bytes(16), bytes(32))
    begun = time.perf_counter()
    for commit in range(commits):
        db.execute("BEGIN")
        count = rows // commits + (commit < rows % commits)
        db.executemany("INSERT INTO fact (content, salt, head) VALUES (?, ?, ?)", [row] * count)
        db.execute("COMMIT")
    seconds = time.perf_counter() - begun
    db.close()
    return seconds


async def _drain(journal: Journal) -> float:
    """Seconds until the last waiting fact has its receipt, through a broker in memory, with a peer that checks all."""
    broker, subscribed, done = MemoryBroker(), asyncio.Event(), asyncio.Event()
    loop, last = asyncio.get_running_loop(), journal.last
    uplink = Uplink(_AGENT, _KEY, journal, SystemClock(boot_id()), {_CLOUD.public.kid: _CLOUD.public}.get)
    uplink.attach(loop)

    def look() -> None:
        if journal.receipted >= last:
            loop.call_soon_threadsafe(done.set)

    journal.watch(look)
    async with broker.connect() as above, broker.connect() as below:
        await below.subscribe(str(Topic(_AGENT, RECEIPTS)))
        tasks = [asyncio.create_task(work) for work in (_answer(above, subscribed), _hear(below, uplink))]
        await subscribed.wait()
        begun = time.perf_counter()
        tasks.append(asyncio.create_task(uplink.drain(below)))
        await done.wait()
        seconds = time.perf_counter() - begun
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
    return seconds


async def _answer(link: Link, subscribed: asyncio.Event) -> None:
    await link.subscribe(str(Topic(_AGENT, FACTS)))
    subscribed.set()
    async for message in link.messages():
        opened = open_batch(message.payload, _AGENT, {_KEY.public.kid: _KEY.public}.get)
        at = time_text(SystemClock(boot_id()).read().at)
        statement = opened.statement
        receipt = Receipt(agent=_AGENT, upto=statement.last, head=statement.head, index=statement.last, at=at)
        await link.publish(str(Topic(_AGENT, RECEIPTS)), receipt.sign(_CLOUD).encode())


async def _hear(link: Link, uplink: Uplink) -> None:
    async for message in link.messages():
        await uplink.on_receipt(message.payload)


if __name__ == "__main__":
    run()
