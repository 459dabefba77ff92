"""The whole agent with a rack behind a slot node: the node's own firmware, and a real broker between them."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from simulators.stage import Stage
from tests.edge_agent.cloud_peer import cloud_peer
from tests.edge_agent.scene import SITE
from tests.edge_agent.test_agent import Media, Site, has, real_time, running
from tests.edge_agent.test_agent_rack import on_stage
from tests.firmware_scripts.nodes import PINS, LocalBroker, NodeProcess
from wire.memory import MemoryBroker


@dataclass
class Rack:
    """A site whose rack hangs on `node`."""

    site: Site
    node: NodeProcess


@pytest.fixture
async def rack(tmp_path: Path) -> AsyncIterator[Rack]:
    local = LocalBroker(tmp_path)
    await local.broker.start()
    stage = Stage(tmp_path / "stage.sock", ["gate-a"], {"rack-1": list(PINS)})
    await stage.open()
    node = NodeProcess(tmp_path / "node", local)
    options = {name: str(value) if isinstance(value, Path) else value for name, value in local.options().items()}
    station: dict[str, object] = {
        "kind": "rack", "name": "rack-1", "camera": "eye", "indicator": "lights",
        "slots": {name: f"{SITE}/S-{name}" for name in PINS},
    }  # fmt: skip
    devices: list[dict[str, object]] = [
        on_stage("eye", "camera_sim", "rack-1.camera"),
        {"name": "lights", "driver": "slots_mqtt", "options": options},
    ]
    media = Media(url="http://127.0.0.1:1")
    yield Rack(Site(tmp_path, stage, MemoryBroker(), media, stations=[station], devices=devices), node)
    if node.process:
        node.pull_the_plug()
    await stage.close()
    await local.broker.stop()


async def test_a_node_that_vanishes_and_comes_back_is_two_facts_and_what_it_sees_is_one_each(rack: Rack) -> None:
    node, hands = rack.node, real_time()
    node.power_on()
    async with cloud_peer(rack.site.broker, hands) as peer, running(rack.site):
        await peer.until(has("slot_changed", 2))  # how the slots were at the start
        until = "2999-01-01T00:00:00.000000Z"
        await peer.order("o1", "light_slot", {"slot": f"{SITE}/S-A-02", "things": [], "until": until})
        await asyncio.to_thread(node.reach, "A-02", "amber")
        node.lay("A-02", True)
        await asyncio.to_thread(node.reach, "A-02", "off")  # what was lit for it is there
        await peer.until(has("slot_changed", 3))
        there = {"station": "rack-1", "slot": f"{SITE}/S-A-02", "occupied": True}
        assert peer.of("slot_changed")[-1] == there
        await asyncio.to_thread(node.pull_the_plug)
        await peer.until(has("device_lost"))
        node.lay("A-02", False)
        node.power_on()
        await peer.until(has("device_back"))
        await peer.until(has("slot_changed", 4))
        assert peer.of("slot_changed")[-1] == {**there, "occupied": False}
        told = [(one.fact.kind, one.fact.device) for one in peer.facts if one.fact.kind.startswith("device_")]
        assert told == [("device_lost", "rack-1.lights"), ("device_back", "rack-1.lights")]
        assert peer.of("device_lost") == [{"problem": "slot node rack-1 is gone"}]
