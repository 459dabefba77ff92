"""From a door's edge to the screen: agent, uplink worker and live stream tell of one trace for each fact."""

import asyncio
import itertools
import json
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from benchmarks.telling import Teller
from cloud.db.pool import Pool, Tx
from cloud.live.hub import Hub
from cloud.live.service import Event, event
from cloud.uplink import Uplink as Taking
from cloud.world import World
from edge_agent.journal.journal import Journal
from edge_agent.tracing import Tracing
from edge_agent.uplink import Uplink
from tests.cloud.conftest import Database, clock, database, new_name, pool, server, site, template, world
from tests.cloud.receiving import CLOUD_KEY, LOG_KEY, Receiving
from tests.cloud.test_uplink import QUICK
from tests.edge_agent.hands import Hands, fact
from tests.system.waiting import until
from wire.memory import MemoryBroker
from wire.topics import RECEIPTS, Topic
from wire.tracing import ORDER, Tracer

__all__ = ["clock", "database", "new_name", "pool", "server", "site", "template", "world"]


class Receiver:
    """An OTLP/HTTP receiver: keeps the spans it is sent, by trace."""

    def __init__(self) -> None:
        self.spans: list[tuple[str, dict[str, Any]]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                assert (self.path, self.headers["Content-Type"]) == ("/v1/traces", "application/json")
                for resource in body["resourceSpans"]:
                    (service,) = [one["value"]["stringValue"] for one in resource["resource"]["attributes"]
                                  if one["key"] == "service.name"]  # fmt: skip
                    outer.spans += [(service, span) for scope in resource["scopeSpans"] for span in scope["spans"]]
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, format: str, *arguments: object) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def trace(self, seq: int) -> list[tuple[str, dict[str, Any]]]:
        """The spans of the agent's fact `seq`, in order of their beginnings."""
        wanted = {"key": "fact.seq", "value": {"intValue": str(seq)}}
        ids = {span["traceId"] for _, span in self.spans if wanted in span["attributes"]}
        return [one for one in self.spans if one[1]["traceId"] in ids]


async def every_entry(tx: Tx, site: str, after: int, upto: int) -> list[Event]:
    return [event("entry", {"index": index}, index) for index in range(after + 1, upto + 1)]


@asynccontextmanager
async def running(*works: Any) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(work) for work in works]
    yield
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def test_one_trace_from_the_journal_to_the_screen(
    pool: Pool, world: World, site: str, database: Database, tmp_path: Path
) -> None:
    receiver, broker, teller = Receiver(), MemoryBroker(), Teller("nj01.gate-a")
    tracers = {name: Tracer(receiver.url, name) for name in ("nj01.gate-a", "uplink", "web")}
    receiving = Receiving(pool, world, site)
    await receiving.know(teller)
    hands = Hands(error_ms=None)
    journal = Journal(tmp_path, hands.clock, lambda size: bytes(size), reserve_bytes=0)
    tracing = Tracing(hands.clock, tracers["nj01.gate-a"])
    journal.trace(tracing.recorded)
    going = Uplink("nj01.gate-a", teller.key, journal, hands.clock, {CLOUD_KEY.public.kid: CLOUD_KEY.public}.get,
                   tracing=tracing)  # fmt: skip
    going.attach(asyncio.get_running_loop())
    taking = Taking(pool, receiving.office, broker.connect, lambda _: LOG_KEY, QUICK, tracer=tracers["uplink"])
    hub = Hub(pool, database.app, every_entry, tracer=tracers["web"])

    async def live() -> None:
        async with broker.connect() as link:
            await link.subscribe(str(Topic("nj01.gate-a", RECEIPTS)))
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(going.drain(link))
                async for message in link.messages():
                    await going.on_receipt(message.payload)

    async def watch() -> None:
        watcher = hub.new_watcher()
        async for _ in hub.follow(watcher, site, None):
            watching.set()

    watching = asyncio.Event()
    async with running(taking.run(), hub.run(), watch(), live()), asyncio.timeout(240):
        await hub.listens.wait()
        await taking.ready.wait()
        await watching.wait()
        for number in range(3):
            await asyncio.to_thread(partial(journal.record, fact(str(number))))
        await until(lambda: journal.receipted == 3, "all three are receipted")
        await until(lambda: len(receiver.trace(2)) >= len(ORDER), "all of its steps are told")
    await asyncio.to_thread(journal.close)
    for tracer in tracers.values():
        await asyncio.to_thread(tracer.close)
    receiver.close()
    steps = {span["name"]: (service, span) for service, span in receiver.trace(2)}
    assert set(steps) == set(ORDER)
    assert {name: service for name, (service, _) in steps.items()} == {
        "edge.record": "nj01.gate-a", "edge.publish": "nj01.gate-a", "cloud.verify": "uplink",
        "cloud.ledger": "uplink", "live.push": "web",
    }  # fmt: skip
    for before, after in itertools.pairwise(ORDER):
        assert steps[after][1]["parentSpanId"] == steps[before][1]["spanId"]
    assert len({span["traceId"] for _, span in receiver.spans}) == 3
    rows = await receiving.rows("SELECT index FROM fact WHERE seq = 2")
    assert {"key": "ledger.index", "value": {"intValue": str(rows[0]["index"])}} in steps["live.push"][1]["attributes"]
