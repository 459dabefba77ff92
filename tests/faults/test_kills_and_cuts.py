"""What FINDINGS lists of others, of us: 200 numbered facts a second, three SIGKILLs for each of four processes, the far
side gone for as long as 4,000 facts take, a cable that swallows everything. None lost, none doubled (`make faults`).
"""

from pathlib import Path

import pytest

from simulators.warehouse import Warehouse
from tests.system.world import count, kill_database, open_warehouse, progress, recorded

FACTS_A_S = 200
ROUNDS = 3

pytestmark = pytest.mark.timeout(900)


async def none_lost_none_doubled(warehouse: Warehouse, at_least: int) -> None:
    await warehouse.edge.stop()  # no new facts; what has no receipt goes up at the next start
    await warehouse.edge.start()
    await warehouse.edge.ready()
    found = await count(warehouse)
    assert (found.lost, found.duplicated, found.foreign, found.in_order) == (0, 0, 0, True)
    assert found.recorded == found.in_ledger >= at_least
    await warehouse.uplink.stop()  # it signs the log at the latest when it ends
    assert await warehouse.check_ledger() is None


@pytest.mark.parametrize("victim", ["agent", "uplink", "broker", "database"])
async def test_three_kills_in_the_midst_of_it(tmp_path: Path, victim: str) -> None:
    async with open_warehouse(tmp_path, FACTS_A_S) as (warehouse, _):
        for _ in range(ROUNDS):
            await progress(warehouse, 5 * FACTS_A_S, 240)
            if victim == "database":
                await kill_database(warehouse)
                await warehouse.start_database()
            elif victim == "broker":
                await warehouse.broker.kill()
                await warehouse.broker.start()
            else:
                child = warehouse.edge if victim == "agent" else warehouse.uplink
                await child.kill()
                await child.start()
                await child.ready()
        await progress(warehouse, FACTS_A_S, 240)
        await none_lost_none_doubled(warehouse, ROUNDS * 5 * FACTS_A_S)


@pytest.mark.parametrize("far_side", ["uplink", "broker", "database"])
async def test_the_far_side_is_gone_and_comes_back(tmp_path: Path, far_side: str) -> None:
    async with open_warehouse(tmp_path, FACTS_A_S) as (warehouse, _):
        await progress(warehouse, FACTS_A_S)
        if far_side == "database":
            await kill_database(warehouse)
        elif far_side == "broker":
            await warehouse.broker.kill()
        else:
            await warehouse.uplink.kill()
        await recorded(warehouse, 20 * FACTS_A_S)
        if far_side == "database":
            await warehouse.start_database()
        elif far_side == "broker":
            await warehouse.broker.start()
        else:
            await warehouse.uplink.start()
        await progress(warehouse, 21 * FACTS_A_S, 240)
        await none_lost_none_doubled(warehouse, 22 * FACTS_A_S)


async def test_a_cable_that_is_cut_and_one_that_swallows_everything(tmp_path: Path) -> None:
    async with open_warehouse(tmp_path, FACTS_A_S) as (warehouse, _):
        for harm in (warehouse.cut, warehouse.mute):
            await progress(warehouse, FACTS_A_S, 240)
            harm()
            await recorded(warehouse, 10 * FACTS_A_S)
            warehouse.mend()
        await progress(warehouse, FACTS_A_S, 240)
        await none_lost_none_doubled(warehouse, 20 * FACTS_A_S)
