"""The two worlds in which drivers are tried: mock pins, and the simulators' stage; one Protocol for both."""

import asyncio
import queue
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

from gpiozero import Device
from gpiozero.pins.mock import MockFactory

from edge_agent.devices import Around, Beam, Button, Door, Gate, Lamp, Light, Position, SlotIndicator
from edge_agent.drivers import (
    beam_gpiozero,
    beam_sim,
    button_gpiozero,
    button_sim,
    door_gpiozero,
    door_sim,
    gate_gpiozero,
    gate_sim,
    lamp_gpiozero,
    lamp_sim,
    slots_gpiozero,
    slots_mqtt,
    slots_sim,
)
from simulators.stage import Stage
from simulators.values import Value
from tests.edge_agent.hands import Hands
from tests.firmware_scripts.nodes import LocalBroker, NodeProcess

T = TypeVar("T")
SLOT_PINS = {"A-01": 7, "A-02": 10}
"""Of each slot the green lamp; the red one and the switch are the next two."""


class Rack(Protocol):
    """The other side of a rack's wires; `reach_slot` waits until it is so."""

    def slots(self) -> SlotIndicator: ...
    def reach_slot(self, slot: str, light: Light) -> None: ...
    def lay(self, slot: str, occupied: bool) -> None: ...


class World(Rack, Protocol):
    """The other side of the wires. `reach_…` waits until a thing is so; `break_beam` makes something stand in it."""

    def gate(self) -> Gate: ...
    def beam(self) -> Beam: ...
    def lamp(self) -> Lamp: ...
    def reach_gate(self, position: Position) -> None: ...
    def reach_lamp(self, light: Light) -> None: ...
    def break_beam(self, broken: bool) -> None: ...
    def button(self) -> Button: ...
    def press(self, pressed: bool) -> None: ...
    def door(self) -> Door: ...
    def reach_lock(self, unlocked: bool) -> None: ...
    def swing(self, position: Position) -> None: ...


class Pins:
    """A relay with a switch that follows it, a receiver, two lamps."""

    def __init__(self) -> None:
        self.pins = Device.pin_factory = MockFactory()

    def gate(self) -> Gate:
        gate = gate_gpiozero.build(gate_gpiozero.Options(pin=17, closed_pin=27), around(Path()))
        self.pins.pin(27).drive_low()
        return gate

    def beam(self) -> Beam:
        beam = beam_gpiozero.build(beam_gpiozero.Options(pin=22), around(Path()))
        self.pins.pin(22).drive_low()
        return beam

    def lamp(self) -> Lamp:
        return lamp_gpiozero.build(lamp_gpiozero.Options(green_pin=5, red_pin=6, amber_pin=13), around(Path()))

    def reach_gate(self, position: Position) -> None:
        is_open = bool(self.pins.pin(17).state)
        assert is_open is (position is Position.OPEN)
        (self.pins.pin(27).drive_high if is_open else self.pins.pin(27).drive_low)()

    def reach_lamp(self, light: Light) -> None:
        lit = {colour for colour, pin in ((Light.GREEN, 5), (Light.RED, 6), (Light.AMBER, 13)) if self._lit(pin)}
        assert lit == ({light} if light is not Light.OFF else set())

    def break_beam(self, broken: bool) -> None:
        (self.pins.pin(22).drive_high if broken else self.pins.pin(22).drive_low)()

    def button(self) -> Button:
        return button_gpiozero.build(button_gpiozero.Options(pin=24), around(Path()))

    def press(self, pressed: bool) -> None:
        (self.pins.pin(24).drive_low if pressed else self.pins.pin(24).drive_high)()

    def slots(self) -> SlotIndicator:
        slots = {
            name: slots_gpiozero.SlotPins(green_pin=green, red_pin=green + 1, switch_pin=green + 2)
            for name, green in SLOT_PINS.items()
        }
        return slots_gpiozero.build(slots_gpiozero.Options(slots=slots), around(Path()))

    def reach_slot(self, slot: str, light: Light) -> None:
        green = SLOT_PINS[slot]
        lit = {Light.GREEN: (True, False), Light.RED: (False, True), Light.OFF: (False, False)}
        wanted = lit.get(light, (True, True))  # lists are amber there, in a rhythm of their own that begins lit
        assert (self._lit(green), self._lit(green + 1)) == wanted

    def lay(self, slot: str, occupied: bool) -> None:
        switch = self.pins.pin(SLOT_PINS[slot] + 2)
        (switch.drive_low if occupied else switch.drive_high)()

    def door(self) -> Door:
        options = door_gpiozero.Options(lock_pin=17, contact_pin=27)
        door = door_gpiozero.build(options, around(Path()))
        self.swing(Position.CLOSED)
        return door

    def reach_lock(self, unlocked: bool) -> None:
        assert self._lit(17) is unlocked

    def swing(self, position: Position) -> None:
        contact = self.pins.pin(27)
        (contact.drive_low if position is Position.CLOSED else contact.drive_high)()

    def _lit(self, pin: int) -> bool:
        return bool(self.pins.pin(pin).state)


class OnStage:
    """The simulators' own stage, in a thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.loop = asyncio.new_event_loop()
        self.stage = Stage(folder / "stage.sock", ["gate-a"], {"rack-1": list(SLOT_PINS)}, ["door-a"])
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()
        self.call(self.stage.open())

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(240)

    def close(self) -> None:
        self.call(self.stage.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    def gate(self) -> Gate:
        return self._connected("barrier", lambda: gate_sim.build(gate_sim.Options(**self._at("barrier")), self._around))

    def beam(self) -> Beam:
        options = beam_sim.Options(**self._at("beam-outside"))
        return self._connected("beam-outside", lambda: beam_sim.build(options, self._around))

    def lamp(self) -> Lamp:
        return self._connected("lamp", lambda: lamp_sim.build(lamp_sim.Options(**self._at("lamp")), self._around))

    def reach_gate(self, position: Position) -> None:
        self._reach(self.stage.gates["gate-a"].position, position.value)

    def reach_lamp(self, light: Light) -> None:
        self._reach(self.stage.gates["gate-a"].light, light.value)

    def break_beam(self, broken: bool) -> None:
        self.call(self.stage.gates["gate-a"].beams["outside"].set(broken))

    def button(self) -> Button:
        options = button_sim.Options(**self._at("break-glass"))
        return self._connected("break-glass", lambda: button_sim.build(options, self._around))

    def press(self, pressed: bool) -> None:
        gate = self.stage.gates["gate-a"]
        self.call(gate.press_break_glass() if pressed else gate.release())

    def slots(self) -> SlotIndicator:
        options = slots_sim.Options(stage=Path("stage.sock"), device="rack-1.slots")
        return self._connected("slots", lambda: slots_sim.build(options, self._around))

    def reach_slot(self, slot: str, light: Light) -> None:
        self._reach(self.stage.racks["rack-1"].lights[slot], light.value)

    def lay(self, slot: str, occupied: bool) -> None:
        rack = self.stage.racks["rack-1"]
        self.call(rack.put(slot) if occupied else rack.take(slot))

    def door(self) -> Door:
        options = door_sim.Options(stage=Path("stage.sock"), device="door-a.leaf")
        return self._connected("leaf", lambda: door_sim.build(options, self._around))

    def reach_lock(self, unlocked: bool) -> None:
        self._reach(self.stage.doors["door-a"].unlocked, unlocked)

    def swing(self, position: Position) -> None:
        door = self.stage.doors["door-a"]
        self.call(door.force() if position is Position.OPEN else door.shut())

    def _connected(self, part: str, build: Callable[[], T]) -> T:
        device = build()
        assert self.reports.get(timeout=240) is None
        return device

    def _reach(self, value: Value, wanted: object) -> None:
        self.call(asyncio.wait_for(value.reach(wanted), 240))

    def _at(self, part: str) -> dict[str, object]:
        return {"stage": "stage.sock", "device": f"gate-a.{part}"}

    @property
    def _around(self) -> Around:
        self.reports: queue.Queue[str | None] = queue.Queue()
        return around(self.folder, self.reports.put)


class OnNode:
    """A slot node's own firmware, and a real broker between it and the driver."""

    def __init__(self, folder: Path) -> None:
        self.local = LocalBroker(folder)
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()
        self.call(self.local.broker.start())
        self.node = NodeProcess(folder / "node", self.local)
        self.reports: queue.Queue[str | None] = queue.Queue()
        self.folder = folder

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(240)

    def slots(self, **options: Any) -> slots_mqtt.MqttSlots:
        if self.node.process is None:
            self.node.power_on()
        driver = self.build(**options)
        while self.reports.get(timeout=240) is not None:
            pass
        return driver

    def build(self, **options: Any) -> slots_mqtt.MqttSlots:
        """The driver, whether there is a node or not."""
        chosen = slots_mqtt.Options(**self.local.options(**options))
        return slots_mqtt.build(chosen, around(self.folder, self.reports.put))

    def reach_slot(self, slot: str, light: Light) -> None:
        self.node.reach(slot, light.value)

    def lay(self, slot: str, occupied: bool) -> None:
        self.node.lay(slot, occupied)

    def close(self) -> None:
        if self.node.process:
            self.node.pull_the_plug()
        self.call(self.local.broker.stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


@contextmanager
def on_node(folder: Path) -> Iterator[OnNode]:
    world = OnNode(folder)
    try:
        yield world
    finally:
        world.close()


@contextmanager
def on_pins(_: Path) -> Iterator[World]:
    world = Pins()
    yield world
    world.pins.reset()
    Device.pin_factory = None


@contextmanager
def on_stage(folder: Path) -> Iterator[World]:
    world = OnStage(folder)
    yield world
    world.close()


def around(folder: Path, report: Callable[[str | None], None] = lambda _: None) -> Around:
    """What a driver is given, on the test's own clock."""
    return Around(folder=folder, mono_us=Hands().clock.mono_us, report=report)
