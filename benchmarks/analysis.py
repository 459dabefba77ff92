"""What stands out at a site with 100,000 items and 2,000,000 entries of three years: how long a person waits, over
the quarter that the page opens with and over a year; which kind takes how much of that. Beside it the same things and
entries divided among ten sites, all of which are looked at in one view of their unit.

SEALTRAIL_BENCH_ITEMS says how many items instead (for a quick look).
"""

import asyncio
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from rich.console import Console
from rich.table import Table

from cloud.analysis.asking import asked_of
from cloud.analysis.roll_up import unit_analysis
from cloud.analysis.service import LOOKS, analysis
from cloud.db.embedded import APP, OWNER, EmbeddedServer, start_embedded
from cloud.db.migrate import migrate
from cloud.db.pool import open_pool, rows, transaction
from cloud.db.queries import load_queries
from cloud.people.units import sites_below
from custody.analysis_rules import rules_of
from proof.canonical import canonical
from simulators.tally import percentiles
from wire.rule_packs import load_rule_pack

ITEMS, FULL = "SEALTRAIL_BENCH_ITEMS", 100_000
SITE, DATABASE = "nj01", "bench"
UNIT, UNIT_DATABASE = "js", "bench_unit"
SITES = tuple(f"nj{number:02}" for number in range(1, 11))
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
            _fill(server, DATABASE, (SITE,), items // 2)
            figures = asyncio.run(_measure(server.url(DATABASE, APP)))
            _fill(server, UNIT_DATABASE, SITES, items // 2)
            of_unit = asyncio.run(_measure_unit(server.url(UNIT_DATABASE, APP)))
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
    for days, whole in of_unit.items():
        limit = LIMITS_S[days] * 1000
        table.add_row(
            f"the same divided among {len(SITES)} sites, all in one view, {days} days",
            f"p50 {whole['p50']} ms, p99 {whole['p99']} ms",
            f"limit {limit:.0f} ms: {'holds' if whole['p50'] <= limit else 'DOES NOT HOLD'}; "
            f"one site with all of it: p50 {figures[days][0]['p50']} ms",
        )
    Console().print(table)


def _fill(server: EmbeddedServer, database: str, sites: Sequence[str], packages: int) -> None:
    """`packages` divided among `sites`, all of one unit."""
    pack, each = load_rule_pack(), packages // len(sites)
    server.create(database)
    migrate(server.url(database, OWNER), datetime.now(UTC))
    values: dict[str, Any] = {"packages": each, "pack": pack.hash, "since": UNTIL - YEARS, "each": YEARS / each}
    url = server.url(database, OWNER)
    with psycopg.connect(url, autocommit=True, cursor_factory=psycopg.ClientCursor) as owner:
        owner.execute("SET session_replication_role = replica")  # rows of a benchmark, not of evidence
        content = canonical(dict(pack.content)).decode()
        owner.execute("INSERT INTO rule_pack VALUES (%s, %s, %s, %s, now())", [pack.hash, pack.name, "2", content])
        owner.execute("INSERT INTO unit VALUES (%s, NULL, '江苏', 'Jiangsu', now())", [UNIT])
        for site in sites:
            for name in _sql:
                owner.execute(getattr(_sql, name).replace(SITE.encode(), site.encode()), values)
        owner.execute("UPDATE site SET unit = %s", [UNIT])
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


async def _measure_unit(url: str) -> dict[int, dict[str, float]]:
    """Days → percentiles in milliseconds of all sites together."""
    pack, found = load_rule_pack(), dict[int, dict[str, float]]()
    async with open_pool(url) as pool:
        for days in LIMITS_S:
            since, taken = UNTIL - timedelta(days=days), list[float]()
            for _ in range(TIMES):
                begun = time.perf_counter()
                async with transaction(pool) as tx:
                    sites = [(row, pack) for row in await sites_below(tx, UNIT)]
                told = await unit_analysis(pool, UNIT, sites, since, UNTIL, UNTIL)
                told.model_dump_json()
                taken.append((time.perf_counter() - begun) * 1000)
            assert len(told.sites) == len(SITES)
            assert all(section.n for section in told.sections), "every kind had something to look at"
            found[days] = percentiles(taken)
    return found
