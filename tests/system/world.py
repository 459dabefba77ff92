"""A whole warehouse for a test: the demo's own parts, facts that flow, and their count at the end."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from simulators.acting import Held
from simulators.broker import free_port
from simulators.gatework import Ears
from simulators.tally import Tally, journal_facts, ledger_facts, newest, receipted, tally
from simulators.warehouse import AGENT, SITE, Warehouse
from tests.system.harm import Faults
from tests.system.waiting import until

FACTS_A_S = 200
"""As many as those had of whom FINDINGS tells what they lose."""


@asynccontextmanager
async def open_warehouse(folder: Path, facts_a_second: int = 0) -> AsyncIterator[tuple[Warehouse, Ears]]:
    """Everything runs; everything is stopped at the end. See Warehouse.start_edge for `facts_a_second`."""
    ears = Ears()
    async with AsyncExitStack() as stack:
        warehouse = Warehouse(folder, free_port(), stack, ears.hear)
        await warehouse.start_services()
        await warehouse.start_cloud([])
        await warehouse.start_edge(facts_a_second)
        yield warehouse, ears


async def let_facts_flow(warehouse: Warehouse, ears: Ears) -> None:
    """A stranger stands in each gate's outer beam and shows one code after the other: each is refused, and a fact."""
    for gate in warehouse.stage.gates.values():
        await gate.beams["outside"].set(True)  # also for an agent that starts anew in the midst of it
    for number in itertools.count():
        for gate in warehouse.stage.gates.values():
            gate.show([Held(f"SHOP {number:06} {gate.name}", "")])
        await _more_than(ears, len(ears.heard))


async def _more_than(ears: Ears, heard: int) -> None:
    await until(lambda: len(ears.heard) > heard, "the gates see again")  # they are blind while their agent is down


async def progress(warehouse: Warehouse, facts: int, seconds: float = 240) -> None:
    """Returns when `facts` more than now have their receipt: all of the way works."""
    start = await asyncio.to_thread(receipted, warehouse.journal)

    async def came_on() -> bool:
        return await asyncio.to_thread(receipted, warehouse.journal) >= start + facts

    await until(came_on, f"{facts} facts more are receipted", seconds)


async def recorded(warehouse: Warehouse, facts: int) -> None:
    """Returns when the agent has recorded `facts` more than now, receipted or not."""
    start = await asyncio.to_thread(newest, warehouse.journal)

    async def came_on() -> bool:
        return await asyncio.to_thread(newest, warehouse.journal) >= start + facts

    await until(came_on, f"{facts} facts more are recorded", 300)


async def count(warehouse: Warehouse) -> Tally:
    """Journal against ledger, once every fact that was recorded has its receipt."""
    facts = await asyncio.to_thread(journal_facts, warehouse.journal)

    async def all_receipted() -> bool:
        return await asyncio.to_thread(receipted, warehouse.journal) >= facts[-1][0]

    await until(all_receipted, "every fact has its receipt", 240)
    return tally(facts, await asyncio.to_thread(ledger_facts, warehouse.database_url(), SITE, AGENT))


async def none_lost_none_doubled(warehouse: Warehouse, at_least: int) -> None:
    """Every fact in the journal is in the ledger, once and in order, and the ledger holds."""
    await warehouse.edge.stop()  # no new facts; what has no receipt goes up at the next start
    await warehouse.edge.start()
    await warehouse.edge.ready()
    found = await count(warehouse)
    assert (found.lost, found.duplicated, found.foreign, found.in_order) == (0, 0, 0, True)
    assert found.recorded == found.in_ledger >= at_least
    await warehouse.uplink.stop()  # it signs the log at the latest when it ends
    assert await warehouse.check_ledger() is None


async def harmed(folder: Path, seed: int, faults: int, say: Callable[[str], None]) -> None:
    """So many faults, drawn by `seed`; after each one facts get receipts again, and at the end all are counted."""
    async with open_warehouse(folder, FACTS_A_S) as (warehouse, _):
        harm = Faults(warehouse, seed, lambda: recorded(warehouse, FACTS_A_S // 10))
        await progress(warehouse, FACTS_A_S)
        for number in range(1, faults + 1):
            name = await harm.one()
            await progress(warehouse, FACTS_A_S // 10, 240)
            if number % 50 == 0 or number == faults:
                say(f"{number} of {faults}, the last one: {name}")
        say(", ".join(f"{name} {times}" for name, times in sorted(harm.done.items())))
        await none_lost_none_doubled(warehouse, faults * FACTS_A_S // 10)
