"""200 consoles watch one warehouse: what they cost the web process, at rest and while 100 things a second happen."""

import asyncio
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

from benchmarks.bundle import refused
from benchmarks.costs import TICKS_A_S, resident_mb, ticks
from benchmarks.staffed import staffed
from benchmarks.telling import Teller
from custody.roles import Role
from simulators.console import Colleague
from simulators.gatework import Ears
from simulators.premises import HOST
from simulators.warehouse import SITE, Warehouse

CONSOLES = 200
LIMIT_MB = 150.0
EVENTS_A_S, SECONDS, BATCHES_A_S = 100, 30, 10
PATIENCE_S = 60
ASKED_FIRST = ("/passages", "/alarms?living=true&limit=500", "/agents")
"""What the live page asks before its stream."""
EVENT = b"\nevent: passage\n"


def run() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory(prefix="sealtrail-bench-") as folder:
        Path(folder).chmod(0o755)  # as root, PostgreSQL runs as somebody else
        asyncio.run(_run(Path(folder)))


@dataclass(slots=True)
class Stream:
    """An open stream that counts the events it brings, and notes when the `last` came; bare, for all share a core."""

    reader: asyncio.StreamReader
    seen: int = 0
    last: float = 0.0
    _rest: bytes = b""

    async def follow(self) -> None:
        """Reads until the stream ends."""
        while data := await self.reader.read(65536):
            data = self._rest + data
            if found := data.count(EVENT):
                self.seen, self.last = self.seen + found, time.perf_counter()
            self._rest = data[1 - len(EVENT) :]


@dataclass(slots=True)
class Flow:
    """Another agent of the site, which refuses EVENTS_A_S packages a second; when each batch of it was said."""

    teller: Teller = field(default_factory=lambda: Teller(f"{SITE}.load"))
    said: list[float] = field(default_factory=list)

    async def run(self, warehouse: Warehouse) -> None:
        """For SECONDS."""
        await warehouse.add_agent(self.teller.agent, self.teller.key.public.text)
        loop, size = asyncio.get_running_loop(), EVENTS_A_S // BATCHES_A_S
        async with warehouse.connect_as(self.teller.agent)() as link:
            due = loop.time()
            for _ in range(SECONDS * BATCHES_A_S):
                first = len(self.teller.facts) + 1
                for _ in range(size):
                    self.teller.say("passage_decided", refused())
                await link.publish(self.teller.topic, self.teller.batch(first, first + size - 1))
                self.said.append(time.perf_counter())
                due += 1 / BATCHES_A_S
                await asyncio.sleep(max(0.0, due - loop.time()))


async def _run(folder: Path) -> None:
    async with AsyncExitStack() as stack:
        warehouse, colleague = await staffed(folder, stack, Role.OPERATOR, Ears())
        async with AsyncExitStack() as one:
            await _open(colleague, warehouse.port, one)  # what only the first costs is no console's
        pid = warehouse.web.pid
        before = resident_mb(pid)
        streams = [await _open(colleague, warehouse.port, stack) for _ in range(CONSOLES)]
        quiet = resident_mb(pid) - before
        following = [asyncio.create_task(stream.follow()) for stream in streams]
        spent, begun, flow = ticks(pid), time.perf_counter(), Flow()
        flowing = asyncio.create_task(flow.run(warehouse))
        wanted, busy = EVENTS_A_S * SECONDS, quiet
        while time.perf_counter() - begun < SECONDS + PATIENCE_S and any(each.seen < wanted for each in streams):
            await asyncio.sleep(0.2)
            busy = max(busy, resident_mb(pid) - before)
        core = (ticks(pid) - spent) / TICKS_A_S / (time.perf_counter() - begun)
        await flowing
        for task in following:
            task.cancel()
    table = Table(title=f"{CONSOLES} consoles connected", title_justify="left")
    for column in ("what", "figure", "beside"):
        table.add_column(column)
    for what, more in (("nothing going on", quiet), (f"{EVENTS_A_S} events a second", busy)):
        holds = "holds" if more <= LIMIT_MB else "DOES NOT HOLD"
        table.add_row(f"memory of the web process, {what}", f"{more:.1f} MB more", f"limit {LIMIT_MB:g} MB: {holds}")
    table.add_row("of that at rest, each", f"{1000 * quiet / CONSOLES:.0f} kB", f"{before:.0f} MB with none")
    whole = sum(each.seen == wanted for each in streams)
    table.add_row(
        f"consoles that got each of {wanted:,} events", str(whole),
        f"of {CONSOLES}: {'holds' if whole == CONSOLES else 'DOES NOT HOLD'}",
    )  # fmt: skip
    late = max(each.last for each in streams) - flow.said[-1]
    table.add_row("the last event at the last console", f"{1000 * late:.0f} ms", "after it was said to the broker")
    table.add_row("the web process's core", f"{100 * core:.0f} %", f"{EVENTS_A_S * CONSOLES:,} events a second written")
    Console().print(table)


async def _open(colleague: Colleague, port: int, stack: AsyncExitStack) -> Stream:
    """A browser of its own opens the live page; its stream stays open until `stack` ends."""
    of = colleague.client
    client = await stack.enter_async_context(
        httpx.AsyncClient(base_url=of.base_url, cookies=of.cookies, timeout=PATIENCE_S, trust_env=False)
    )
    for path in ASKED_FIRST:
        (await client.get(path)).raise_for_status()
    cookies = "; ".join(f"{name}={value}" for name, value in of.cookies.items())
    reader, writer = await asyncio.open_connection(HOST, port)
    stack.callback(writer.close)
    writer.write(f"GET /api/v1/live?site={SITE} HTTP/1.1\r\nHost: {HOST}\r\nCookie: {cookies}\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 "), head
    return Stream(reader)
