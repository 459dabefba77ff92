"""One search over everything: the real web process, with 100,000 items and 2,000,000 entries in the database, beside a
plain `LIKE` of the same rows by the same connection's kind, and beside one over the records themselves.

SEALTRAIL_BENCH_ITEMS says how many items instead (for a quick look).
"""

import asyncio
import os
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg
from rich.console import Console
from rich.table import Table

from benchmarks.find import DATABASE, EACH, FULL, ITEMS, PASSWORD, web
from cloud import keys
from cloud.db.embedded import OWNER, EmbeddedServer, start_embedded
from cloud.db.migrate import migrate
from cloud.db.queries import load_queries
from cloud.people.passwords import Passwords
from cloud.search.folding import fold
from cloud.search.models import HitKind
from proof.canonical import canonical
from simulators.tally import percentiles
from wire.rule_packs import load_rule_pack

ASKED = {
    "one letter in nearly all": "烟",
    "two letters in many": "卷烟",
    "two letters in few": "沉香",
    "two letters in none": "茅台",
    "two words in many": "卷烟 中华",
    "two words never together": "手机 烟叶",
    "part of a plate": "苏A·0",
    "a plate": "苏a00000",
    "digits in many": "123",
    "part of a code": "69010280001",
    "a code whole": "6901028000123",
    "a seal": "F000000123",
    "a case's number": "2026第8号",
    "a thing's id": "nj01/I-0000000123",
}
NOTHING = ("two letters in none", "two words never together")
ROUNDS = 40
LIMIT_MS = 300.0

_world = load_queries(__file__, "find.sql")
_sql = load_queries(__file__, "search.sql")


def run() -> None:
    """Print the table."""
    items = int(os.environ.get(ITEMS, FULL))
    with tempfile.TemporaryDirectory(prefix="sealtrail-bench-") as folder:
        Path(folder).chmod(0o755)  # as root, PostgreSQL runs as somebody else
        server = start_embedded(Path(folder) / "postgres")
        try:
            _fill(server, items, asyncio.run(Passwords(time_cost=1, memory_kib=64).hash(PASSWORD)))
            answers = asyncio.run(_ask(server, Path(folder)))
            with psycopg.connect(server.url(DATABASE, OWNER), autocommit=True) as owner:
                table = _table(owner, items, answers)
        finally:
            server.stop()
    Console().print(table)


def _fill(server: EmbeddedServer, items: int, hashed: str) -> None:
    pack = load_rule_pack()
    server.create(DATABASE)
    migrate(server.url(DATABASE, OWNER), datetime.now(UTC))
    values = {"packages": items // 2, "entries": items // 2 * EACH, "each": EACH, "pack": pack.hash, "password": hashed}
    with psycopg.connect(server.url(DATABASE, OWNER), autocommit=True, cursor_factory=psycopg.ClientCursor) as owner:
        owner.execute("SET session_replication_role = replica")  # rows of a benchmark, not of evidence
        content = canonical(dict(pack.content)).decode()
        owner.execute("INSERT INTO rule_pack VALUES (%s, %s, %s, %s, now())", [pack.hash, pack.name, "2", content])
        for query in (_world.world, _world.packages, _sql.items, _world.records, _world.filed, _sql.indexed):
            owner.execute(query, values)
        owner.execute("VACUUM ANALYZE")


async def _ask(server: EmbeddedServer, folder: Path) -> dict[str, list[float]]:
    """Milliseconds of every answer over HTTP, by what was asked."""
    keys.write_key(folder / "keys", keys.LABEL, os.urandom(32))
    keys.write_key(folder / "keys", keys.CLOUD, os.urandom(32))
    taken: dict[str, list[float]] = {what: [] for what in ASKED}
    async with web(server, folder) as url, httpx.AsyncClient(base_url=f"{url}/api/v1/", trust_env=False) as client:
        answer = await client.post("session", json={"username": "keeper", "password": PASSWORD})
        assert answer.status_code < 300, answer.text
        for number in range(ROUNDS + 1):
            for what, q in ASKED.items():
                begun = time.perf_counter()
                answer = await client.get("search", params={"q": q})
                if number:  # the first round warms
                    taken[what].append((time.perf_counter() - begun) * 1000)
                assert (answer.json()["groups"] == []) is (what in NOTHING), what
    return taken


Owner = psycopg.Connection[Any]


def _plain(owner: Owner, q: str) -> float:
    """The same rows by `LIKE`, the best of three: each kind its newest, as the search shows them."""
    patterns, taken = [f"%{fold(word)}%" for word in q.split()], []
    for _ in range(3):
        begun = time.perf_counter()
        for kind in HitKind:
            owner.execute(_sql.plain, {"kind": kind.value, "patterns": patterns}).fetchall()
        taken.append((time.perf_counter() - begun) * 1000)
    return min(taken)


def _register_us(owner: Owner, start: int) -> float:
    begun = time.perf_counter()
    owner.execute(_sql.register, {"from": start})
    return (time.perf_counter() - begun) / 2000 * 1e6


def _table(owner: Owner, items: int, answers: dict[str, list[float]]) -> Table:
    title = f"Search: {items:,} items and {items // 2:,} packages of {items // 2 * EACH:,} entries, over HTTP"
    table = Table(title=title, title_justify="left")
    for column in ("what", "figure", "beside"):
        table.add_column(column)
    for what, taken in answers.items():
        told = percentiles(taken)
        beside = f"plain LIKE of the same rows, without HTTP: {_plain(owner, ASKED[what]):.1f} ms"
        table.add_row(f"{what}: {ASKED[what]}", f"p50 {told['p50']} ms, p99 {told['p99']} ms", beside)
    whole = percentiles([one for taken in answers.values() for one in taken])
    holds = "holds" if whole["p99"] <= LIMIT_MS else "DOES NOT HOLD"
    table.add_row("all of them", f"p50 {whole['p50']} ms, p99 {whole['p99']} ms", f"limit p99 {LIMIT_MS:g} ms: {holds}")
    begun = time.perf_counter()
    owner.execute(_sql.plain_records, {"pattern": "%茅台%"}).fetchall()
    table.add_row("the records themselves", f"{(time.perf_counter() - begun) * 1000:.0f} ms", "one LIKE, nothing found")
    owner.execute("ALTER TABLE item DISABLE TRIGGER begin_rightly")  # it asks for rule steps, which are not there
    with_index = _register_us(owner, 10**9)
    owner.execute("ALTER TABLE item DISABLE TRIGGER search")
    table.add_row(
        "registering an item", f"{with_index:.0f} µs", f"without the index: {_register_us(owner, 2 * 10**9):.0f} µs"
    )
    rows, indexes = owner.execute(_sql.sizes).fetchone() or (0, 0)
    table.add_row("the index on disk", f"{indexes / 1e6:.0f} MB", f"its rows: {rows / 1e6:.0f} MB")
    return table
