"""From a sensor's edge to the alarm on the screen, while the same site tells 1,000 facts and 10,000 readings a second.

A fact is made, chained, signed, sent through the real broker, verified and put into the ledger; the alarm comes by the
live stream of a console. Some alarms the uplink raises itself (a device that is lost), others a rule of the pack (a
temperature that jumps, a device that is lost again and again). Before a fact is sent the edge puts it on its disk: what
that takes is in the benchmark `journal`.
"""

import asyncio
import secrets
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.measuring import Measurer
from benchmarks.screen import Load
from benchmarks.telling import Teller
from cloud.keys import CLOUD, read_key
from custody.alarm_rules import MOST_LIVING
from simulators.broker import free_port
from simulators.console import Colleague, Screen
from simulators.tally import percentiles
from simulators.warehouse import SITE, Staff, Warehouse
from wire.link import Link
from wire.topics import RECEIPTS, Topic

ROUNDS = MOST_LIVING // 2 - 2
"""Twice so many alarms of each rule: more than MOST_LIVING would be told as one."""
READINGS_A_S, BATCHES_A_S = 10_000, 10
LIMIT_MS = 1000.0
UPLINK, JUMP, UNSTEADY = "device_lost", "rule.climate_jump", "rule.device_unsteady"


def run() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory(prefix="sealtrail-bench-") as folder:
        Path(folder).chmod(0o755)  # as root, PostgreSQL runs as somebody else
        asyncio.run(_run(Path(folder)))


async def _run(folder: Path) -> None:
    table = Table(title="From a sensor's edge to the alarm on the screen", title_justify="left")
    for column in ("what", "figure", "beside"):
        table.add_column(column)
    async with AsyncExitStack() as stack:
        warehouse = Warehouse(folder, free_port(), stack, lambda _: None)
        await warehouse.start_services()
        operator = Staff("operator", SITE, "operator", ("operator",), secrets.token_urlsafe(9))
        await warehouse.start_cloud([operator])
        await warehouse.start_readings()
        colleague = Colleague(warehouse.url, operator.username, operator.password)
        stack.push_async_callback(colleague.leave)
        await colleague.sign_in()
        screen = Screen(colleague, SITE, lambda: datetime.now(UTC))
        watching = asyncio.create_task(screen.watch())
        stack.callback(watching.cancel)
        await screen.open.wait()
        load = Load(Teller(f"{SITE}.load"), read_key(folder / "keys", CLOUD).public)
        flood, sensors = _Flood(Measurer(f"{SITE}.meter")), _Sensors(Teller(f"{SITE}.room"), screen)
        for agent in (load.teller, flood.meter, sensors.teller):
            await warehouse.add_agent(agent.agent, agent.key.public.text)
        room = await stack.enter_async_context(warehouse.connect_as(sensors.teller.agent)())
        quiet = await sensors.alarms(room, "quiet")
        _add(table, "nothing else going on", quiet)
        talk = await stack.enter_async_context(warehouse.connect_as(load.teller.agent)())
        measure = await stack.enter_async_context(warehouse.connect_as(flood.meter.agent)())
        others = [load.talk(talk), load.listen(talk), flood.measure(measure), flood.listen(measure)]
        async with asyncio.TaskGroup() as group:
            beside = [group.create_task(other) for other in others]
            await load.flows.wait()
            before, begun = (load.receipted, flood.receipted), time.perf_counter()
            busy = await sensors.alarms(room, "busy")
            took = time.perf_counter() - begun
            facts, readings = (load.receipted - before[0]) / took, (flood.receipted - before[1]) / took
            for task in beside:
                task.cancel()
        _add(table, f"{facts:,.0f} facts/s and {readings:,.0f} readings/s receipted beside it", busy)
    Console().print(table)


def _add(table: Table, beside: str, found: dict[str, list[float]]) -> None:
    for cause, figures in found.items():
        told = percentiles(figures)
        holds = "holds" if told["p99"] <= LIMIT_MS else "DOES NOT HOLD"
        table.add_row(
            f"{len(figures)} × {cause}, {beside}", f"p50 {told['p50']} ms, p99 {told['p99']} ms",
            f"limit p99 {LIMIT_MS:g} ms: {holds}",
        )  # fmt: skip


@dataclass
class _Sensors:
    """An agent whose devices raise alarms, one after the other, and the screen that they come to."""

    teller: Teller
    screen: Screen

    async def alarms(self, link: Link, name: str) -> dict[str, list[float]]:
        """Milliseconds from before the fact was made to the screen, by cause, for devices called after `name`."""
        found: dict[str, list[float]] = {UPLINK: [], JUMP: [], UNSTEADY: []}
        for number in range(ROUNDS):
            device = f"room.{name}-{number}"
            lost = ("device_lost", {"problem": "gone"})
            found[UPLINK].append(await self._timed(link, device, UPLINK, [lost]))
            found[UNSTEADY].append(await self._timed(link, device, UNSTEADY, [lost] * 4))
            jumps = [_temperature(20.0), _temperature(30.0)]
            found[JUMP].append(await self._timed(link, device, JUMP, jumps))
        return found

    async def _timed(self, link: Link, device: str, cause: str, told: list[tuple[str, dict[str, Any]]]) -> float:
        begun = datetime.now(UTC)
        first = len(self.teller.facts) + 1
        for step, (kind, body) in enumerate(told):
            self.teller.say(kind, body, device=device, at=begun + timedelta(microseconds=step))
        await link.publish(self.teller.topic, self.teller.batch(first, len(self.teller.facts)))
        async with asyncio.timeout(30):
            shown = await self.screen.alarm(cause, f"{self.teller.agent}:{device}")
        return (shown.at - begun).total_seconds() * 1000


def _temperature(value: float) -> tuple[str, dict[str, Any]]:
    told = {"station": "room", "measures": "temperature", "value": value, "unit": "°C", "low": value, "high": value}
    return "reading", told


@dataclass
class _Flood:
    """An agent that sends telemetry of ten sensors."""

    meter: Measurer
    receipted: int = 0

    async def measure(self, link: Link) -> None:
        """READINGS_A_S readings a second in BATCHES_A_S batches."""
        loop = asyncio.get_running_loop()
        due, each = loop.time(), READINGS_A_S // BATCHES_A_S // 10
        await link.subscribe(str(Topic(self.meter.agent, RECEIPTS)))
        while True:
            series = [self.meter.run(each, device=f"room.air-{number}", step_us=10_000) for number in range(10)]
            await link.publish(self.meter.topic, self.meter.tell(*series, at=datetime.now(UTC)))
            due += 1 / BATCHES_A_S
            await asyncio.sleep(max(0.0, due - loop.time()))

    async def listen(self, link: Link) -> None:
        """Counts what was receipted: each batch has as many readings."""
        async for _ in link.messages():
            self.receipted += READINGS_A_S // BATCHES_A_S
