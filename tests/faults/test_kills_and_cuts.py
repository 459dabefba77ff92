"""What FINDINGS lists of others, of us: 200 numbered facts a second, three SIGKILLs for each of four processes, the far
side gone for as long as 4,000 facts take, a cable that swallows everything. None lost, none doubled (`make faults`).
"""

from pathlib import Path

import pytest

from tests.system.harm import kill_database
from tests.system.world import FACTS_A_S, none_lost_none_doubled, open_warehouse, progress, recorded

ROUNDS = 3

pytestmark = pytest.mark.timeout(900)


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
