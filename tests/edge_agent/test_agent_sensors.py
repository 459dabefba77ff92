"""The whole agent with a room on the stage and a window behind a gateway: readings, evidence, and what is unplugged."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from custody.things import Direction
from simulators.acting import Held
from simulators.stage import Stage
from tests.edge_agent.cloud_peer import CloudPeer, cloud_peer
from tests.edge_agent.scene import package
from tests.edge_agent.test_agent import Media, Site, chain_of, has, real_time, running
from tests.edge_agent.test_agent_rack import on_stage
from wire.memory import MemoryBroker

ROOM: dict[str, object] = {
    "kind": "sensors", "name": "room", "climate": ["air"], "tilt": ["seal"], "ups": ["power"], "alarmpanel": ["panel"],
    "at_most_every_s": 0.05,
}  # fmt: skip


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    stage = Stage(tmp_path / "stage.sock", ["gate-a"], rooms={"room": ["roof", "gate"]})
    await stage.open()
    devices = [
        on_stage("air", "climate_sim", "room.climate"), on_stage("seal", "tilt_sim", "room.tilt"),
        on_stage("power", "ups_sim", "room.ups"), on_stage("panel", "alarmpanel_sim", "room.alarmpanel"),
        on_stage("horn", "buzzer_sim", "room.buzzer"),
    ]  # fmt: skip
    media = Media(url="http://127.0.0.1:1")
    gate: dict[str, object] = {"buzzer": "horn"}
    yield Site(tmp_path, stage, MemoryBroker(), media, stations=[ROOM], devices=devices, gate=gate)
    await stage.close()


async def test_what_a_room_measures_and_what_its_contacts_say_are_facts(site: Site) -> None:
    room = site.stage.rooms["room"]
    async with cloud_peer(site.broker, real_time()) as peer, running(site):
        await peer.until(has("contact_changed", 5))  # how they were at the start
        await peer.until(has("reading", 2))
        await room.measure(temperature=31.5)
        await peer.until(lambda peer: any(body["value"] == 31.5 for body in peer.of("reading")))
        for sensor, contact in (("tilt", "tilted"), ("ups", "power_lost"), ("alarmpanel", "roof")):
            await room.set(sensor, contact, True)
        await peer.until(has("contact_changed", 8))
    assert {(body["sensor"], body["contact"]) for body in peer.of("contact_changed") if body["active"]} == {
        ("tilt", "tilted"), ("ups", "power_lost"), ("alarmpanel", "roof"),
    }  # fmt: skip
    assert chain_of(site) >= len(peer.facts)


async def test_sensors_that_are_unplugged_and_come_back_are_facts_and_the_agent_goes_on(site: Site) -> None:
    async with cloud_peer(site.broker, real_time()) as peer, running(site):
        await peer.until(has("reading", 2))
        await site.stage.close()
        await peer.until(lambda peer: {"room.air", "room.seal", "room.power", "room.panel"} <= lost(peer))
        await site.stage.open()
        await peer.until(lambda peer: not lost(peer))
        await site.stage.rooms["room"].set("alarmpanel", "gate", True)
        await peer.until(lambda peer: peer.of("contact_changed")[-1]["active"])


def lost(peer: CloudPeer) -> set[str]:
    """Devices that were told to be lost and not back."""
    gone: set[str] = set()
    for sealed in peer.facts:
        if sealed.fact.kind == "device_lost":
            gone.add(sealed.fact.device)
        elif sealed.fact.kind == "device_back":
            gone.discard(sealed.fact.device)
    return gone


async def test_a_refusal_at_a_gate_with_a_buzzer_is_heard(site: Site) -> None:
    gate, room = site.stage.gates["gate-a"], site.stage.rooms["room"]
    async with cloud_peer(site.broker, real_time()), running(site):
        await gate.approach(Direction.OUT)
        gate.show([Held(package("STRANGER"), "?")])
        await asyncio.wait_for(room.tune.reach("refused"), 240)
        await asyncio.wait_for(gate.light.reach("red"), 240)
