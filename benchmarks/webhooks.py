"""Webhooks: deliveries a second to a receiver on this machine, each signed, and noted before and after its attempt.

Beside it the same client that posts the same bodies and keeps nothing, and what a busy site's ledger grows by.
"""

import asyncio
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.staffed import staffed
from benchmarks.telling import Teller
from cloud.webhooks.addresses import Gatehouse
from cloud.webhooks.posting import Poster
from custody.roles import Role
from simulators.console import Colleague
from simulators.gatework import Ears
from simulators.premises import HOST
from simulators.warehouse import SITE
from wire.link import Link

DELIVERIES, SEVERAL = 1000, 4
LIMIT_A_S = 100.0
"""Entries a second of a ledger that one webhook, told of all of them, keeps up with."""
PATIENCE_S = 240
ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"


@dataclass(slots=True)
class Receiver:
    """Somebody who is told; `came` when each delivery did, by its path, and its ids, for none may come twice."""

    port: int = 0
    body: bytes = b""
    came: dict[str, list[float]] = field(default_factory=dict)
    ids: set[str] = field(default_factory=set)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def open(self, stack: AsyncExitStack) -> None:
        """Listens."""
        server = await asyncio.start_server(self._talk, HOST, 0)
        stack.callback(server.close)
        self.port = server.sockets[0].getsockname()[1]

    async def until(self, path: str, count: int) -> list[float]:
        """When the first `count` deliveries to `path` came, once they have."""
        async with asyncio.timeout(PATIENCE_S), self.news:
            await self.news.wait_for(lambda: len(self.came.get(path, ())) >= count)
        return self.came[path][:count]

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                headers = {name.lower(): text for name, _, text in (line.partition(": ") for line in lines)}
                self.body = await reader.readexactly(int(headers["content-length"]))
                writer.write(ANSWER)
                async with self.news:
                    self.came.setdefault(first.split()[1], []).append(time.perf_counter())
                    self.ids.add(headers.get("webhook-id", ""))
                    self.news.notify_all()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # whoever told us has gone
        finally:
            writer.close()


def run() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory(prefix="sealtrail-bench-") as folder:
        Path(folder).chmod(0o755)  # as root, PostgreSQL runs as somebody else
        asyncio.run(_run(Path(folder)))


async def _run(folder: Path) -> None:
    async with AsyncExitStack() as stack:
        receiver = Receiver()
        await receiver.open(stack)
        warehouse, colleague = await staffed(folder, stack, Role.ADMIN, Ears(), {"webhook_hosts": HOST})
        teller = Teller(f"{SITE}.load")
        await warehouse.add_agent(teller.agent, teller.key.public.text)
        link = await stack.enter_async_context(warehouse.connect_as(teller.agent)())
        await _tell(colleague, receiver, "first")
        await _say(link, teller)
        alone = _a_second(await receiver.until("/first", DELIVERIES))
        paths = [f"several{number}" for number in range(SEVERAL - 1)]
        for path in paths:
            await _tell(colleague, receiver, path)
        known = len(receiver.came["/first"])
        await _say(link, teller)
        came = [(await receiver.until("/first", known + DELIVERIES))[known:]]
        came += [await receiver.until(f"/{path}", DELIVERIES) for path in paths]
        together = _a_second(sorted(at for each in came for at in each))
        deliveries = sum(map(len, receiver.came.values()))
        twice = deliveries - len(receiver.ids)
        bare = await _bare(receiver)
    table = Table(title="Webhooks to a receiver on this machine", title_justify="left")
    for column in ("what", "figure", "beside"):
        table.add_column(column)
    holds = "holds" if alone >= LIMIT_A_S else "DOES NOT HOLD"
    table.add_row("one webhook", f"{alone:,.0f} deliveries/s", f"limit {LIMIT_A_S:g}/s: {holds}")
    table.add_row("", "", f"{bare:,.0f}/s by the same client, one after the other, that keeps nothing")
    table.add_row(f"{SEVERAL} webhooks at once", f"{together:,.0f} deliveries/s in all", "")
    table.add_row("told twice", str(twice), f"of {deliveries:,}")
    Console().print(table)


async def _tell(colleague: Colleague, receiver: Receiver, path: str) -> None:
    """A webhook of all that the talking agent says from now on."""
    url = f"http://{HOST}:{receiver.port}/{path}"
    await colleague.post("/webhooks", name=path, url=url, events=["fact.gate_moved"], signs="v1")


async def _say(link: Link, teller: Teller) -> None:
    """DELIVERIES facts, as fast as they go."""
    first = len(teller.facts) + 1
    teller.chatter(DELIVERIES)
    for begin in range(first, first + DELIVERIES, 500):
        await link.publish(teller.topic, teller.batch(begin, begin + 499))


async def _bare(receiver: Receiver) -> float:
    """Posts a second of the sender's own client, with the last body."""
    url, body = f"http://{HOST}:{receiver.port}/bare", receiver.body
    async with Poster(Gatehouse(frozenset({HOST}))).open() as post:
        for _ in range(DELIVERIES):
            assert (await post(url, body, {})).taken
    return _a_second(receiver.came["/bare"])


def _a_second(came: list[float]) -> float:
    return (len(came) - 1) / (came[-1] - came[0])
