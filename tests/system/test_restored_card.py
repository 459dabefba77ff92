"""An old memory card that was put back: named in an alarm, and back at work after two people looked into it (N6).

The agent is a real process on a real journal; its card is copied, time passes, and the copy is put back.
"""

import asyncio
import shutil
import sqlite3
from contextlib import AsyncExitStack, closing
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from simulators.broker import free_port
from simulators.tally import newest
from simulators.warehouse import AGENT, SITE, Staff, Warehouse
from tests.system.waiting import until
from tests.system.world import progress, recorded

FACTS_A_S = 40
PEOPLE = [Staff(f"clerk{number}", SITE, "张三", ("operator",), f"a long password {number}") for number in (1, 2)]

pytestmark = pytest.mark.timeout(1200)


def asked(warehouse: Warehouse, query: str, *values: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(warehouse.database_url()) as connection:
        return connection.execute(query.encode(), values).fetchall()


async def alarmed(warehouse: Warehouse, cause: str) -> int:
    """Waits for the alarm; its id."""
    query = "SELECT id FROM alarm WHERE cause = %s AND place = %s AND cleared_at IS NULL"

    async def raised() -> bool:
        return bool(await asyncio.to_thread(asked, warehouse, query, cause, AGENT))

    await until(raised, f"the alarm {cause}")
    ((found,),) = await asyncio.to_thread(asked, warehouse, query, cause, AGENT)
    return int(found)


async def salvaged(warehouse: Warehouse, own: set[int]) -> bool:
    query = "SELECT content::jsonb -> 'body' ->> 'seq' FROM fact WHERE kind = 'fact_salvaged'"
    return {int(seq) for (seq,) in await asyncio.to_thread(asked, warehouse, query)} == own


async def clear(warehouse: Warehouse, alarm: int, who: Staff) -> dict[str, Any]:
    headers = {"X-Sealtrail": "1"}
    async with httpx.AsyncClient(base_url=f"{warehouse.url}/api/v1/", headers=headers, timeout=240) as client:
        signed_in = await client.post("session", json={"username": who.username, "password": who.password})
        assert signed_in.status_code == 200, signed_in.text
        answer = await client.post(f"alarms/{alarm}/clear", json={"cause_code": "restored_backup"})
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told


def copy_card(folder: Path, to: Path) -> None:
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(folder, to)


async def test_an_old_card_is_named_and_goes_on_after_two_people_let_it(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        warehouse = Warehouse(tmp_path, free_port(), stack, lambda said: None)
        await warehouse.start_services()
        await warehouse.start_cloud(PEOPLE)
        await warehouse.start_edge(FACTS_A_S)
        card, copy = warehouse.journal.parent, tmp_path / "copy"
        await progress(warehouse, 2 * FACTS_A_S)
        await warehouse.edge.stop()
        await asyncio.to_thread(copy_card, card, copy)
        await warehouse.edge.start()
        await progress(warehouse, 2 * FACTS_A_S)
        await warehouse.edge.stop()
        last = await asyncio.to_thread(newest, warehouse.journal)

        await asyncio.to_thread(copy_card, copy, card)
        await warehouse.edge.start()
        alarm = await alarmed(warehouse, "equivocation")
        await recorded(warehouse, FACTS_A_S)  # it goes on recording meanwhile, and nothing of that is lost either
        assert not (await clear(warehouse, alarm, PEOPLE[0]))["cleared"]
        assert (await clear(warehouse, alarm, PEOPLE[1]))["cleared"]

        assert await warehouse.edge.ended() == 1  # what a service manager starts again
        await warehouse.edge.start()
        await progress(warehouse, 2 * FACTS_A_S)
        await alarmed(warehouse, "journal_renewed")
        with closing(sqlite3.connect(card / "old" / "1" / "journal.db")) as db:
            own = {seq for (seq,) in db.execute("SELECT seq FROM fact WHERE seq > (SELECT receipted FROM mark)")}
        await until(partial(salvaged, warehouse, own), "each fact that had no receipt is told again")
        ((after,),) = await asyncio.to_thread(
            asked, warehouse, "SELECT content::jsonb -> 'body' ->> 'after' FROM fact WHERE kind = 'journal_renewed'"
        )
        assert int(after) == last
        await warehouse.edge.stop()
        await warehouse.uplink.stop()
        assert await warehouse.check_ledger() is None
