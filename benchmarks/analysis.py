"""What stands out at a site with 100,000 items and 2,000,000 entries of three years: how long a person waits, over
the quarter that the page opens with and over a year; which kind takes how much of that.

SEALTRAIL_BENCH_ITEMS says how many items instead (for a quick look).
"""

import asyncio
import os
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from rich.console import Console
from rich.table import Table

from cloud.analysis.asking import asked_of
from cloud.analysis.service import LOOKS, analysis
from cloud.db.embedded import APP, OWNER, EmbeddedServer, start_embedded
from cloud.db.migrate import migrate
from cloud.db.pool import open_pool, rows, transaction
from cloud.db.queries import load_queries
from custody.analysis_rules import rules_of
from proof.canonical import canonical
from simulators.tally import percentiles
from wire.rule_packs import load_rule_pack

ITEMS, FULL = "SEALTRAIL_BENCH_ITEMS", 100_000
SITE, DATABASE = "nj01", "bench"
YEARS = timedelta(days=1096)
UNTIL = datetime(2026, 11, 22, tzinfo=UTC)
TIMES = 7
LIMITS_S: Mapping[int, float] = {90: 2.0, 365: 6.0}
"""Days that are looked at → what a person waits for without asking twice; a year is asked for on purpose."""

_sql = load_queries(__file__, "analysis.sql")
_peer = load_queries(__file__, "analysis_peer.sql")


def run() -> None:
    """Print the table."""
    items = int(os.environ.get(ITEMS, FULL))
    with tempfile.TemporaryDirectory(prefix="sealtrail-bench-") as folder:
        Path(folder).chmod(0o755)  # as root, PostgreSQL runs as somebody else
        server = start_embedded(Path(folder) / "postgres")
        try:
            _fill(server, items // 2)
            figures = asyncio.run(_measure(server.url(DATABASE, APP)))
        finally:
            server.stop()
    table = Table(title=f"Analysis of {items:,} items, {items * 20:,} entries, three years", title_justify="left")
    for column in ("what", "figure", "beside"):
        table.add_column(column)
    for days, (whole, kinds, once) in figures.items():
        limit = LIMITS_S[days] * 1000
        holds = "holds" if whole["p50"] <= limit else "DOES NOT HOLD"
        slowest = ", ".join(f"{kind} {ms:.0f}" for kind, ms in sorted(kinds.items(), key=lambda one: -one[1])[:4])
        table.add_row(
            f"all kinds over {days} days",
            f"p50 {whole['p50']} ms, p99 {whole['p99']} ms",
            f"limit {limit:.0f} ms: {holds}",
        )
        table.add_row(
            "the slowest kinds, ms each", slowest, f"each entry of the period read and parsed once: {once:.0f} ms"
        )
    Console().print(table)


def _fill(server: EmbeddedServer, packages: int) -> None:
    pack = load_rule_pack()
    server.create(DATABASE)
    migrate(server.url(DATABASE, OWNER), datetime.now(UTC))
    values: dict[str, Any] = {
        "packages": packages, "pack": pack.hash, "since": UNTIL - YEARS, "each": YEARS / packages,
    }  # fmt: skip
    with psycopg.connect(server.url(DATABASE, OWNER), autocommit=True, cursor_factory=psycopg.ClientCursor) as owner:
        owner.execute("SET session_replication_role = replica")  # rows of a benchmark, not of evidence
        content = canonical(dict(pack.content)).decode()
        owner.execute("INSERT INTO rule_pack VALUES (%s, %s, %s, %s, now())", [pack.hash, pack.name, "2", content])
        for name in _sql:
            owner.execute(getattr(_sql, name), values)
        owner.execute("ANALYZE")


Figures = dict[int, tuple[dict[str, float], dict[str, float], float]]
"""Days → percentiles of the whole in milliseconds, milliseconds of each kind, and those of reading each entry once."""


async def _measure(url: str) -> Figures:
    pack, found = load_rule_pack(), Figures()
    rules = rules_of(pack)
    assert rules is not None
    async with open_pool(url) as pool:
        for days in LIMITS_S:
            since, taken, kinds = UNTIL - timedelta(days=days), list[float](), dict[str, float]()
            for _ in range(TIMES):
                async with transaction(pool) as tx:
                    begun = time.perf_counter()
                    told = await analysis(tx, pack, SITE, since, UNTIL, UNTIL)
                    told.model_dump_json()
                    taken.append((time.perf_counter() - begun) * 1000)
            assert all(section.n for section in told.sections), "every kind had something to look at"
            async with transaction(pool) as tx:
                asked = await asked_of(tx, pack, SITE, since, UNTIL, UNTIL)
                for kind, look in LOOKS.items():
                    begun = time.perf_counter()
                    await look(asked, rules.kinds[kind])
                    kinds[kind] = (time.perf_counter() - begun) * 1000
                begun = time.perf_counter()
                await rows(tx, _peer.read_once, first=asked.first, end=asked.end)
                once = (time.perf_counter() - begun) * 1000
            found[days] = percentiles(taken), kinds, once
    return found
