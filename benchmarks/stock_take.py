"""A stock-take of 10,000 things: opened, counted by two phones, compared and read back over the real application."""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg
from obstore.store import MemoryStore
from rich.console import Console
from rich.table import Table

from cloud.db.embedded import APP, OWNER, EmbeddedServer, start_embedded
from cloud.db.migrate import migrate
from cloud.db.pool import Pool, open_pool, transaction
from cloud.ledger.service import add_site, close_ledger, open_ledger
from cloud.parts import Parts
from cloud.people.passwords import Passwords
from cloud.people.service import add_person, add_token
from cloud.web.app import API, create_app
from cloud.world import real_world
from custody.roles import Role
from custody.stock_taking import Seen, compare
from custody.things import Kind
from proof.canonical import canonical
from proof.keys import SigningKey
from wire.labels import Label, write_label
from wire.rule_packs import load_rule_pack

SITE, ZONE, EMPTY, CASE = "nj01", "nj01/Z-BENCH", "nj01/Z-EMPTY", "nj01/C-BENCH"
THINGS, SLOTS, BATCH = 10_000, 2_500, 500
LIMIT_S = 1.0
DATABASE = "bench"
PACK = load_rule_pack()
LABEL_KEY = SigningKey.from_seed(b"l" * 32)

Clients = dict[Role, httpx.AsyncClient]


def run() -> None:
    """Print the table."""
    table = Table(title=f"Stock-take of {THINGS:,} things", title_justify="left")
    for column in ("what", "figure", "beside"):
        table.add_column(column)
    with tempfile.TemporaryDirectory(prefix="sealtrail-bench-") as folder:
        Path(folder).chmod(0o755)  # as root, PostgreSQL runs as somebody else
        asyncio.run(_run(Path(folder), table))
    Console().print(table)


async def _run(folder: Path, table: Table) -> None:
    server = start_embedded(folder / "postgres")
    try:
        server.create(DATABASE)
        migrate(server.url(DATABASE, OWNER), datetime.now(UTC))
        async with open_pool(server.url(DATABASE, APP)) as pool:
            clients = await _people(pool, server)
            _fill(server)
            await _measure(clients, table)
            for client in clients.values():
                await client.aclose()
    finally:
        server.stop()


async def _people(pool: Pool, server: EmbeddedServer) -> Clients:
    """The site, and a client for each of those who take part, on the real application."""
    world, passwords = real_world(), Passwords(time_cost=1, memory_kib=64)
    parts = Parts(
        database_url=server.url(DATABASE, APP), pool=pool, world=world, pack=PACK,
        cloud_key=SigningKey.from_seed(b"c" * 32), label_key=LABEL_KEY, media=MemoryStore(),
    )  # fmt: skip
    app = create_app(parts, passwords=passwords)
    async with transaction(pool) as tx:
        await add_site(tx, site=SITE, name_zh="南京", name_en="Nanjing", deployment="bench", at=world.now())
    clients = {}
    for role in (Role.LEADER, Role.KEEPER, Role.BOOKKEEPER):
        async with transaction(pool) as tx:
            appender = await open_ledger(tx, SITE)
            person = await add_person(
                tx, appender, world, username=role.value, name=role.value, password_hash="", roles=(role,),
                actor="bench",
            )  # fmt: skip
            await close_ledger(tx, appender)
            token = (await add_token(tx, world, person, "bench")).token
        headers = {"Authorization": f"Bearer {token}"}
        transport = httpx.ASGITransport(app)
        clients[role] = httpx.AsyncClient(
            transport=transport, base_url=f"http://bench{API}", headers=headers, timeout=60
        )
    return clients


def _thing(number: int) -> str:
    return f"{SITE}/I-{number:010d}"


def _slot(number: int) -> str:
    return f"{SITE}/S-{number * SLOTS // THINGS:010d}"


def _fill(server: EmbeddedServer) -> None:
    """Items in their slots; how they came there is not what is measured."""
    with psycopg.connect(server.url(DATABASE, OWNER)) as owner, owner.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # past the guard: nothing begins in a slot
        content = canonical(dict(PACK.content)).decode()
        cursor.execute("INSERT INTO rule_pack VALUES (%s, 'tobacco-cn', '1', %s, now())", [PACK.hash, content])
        cursor.execute(
            "INSERT INTO evidence_case VALUES (%s, 'nj01', '1', 'a case', %s, now(), 'bench', 0)", [CASE, PACK.hash]
        )
        for zone in (ZONE, EMPTY):
            cursor.execute("INSERT INTO zone VALUES (%s, %s, %s, 'ordinary', 0)", [zone, SITE, zone[-5:]])
        cursor.executemany(
            "INSERT INTO slot (id, site, zone, name, size, capacity, index) VALUES (%s, %s, %s, %s, 'm', 9, 0)",
            [(_slot(number), SITE, ZONE, f"A-{number:05d}") for number in range(0, THINGS, THINGS // SLOTS)],
        )
        cursor.executemany(
            "INSERT INTO item (id, site, case_id, name, quantity, unit, state, index)"
            " VALUES (%s, %s, %s, '卷烟', 5, '条', 'stored', 0)",
            [(_thing(number), SITE, CASE) for number in range(THINGS)],
        )
        cursor.executemany(
            "INSERT INTO custody (thing, site, slot, index) VALUES (%s, %s, %s, 0)",
            [(_thing(number), SITE, _slot(number)) for number in range(THINGS)],
        )
        owner.commit()
        owner.autocommit = True
        owner.execute("ANALYZE")


async def _measure(clients: Clients, table: Table) -> None:
    leader, keeper, bookkeeper = clients[Role.LEADER], clients[Role.KEEPER], clients[Role.BOOKKEEPER]
    await _timed(lambda: leader.post("/stock-takes", json={"kind": "zone", "zone": EMPTY}))  # slow the first time only
    opened, took = await _timed(lambda: leader.post("/stock-takes", json={"kind": "full"}))
    take = opened.json()["id"]
    table.add_row("opened, the book fixed", f"{took:.2f} s", _beside(took))
    batches = _batches()
    for who, client in (("keeper", keeper), ("bookkeeper", bookkeeper)):
        begun = time.perf_counter()
        for batch in batches:
            _ok(await client.post("/stock-takes/counts", json={"stock_take": take, "scans": batch}))
        took = time.perf_counter() - begun
        table.add_row(
            f"{who}: {len(batches)} batches of {BATCH} scans", f"{took:.2f} s", f"{THINGS / took:,.0f} scans/s"
        )
    counts, took = await _timed(lambda: keeper.get(f"/stock-takes/{take}/counts", params={"limit": THINGS}))
    assert len(counts.json()["rows"]) == THINGS - 10
    table.add_row("the keeper's scans, on another phone", f"{took:.2f} s", _beside(took))
    closing = {"stock_take": take, "scans": THINGS - 10}
    _, took = await _timed(lambda: keeper.post("/stock-takes/counts/close", json=closing))
    table.add_row("keeper closes", f"{took:.2f} s", "")
    _, took = await _timed(lambda: bookkeeper.post("/stock-takes/counts/close", json=closing))
    table.add_row("bookkeeper closes, all is compared", f"{took:.2f} s", f"compare alone: {_compared_s():.3f} s")
    seen, took = await _timed(lambda: leader.get(f"/stock-takes/{take}/lines", params={"limit": THINGS}))
    assert len(seen.json()["rows"]) == THINGS
    table.add_row("loaded: every line with its difference", f"{took:.2f} s", _beside(took))
    found, took = await _timed(lambda: leader.get(f"/stock-takes/{take}/differences", params={"limit": 500}))
    assert len(found.json()["rows"]) == 10
    table.add_row("its differences", f"{took:.2f} s", _beside(took))


def _batches() -> list[list[dict[str, Any]]]:
    """Scans of all things but ten."""
    at = datetime.now(UTC).isoformat()
    scans = [
        {
            "key": f"phone-{number:08d}", "at": at,
            "thing": write_label(Label(Kind.ITEM, _thing(number), 1), LABEL_KEY),
            "slot": write_label(Label(Kind.SLOT, _slot(number), 1), LABEL_KEY),
        }
        for number in range(10, THINGS)
    ]  # fmt: skip
    return [scans[first : first + BATCH] for first in range(0, len(scans), BATCH)]


def _compared_s() -> float:
    book = {_thing(number): Seen(_slot(number), 5) for number in range(THINGS)}
    begun = time.perf_counter()
    assert compare(book, book, book, book) == []
    return time.perf_counter() - begun


async def _timed(ask: Callable[[], Awaitable[httpx.Response]]) -> tuple[httpx.Response, float]:
    begun = time.perf_counter()
    answer = _ok(await ask())
    return answer, time.perf_counter() - begun


def _ok(answer: httpx.Response) -> httpx.Response:
    assert answer.is_success, answer.text
    return answer


def _beside(took: float) -> str:
    return f"limit {LIMIT_S:g} s: {'holds' if took <= LIMIT_S else 'DOES NOT HOLD'}"
