"""The whole agent with a door on the simulators' stage: who is let in, and who only follows."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from custody.tasks import TASK_TYPE
from proof import jws
from simulators.acting import Held
from simulators.crowd import Walker
from simulators.frames import On
from simulators.stage import Stage
from tests.edge_agent.cloud_peer import cloud_peer
from tests.edge_agent.rack_scene import a_task
from tests.edge_agent.scene import AGENT, CLOUD, SITE, phone
from tests.edge_agent.test_agent import Media, Site, has, real_time, running
from tests.edge_agent.test_agent_rack import on_stage
from wire.memory import MemoryBroker


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    stage = Stage(tmp_path / "stage.sock", ["gate-a"], {"rack-1": ["A-01"]}, ["store"])
    await stage.open()
    rack: dict[str, object] = {
        "kind": "rack", "name": "rack-1", "camera": "eye", "indicator": "lights", "slots": {"A-01": f"{SITE}/S-A-01"},
    }  # fmt: skip
    door: dict[str, object] = {
        "kind": "door", "name": "store", "camera": "peephole", "door": "leaf", "exit": "push", "guards": ["rack-1"],
        "zones": ["ordinary"], "heads": {"camera": "overhead"},
    }  # fmt: skip
    devices = [
        on_stage("eye", "camera_sim", "rack-1.camera"),
        on_stage("lights", "slots_sim", "rack-1.slots"),
        on_stage("peephole", "camera_sim", "store.camera"),
        on_stage("overhead", "camera_sim", "store.above"),
        on_stage("leaf", "door_sim", "store.leaf"),
        on_stage("push", "button_sim", "store.exit"),
    ]
    yield Site(tmp_path, stage, MemoryBroker(), Media(url="http://127.0.0.1:1"), stations=[rack, door], devices=devices)
    await stage.close()


async def test_somebody_is_let_in_for_a_task_another_follows_and_both_come_out(site: Site) -> None:
    hands, door = real_time(), site.stage.doors["store"]
    async with cloud_peer(site.broker, hands) as peer, running(site):
        task = a_task(hands, f"{SITE}/A-1", "A", agent=AGENT)
        await peer.order("o1", "task", {"task": jws.sign(task.payload(), CLOUD, TASK_TYPE)})
        await peer.until(has("order_answered"))
        door.show([Held(phone("LI", task.not_after), "LI", On.CARD)])
        await asyncio.wait_for(door.open(), 240)
        door.clear()
        await door.above.walk(Walker(0.5), Walker(0.5, start=0.9))
        await door.shut()
        await peer.until(has("door_closed"))
        await asyncio.wait_for(door.leave(), 240)
        await door.above.walk(Walker(0.3, way=-1), Walker(0.7, way=-1))
        await door.shut()
        await peer.until(lambda peer: len(peer.of("door_closed")) == 2)
        first, second = peer.of("door_closed")
        assert (first["people"], first["task"], second["people"]) == ([f"{SITE}/U-LI"], task.id, [])
        for session, way, other in ((first, "in", "out"), (second, "out", "in")):
            heads = session["heads"] or {way: 0, other: 0}  # a busy machine does not see all, and says so
            assert (heads[way] <= 2, heads[other]) == (True, 0)
        assert [opened["how"] for opened in peer.of("door_opened")] == ["decision", "exit"]
