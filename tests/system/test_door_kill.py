"""SIGKILL for the agent while its door stands open: whom it let in is known after it, and their session is one."""

from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from custody.permits import time_text
from custody.roles import Role
from custody.tasks import TASK_TYPE, Task, TaskThing
from custody.things import Action, Kind, State
from edge_agent.clock import SystemClock, boot_id
from edge_agent.journal.journal import Journal
from edge_agent.key_files import read_key
from edge_agent.store import Effect
from proof import jws
from proof.keys import SigningKey
from simulators.acting import Held
from simulators.broker import free_port
from simulators.frames import On
from simulators.warehouse import AGENT, DOOR, SITE, Warehouse
from tests.edge_agent.hands import counted_bytes
from tests.system.waiting import until
from wire.labels import write_pass
from wire.rule_packs import load_rule_pack

LI = f"{SITE}/U-LI"

pytestmark = pytest.mark.timeout(300)


def give_task(warehouse: Warehouse, now: datetime) -> Task:
    """Puts a task by the cloud's key where the agent keeps those that came by an order."""
    task = Task(
        id=f"{SITE}/A-1", site=SITE, agent=AGENT, station="rack-1", action=Action.PLACE,
        things=(TaskThing(Kind.PACKAGE, f"{SITE}/P-1", 1, State.ARRIVED),), slot=f"{SITE}/S-A-01",
        people={LI: (Role.KEEPER,)}, rule_pack=load_rule_pack().hash,
        not_before=now - timedelta(hours=1), not_after=now + timedelta(hours=1),
    )  # fmt: skip
    token = jws.sign(task.payload(), key(warehouse, "cloud"), TASK_TYPE)
    journal = Journal(warehouse.journal.parent, SystemClock(boot_id()), counted_bytes())
    journal.apply([Effect("add_task", {"id": task.id, "jws": token, "not_after": time_text(task.not_after)})])
    journal.close()
    return task


def key(warehouse: Warehouse, name: str) -> SigningKey:
    return read_key(warehouse.folder / "keys" / f"{name}.pem")


def sessions(warehouse: Warehouse) -> list[dict[str, Any]]:
    with psycopg.connect(warehouse.database_url(), row_factory=dict_row) as connection:
        return connection.execute("SELECT state, people, task, open_ms FROM door_session ORDER BY index").fetchall()


def told(warehouse: Warehouse, kind: str) -> list[int]:
    with psycopg.connect(warehouse.database_url()) as connection:
        found = connection.execute("SELECT seq FROM fact WHERE kind = %s ORDER BY seq", [kind]).fetchall()
    return [seq for (seq,) in found]


async def test_who_was_let_in_is_known_after_the_agent_was_killed(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        warehouse = Warehouse(tmp_path, free_port(), stack, lambda _: None)
        await warehouse.start_services()
        await warehouse.start_cloud([])
        warehouse.furnish("rack-1", {"A-01": f"{SITE}/S-A-01"})
        warehouse.hang_door(["ordinary"])
        now = datetime.now(UTC)
        task = give_task(warehouse, now)
        await warehouse.start_edge()
        door = warehouse.stage.doors[DOOR]
        door.show([Held(write_pass(LI, 1, now + timedelta(minutes=5), key(warehouse, "label")), "LI", On.CARD)])
        await door.open()
        door.clear()

        async def is_(kind: str, times: int) -> None:
            async def so() -> bool:
                return len(told(warehouse, kind)) == times

            await until(so, f"{kind} is told {times} times", 60)

        await is_("door_opened", 1)
        for kills in (1, 2):
            await warehouse.edge.kill()
            if kills == 2:
                await door.shut()  # and nobody sees when
            await warehouse.edge.start()
            await warehouse.edge.ready()
            await is_("door_resumed", kills)
            state = "open" if kills == 1 else "closed"
            expected = {"state": state, "people": [LI], "task": task.id, "open_ms": None}
            assert sessions(warehouse) == [expected]
        assert (len(told(warehouse, "door_opened")), told(warehouse, "door_closed")) == (1, [])
        await warehouse.uplink.stop()
        assert await warehouse.check_ledger() is None
