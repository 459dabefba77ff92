"""J18: from asking where a thing lies to its slot being lit, and to a whole list being lit; the real web process,
downlink, broker and agent, with a rack of 40 slots on the simulators' stage.
"""

import asyncio
import secrets
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from rich.console import Console
from rich.table import Table

from simulators.broker import free_port
from simulators.console import Colleague
from simulators.floor import RACK, ZONE_CLASS
from simulators.stage import RackSet
from simulators.tally import percentiles
from simulators.warehouse import AGENT, SITE, Staff, Warehouse

SLOTS, FINDS, LISTS, WARM = 40, 100, 30, 5
LIMIT_MS = 1000.0
"""A person who pressed a button looks up from the screen to the racks no sooner."""


def run() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory(prefix="sealtrail-bench-") as folder:
        Path(folder).chmod(0o755)  # as root, PostgreSQL runs as somebody else
        finds, lists = asyncio.run(_measure(Path(folder)))
    table = Table(title="From asking to the lit slot (J18)", title_justify="left")
    for column in ("what", "figure", "beside"):
        table.add_column(column)
    for what, figures in ((f"{FINDS} things found, one slot lit", finds), (f"{LISTS} lists, {SLOTS} slots lit", lists)):
        found = percentiles(figures)
        holds = "holds" if found["p99"] <= LIMIT_MS else "DOES NOT HOLD"
        table.add_row(what, f"p50 {found['p50']} ms, p99 {found['p99']} ms", f"limit p99 {LIMIT_MS:g} ms: {holds}")
    Console().print(table)


async def _measure(folder: Path) -> tuple[list[float], list[float]]:
    async with AsyncExitStack() as stack:
        warehouse = Warehouse(folder, free_port(), stack, lambda said: None)
        await warehouse.start_services()
        staff = [Staff(name, SITE, name, (name,), secrets.token_urlsafe(9)) for name in ("keeper", "inspector")]
        await warehouse.start_cloud(staff)
        keeper, inspector = [Colleague(warehouse.url, one.username, one.password) for one in staff]
        for colleague in (keeper, inspector):
            stack.push_async_callback(colleague.leave)
            await colleague.sign_in()
        zone, slots = await _furnish(keeper)
        warehouse.furnish(RACK, slots)
        await warehouse.start_edge()
        rack = warehouse.stage.racks[RACK]
        name, slot = next(iter(slots.items()))
        thing = await _thing_in(warehouse, inspector, slot)
        finds = [await _find(keeper, rack, thing, name) for _ in range(FINDS + WARM)]
        lists = [await _list(keeper, rack, zone) for _ in range(LISTS + WARM)]
        return finds[WARM:], lists[WARM:]


async def _furnish(keeper: Colleague) -> tuple[str, dict[str, str]]:
    """A zone with SLOTS slots of the agent's rack: its id, and their ids by name."""
    zone = (await keeper.post("/zones", name="A", zone_class=ZONE_CLASS))["id"]
    wanted = [{"name": f"A-{n:02}", "size": "l", "capacity": 1, "agent": AGENT} for n in range(SLOTS)]
    made = await keeper.post("/slots", zone=zone, slots=wanted)
    return zone, {row["name"]: str(row["id"]) for row in made["rows"]}


async def _thing_in(warehouse: Warehouse, inspector: Colleague, slot: str) -> str:
    """An item that lies in `slot`: put there in the tables, since it is no evidence."""
    case = (await inspector.post("/cases", number=f"B-{datetime.now(UTC):%H%M%S}", title="a benchmark"))["id"]
    item = await inspector.post("/items", case_id=case, name="cartons", quantity=1, unit="box")
    async with await psycopg.AsyncConnection.connect(warehouse.database_url(), autocommit=True) as connection:
        row = (item["id"], SITE, slot)
        await connection.execute("INSERT INTO custody (thing, site, slot, index) VALUES (%s, %s, %s, 0)", row)
    return str(item["id"])


async def _find(keeper: Colleague, rack: RackSet, thing: str, name: str) -> float:
    """Milliseconds from the request to the light; the slot's sensor puts it out again."""
    begun = time.perf_counter()
    await keeper.post("/slots/locate", thing=thing, seconds=3600)
    await _all(rack, [name], lambda light: light != "off")
    taken = (time.perf_counter() - begun) * 1000
    await rack.put(name)
    await _all(rack, [name], lambda light: light == "off")
    await rack.take(name)
    return taken


async def _list(keeper: Colleague, rack: RackSet, zone: str) -> float:
    """Milliseconds from the request to the last light of the list."""
    begun = time.perf_counter()
    lit = await keeper.post("/lists", zone=zone)
    await _all(rack, rack.lights, lambda light: light == lit["colour"])
    taken = (time.perf_counter() - begun) * 1000
    await keeper.post("/lists/stop", list_id=lit["id"])
    await _all(rack, rack.lights, lambda light: light == "off")
    return taken


async def _all(rack: RackSet, names: Iterable[str], are: Callable[[str], bool]) -> None:
    """Waits until the lights of `names` are so."""
    async with asyncio.timeout(30):
        for name in names:
            while not are(rack.lights[name].now):
                await rack.lights[name].leave(rack.lights[name].now)
