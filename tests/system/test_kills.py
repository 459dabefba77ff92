"""SIGKILL for each of them in turn while facts flow: none is lost, none is doubled (the long form is tests/faults)."""

import asyncio
from pathlib import Path

import pytest

from tests.system.harm import kill_database
from tests.system.world import count, let_facts_flow, open_warehouse, progress

pytestmark = pytest.mark.timeout(1200)


async def test_agent_uplink_broker_and_database_die_and_no_fact_is_lost_or_doubled(tmp_path: Path) -> None:
    async with open_warehouse(tmp_path) as (warehouse, ears), asyncio.TaskGroup() as group:
        flow = group.create_task(let_facts_flow(warehouse, ears))
        await progress(warehouse, 5)
        for child in (warehouse.edge, warehouse.uplink):
            await child.kill()
            await child.start()
            await child.ready()
            await progress(warehouse, 3)
        await warehouse.broker.kill()
        await warehouse.broker.start()
        await progress(warehouse, 3)
        await kill_database(warehouse)
        await warehouse.start_database()
        await progress(warehouse, 3)
        flow.cancel()
        found = await count(warehouse)
        assert (found.lost, found.duplicated, found.foreign, found.in_order) == (0, 0, 0, True)
        assert found.recorded == found.in_ledger > 20
        await warehouse.uplink.stop()  # it signs the log at the latest when it ends
        assert await warehouse.check_ledger() is None
