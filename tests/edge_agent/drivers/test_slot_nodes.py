"""A slot node that vanishes and comes back, on a real broker, and what is said that nobody understands."""

import queue
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from edge_agent.devices import Light
from edge_agent.errors import DeviceError
from simulators.cable import Cable
from simulators.pki import Identity
from tests.edge_agent.drivers.worlds import OnNode, on_node
from wire.slot_nodes import OCCUPIED, ONLINE, node_topic


@pytest.fixture
def world(tmp_path: Path) -> Iterator[OnNode]:
    with on_node(tmp_path) as world:
        yield world


def heard(world: OnNode, text: str) -> None:
    """Waits until the driver reports something with `text` in it."""
    while text not in str(world.reports.get(timeout=240)):
        pass


def test_a_node_without_power_is_lost_and_is_back_with_what_was_missed_in_between(world: OnNode) -> None:
    slots = world.slots()
    said: queue.Queue[tuple[str, bool]] = queue.Queue()
    slots.watch(lambda slot, occupied: said.put((slot, occupied)))
    assert {said.get(timeout=240), said.get(timeout=240)} == {("A-01", False), ("A-02", False)}
    world.node.pull_the_plug()
    heard(world, "slot node rack-1 is gone")
    with pytest.raises(DeviceError, match="rack-1 is not there"):
        slots.light("A-01", Light.GREEN)
    world.lay("A-02", True)
    world.node.power_on()
    assert world.reports.get(timeout=240) is None
    assert said.get(timeout=240) == ("A-02", True)
    slots.light("A-02", Light.RED)
    world.reach_slot("A-01", Light.GREEN)
    world.reach_slot("A-02", Light.RED)
    slots.stop()


def test_a_broker_that_is_started_again_finds_both_where_they_were(world: OnNode) -> None:
    slots = world.slots()
    slots.light("A-01", Light.GREEN)
    world.reach_slot("A-01", Light.GREEN)
    world.call(world.local.broker.kill())
    heard(world, "local broker")
    world.node.sees("off", "off")  # after a while without a broker it shows nothing
    world.lay("A-01", True)
    said: queue.Queue[tuple[str, bool]] = queue.Queue()
    slots.watch(lambda slot, occupied: said.put((slot, occupied)))
    world.call(world.local.broker.start())
    world.reach_slot("A-01", Light.GREEN)
    while said.get(timeout=240) != ("A-01", True):
        pass
    slots.stop()


def test_when_the_agent_vanishes_its_last_will_puts_the_lights_out(world: OnNode) -> None:
    cable = Cable(world.local.broker.port)
    world.call(cable.plug())
    slots = world.slots(port=cable.port)
    slots.light("A-02", Light.AMBER)
    world.reach_slot("A-02", Light.AMBER)
    world.call(_do(cable.cut))
    world.reach_slot("A-02", Light.OFF)
    heard(world, "local broker")
    world.call(_do(cable.mend))
    world.reach_slot("A-02", Light.AMBER)
    slots.stop()
    world.call(cable.unplug())


def test_a_light_asked_for_by_who_hears_a_change_is_shown(world: OnNode) -> None:
    slots = world.slots()
    slots.watch(lambda slot, occupied: slots.light(slot, Light.RED if occupied else Light.OFF))
    world.lay("A-01", True)
    world.reach_slot("A-01", Light.RED)
    slots.stop()


def test_a_node_that_was_never_there_is_lost(world: OnNode) -> None:
    slots = world.build(silent_s=0.1)
    heard(world, "rack-1 says nothing")
    slots.stop()


@pytest.mark.parametrize(
    ("channel", "payload", "problem"),
    [
        (ONLINE, b"yes", "not what a slot node says"),
        (ONLINE, b'{"v": 2, "online": true}', "not what a slot node says"),
        (OCCUPIED, b'{"v": 1, "slots": {"A-01": "perhaps"}}', "not what a slot node says"),
        (OCCUPIED, b'{"v": 1, "slots": {}, "x": "' + b"x" * (16 << 10) + b'"}', "16384 is the most"),
        (ONLINE, b'{"v": 1, "online": true, "slots": ["A-01"]}', "has no slot A-02"),
    ],
)
def test_what_is_not_understood_is_a_lost_device(world: OnNode, channel: str, payload: bytes, problem: str) -> None:
    slots = world.build()
    world.call(as_node(world, channel, payload))
    heard(world, problem)
    slots.stop()


def test_nobody_speaks_for_another_node(world: OnNode) -> None:
    """What is forbidden vanishes at the broker: of rack-2 only its own word is heard, which came later."""
    slots = world.build(node="rack-2")
    there = b'{"v": 1, "online": true, "slots": ["A-01", "A-02"]}'
    world.call(as_node(world, ONLINE, there, node="rack-2"))
    other = world.local.authority.client("rack-2", datetime.now(UTC))
    world.call(as_node(world, ONLINE, b"no", node="rack-2", identity=other))
    heard_first = world.reports.get(timeout=240)
    assert heard_first is not None
    assert "not what a slot node says" in heard_first
    slots.stop()


async def as_node(
    world: OnNode, channel: str, payload: bytes, node: str = "rack-1", identity: Identity | None = None
) -> None:
    """Publishes as the holder of a certificate, rack-1's where none is given."""
    own = identity or world.local.node
    context = ssl.create_default_context(cafile=str(world.local.authority.certificate_file))
    context.load_cert_chain(own.certificate, own.key)
    async with aiomqtt.Client("127.0.0.1", world.local.broker.port, tls_context=context) as client:
        await client.publish(node_topic(node, channel), payload, qos=1, retain=True)


async def _do(work: Any) -> None:
    work()
