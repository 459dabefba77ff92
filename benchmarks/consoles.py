"""200 consoles watch one warehouse: what they cost the web process."""

import asyncio
import secrets
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

from benchmarks.costs import resident_mb
from simulators.broker import free_port
from simulators.console import Colleague
from simulators.gatework import Ears
from simulators.warehouse import SITE, Staff, Warehouse

CONSOLES = 200
LIMIT_MB = 150.0
PATIENCE_S = 60
ASKED_FIRST = ("/passages", "/alarms?living=true&limit=500", "/agents")
"""What the live page asks before its stream."""


def run() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory(prefix="sealtrail-bench-") as folder:
        Path(folder).chmod(0o755)  # as root, PostgreSQL runs as somebody else
        asyncio.run(_run(Path(folder)))


async def _run(folder: Path) -> None:
    async with AsyncExitStack() as stack:
        warehouse = Warehouse(folder, free_port(), stack, Ears().hear)
        await warehouse.start_services()
        operator = Staff("operator", SITE, "operator", ("operator",), secrets.token_urlsafe(9))
        await warehouse.start_cloud([operator])
        colleague = Colleague(warehouse.url, operator.username, operator.password)
        stack.push_async_callback(colleague.leave)
        await colleague.sign_in()
        async with AsyncExitStack() as one:
            await _open(colleague, one)  # what only the first costs is no console's
        before = resident_mb(warehouse.web.pid)
        for _ in range(CONSOLES):
            await _open(colleague, stack)
        more = resident_mb(warehouse.web.pid) - before
    table = Table(title=f"{CONSOLES} consoles connected", title_justify="left")
    for column in ("what", "figure", "beside"):
        table.add_column(column)
    holds = "holds" if more <= LIMIT_MB else "DOES NOT HOLD"
    table.add_row("memory of the web process", f"{more:.1f} MB more", f"limit {LIMIT_MB:g} MB: {holds}")
    table.add_row("of that, each", f"{1000 * more / CONSOLES:.0f} kB", f"{before:.0f} MB with none")
    Console().print(table)


async def _open(colleague: Colleague, stack: AsyncExitStack) -> None:
    """A browser of its own opens the live page; its stream stays open until `stack` ends."""
    of, timeout = colleague.client, httpx.Timeout(PATIENCE_S, read=None)
    client = await stack.enter_async_context(
        httpx.AsyncClient(base_url=of.base_url, cookies=of.cookies, timeout=timeout, trust_env=False)
    )
    for path in ASKED_FIRST:
        (await client.get(path)).raise_for_status()
    stream = await stack.enter_async_context(client.stream("GET", "/live", params={"site": SITE}))
    stream.raise_for_status()
