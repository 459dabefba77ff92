"""One behaviour for every gate, beam, lamp, button and rack, whatever drives it: on mock pins, and on the stage."""

import asyncio
import queue
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory

from custody.decisions import Allowed, Reason, Refused
from edge_agent.devices import Around, Beam, Button, Gate, Lamp, Light, Position, SlotIndicator
from edge_agent.drivers import (
    beam_gpiozero,
    beam_sim,
    button_gpiozero,
    button_sim,
    clock_sim,
    gate_gpiozero,
    gate_sim,
    lamp_gpiozero,
    lamp_sim,
    slots_gpiozero,
    slots_sim,
)
from edge_agent.errors import DeviceError
from simulators.stage import Stage, Value
from tests.edge_agent.hands import Hands

ALLOWED, REFUSED = Allowed("gate.permit.valid"), Refused(Reason.NO_PERMIT, "gate.permit.needed", "nj01/P-A")
T = TypeVar("T")
SLOT_PINS = {"A-01": 7, "A-02": 10}
"""Of each slot the green lamp; the red one and the switch are the next two."""


class World(Protocol):
    """The other side of the wires. `reach_…` waits until a thing is so; `break_beam` makes something stand in it."""

    def gate(self) -> Gate: ...
    def beam(self) -> Beam: ...
    def lamp(self) -> Lamp: ...
    def reach_gate(self, position: Position) -> None: ...
    def reach_lamp(self, light: Light) -> None: ...
    def break_beam(self, broken: bool) -> None: ...
    def button(self) -> Button: ...
    def press(self, pressed: bool) -> None: ...
    def slots(self) -> SlotIndicator: ...
    def reach_slot(self, slot: str, light: Light) -> None: ...
    def lay(self, slot: str, occupied: bool) -> None: ...


class Pins:
    """A relay with a switch that follows it, a receiver, two lamps."""

    def __init__(self) -> None:
        self.pins = Device.pin_factory = MockFactory()

    def gate(self) -> Gate:
        gate = gate_gpiozero.build(gate_gpiozero.Options(pin=17, closed_pin=27), _around(Path()))
        self.pins.pin(27).drive_low()
        return gate

    def beam(self) -> Beam:
        beam = beam_gpiozero.build(beam_gpiozero.Options(pin=22), _around(Path()))
        self.pins.pin(22).drive_low()
        return beam

    def lamp(self) -> Lamp:
        return lamp_gpiozero.build(lamp_gpiozero.Options(green_pin=5, red_pin=6, amber_pin=13), _around(Path()))

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
        return button_gpiozero.build(button_gpiozero.Options(pin=24), _around(Path()))

    def press(self, pressed: bool) -> None:
        (self.pins.pin(24).drive_low if pressed else self.pins.pin(24).drive_high)()

    def slots(self) -> SlotIndicator:
        slots = {
            name: slots_gpiozero.SlotPins(green_pin=green, red_pin=green + 1, switch_pin=green + 2)
            for name, green in SLOT_PINS.items()
        }
        return slots_gpiozero.build(slots_gpiozero.Options(slots=slots), _around(Path()))

    def reach_slot(self, slot: str, light: Light) -> None:
        green = SLOT_PINS[slot]
        lit = {Light.GREEN: (True, False), Light.RED: (False, True), Light.AMBER: (True, True)}
        assert (self._lit(green), self._lit(green + 1)) == lit.get(light, (False, False))

    def lay(self, slot: str, occupied: bool) -> None:
        switch = self.pins.pin(SLOT_PINS[slot] + 2)
        (switch.drive_low if occupied else switch.drive_high)()

    def _lit(self, pin: int) -> bool:
        return bool(self.pins.pin(pin).state)


class OnStage:
    """The simulators' own stage, in a thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.loop = asyncio.new_event_loop()
        self.stage = Stage(folder / "stage.sock", ["gate-a"], {"rack-1": list(SLOT_PINS)})
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()
        self.call(self.stage.open())

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

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

    def _connected(self, part: str, build: Callable[[], T]) -> T:
        device = build()
        assert self.reports.get(timeout=10) is None
        return device

    def _reach(self, value: Value, wanted: str) -> None:
        self.call(asyncio.wait_for(value.reach(wanted), 10))

    def _at(self, part: str) -> dict[str, object]:
        return {"stage": "stage.sock", "device": f"gate-a.{part}"}

    @property
    def _around(self) -> Around:
        self.reports: queue.Queue[str | None] = queue.Queue()
        return _around(self.folder, self.reports.put)


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


@pytest.fixture(params=[on_pins, on_stage])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    make: Callable[[Path], AbstractContextManager[World]] = request.param
    with make(tmp_path) as world:
        yield world


def _around(folder: Path, report: Callable[[str | None], None] = lambda _: None) -> Around:
    return Around(folder=folder, mono_us=Hands().clock.mono_us, report=report)


def test_a_gate_opens_for_an_allowed_and_closes_for_a_refused_and_says_where_it_is(world: World) -> None:
    gate = world.gate()
    said: queue.Queue[Position] = queue.Queue()
    gate.watch(said.put)
    assert said.get(timeout=10) is Position.CLOSED
    for decision, position in ((ALLOWED, Position.OPEN), (REFUSED, Position.CLOSED), (ALLOWED, Position.OPEN)):
        gate.apply(decision)
        world.reach_gate(position)
        assert said.get(timeout=10) is position
    gate.close()
    world.reach_gate(Position.CLOSED)
    assert said.get(timeout=10) is Position.CLOSED
    gate.stop()


def test_a_gate_that_is_given_back_is_closed(world: World) -> None:
    gate = world.gate()
    gate.apply(ALLOWED)
    world.reach_gate(Position.OPEN)
    gate.stop()
    world.reach_gate(Position.CLOSED)


def test_a_beam_tells_each_change_once(world: World) -> None:
    beam = world.beam()
    said: queue.Queue[bool] = queue.Queue()
    beam.watch(said.put)
    for broken in (True, False, True):
        world.break_beam(broken)
        assert said.get(timeout=10) is broken
    beam.stop()
    assert said.empty()


def test_a_beam_with_somebody_in_it_says_so_at_once(world: World) -> None:
    beam = world.beam()
    first: queue.Queue[bool] = queue.Queue()
    beam.watch(first.put)
    world.break_beam(True)
    assert first.get(timeout=10) is True
    later: queue.Queue[bool] = queue.Queue()
    beam.watch(later.put)
    assert later.get(timeout=10) is True
    beam.stop()


def test_a_lamp_shows_one_light_and_goes_dark_when_given_back(world: World) -> None:
    lamp = world.lamp()
    for light in (Light.GREEN, Light.RED, Light.AMBER, Light.OFF, Light.GREEN):
        lamp.show(light)
        world.reach_lamp(light)
    lamp.stop()
    world.reach_lamp(Light.OFF)


def test_a_button_tells_when_it_is_pressed_and_when_released(world: World) -> None:
    button = world.button()
    said: queue.Queue[bool] = queue.Queue()
    button.watch(said.put)
    for pressed in (True, False, True):
        world.press(pressed)
        assert said.get(timeout=10) is pressed
    later: queue.Queue[bool] = queue.Queue()
    button.watch(later.put)
    assert later.get(timeout=10) is True  # it is pressed now
    button.stop()
    assert said.empty()


def test_a_fire_panels_contact_is_pressed_when_its_wire_is_cut(tmp_path: Path) -> None:
    with on_pins(tmp_path):
        button = button_gpiozero.build(button_gpiozero.Options(pin=24, pressed_when_high=True), _around(tmp_path))
        said: queue.Queue[bool] = queue.Queue()
        Device.pin_factory.pin(24).drive_low()
        button.watch(said.put)
        Device.pin_factory.pin(24).drive_high()
        assert said.get(timeout=10) is True
        button.stop()


def test_a_rack_tells_what_lies_in_each_slot_first_and_then_each_change(world: World) -> None:
    world.lay("A-02", True)
    slots = world.slots()
    world.lay("A-02", True)
    said: queue.Queue[tuple[str, bool]] = queue.Queue()
    slots.watch(lambda slot, occupied: said.put((slot, occupied)))
    first = dict(said.get(timeout=10) for _ in SLOT_PINS)
    assert first == {"A-01": False, "A-02": True}
    for slot, occupied in (("A-01", True), ("A-02", False), ("A-01", False)):
        world.lay(slot, occupied)
        assert said.get(timeout=10) == (slot, occupied)
    slots.stop()
    assert said.empty()


def test_each_slot_has_its_own_light_and_all_are_dark_when_given_back(world: World) -> None:
    slots = world.slots()
    for light in (Light.GREEN, Light.RED, Light.AMBER, Light.OFF, Light.GREEN):
        slots.light("A-01", light)
        world.reach_slot("A-01", light)
        world.reach_slot("A-02", Light.OFF)
    slots.light("A-02", Light.RED)
    world.reach_slot("A-02", Light.RED)
    slots.stop()
    world.reach_slot("A-01", Light.OFF)
    world.reach_slot("A-02", Light.OFF)


def test_a_slot_that_is_not_wired_is_a_device_error_and_so_is_a_pin_that_is_taken(tmp_path: Path) -> None:
    with on_pins(tmp_path) as world:
        slots = world.slots()
        with pytest.raises(DeviceError, match="no slot B-01"):
            slots.light("B-01", Light.GREEN)
        pins = slots_gpiozero.SlotPins(green_pin=20, switch_pin=SLOT_PINS["A-01"])
        with pytest.raises(DeviceError, match="slot X"):
            slots_gpiozero.build(slots_gpiozero.Options(slots={"X": pins}), _around(tmp_path))
        slots.stop()
        one = slots_gpiozero.Options(slots={"X": slots_gpiozero.SlotPins(green_pin=20, switch_pin=21)})
        slots_gpiozero.build(one, _around(tmp_path)).stop()  # what the failed one had taken is free again


def test_a_rack_whose_stage_comes_back_shows_every_light_again(tmp_path: Path) -> None:
    reports: queue.Queue[str | None] = queue.Queue()
    options = slots_sim.Options(stage=Path("stage.sock"), device="rack-1.slots")
    slots = slots_sim.build(options, _around(tmp_path, reports.put))
    assert "no stage" in str(reports.get(timeout=10))
    for slot, light in (("A-01", Light.GREEN), ("A-02", Light.RED)):
        with pytest.raises(DeviceError):
            slots.light(slot, light)
    world = OnStage(tmp_path)
    world.reach_slot("A-01", Light.GREEN)
    world.reach_slot("A-02", Light.RED)
    slots.stop()
    world.close()


def test_a_two_coloured_lamp_is_amber_with_both(tmp_path: Path) -> None:
    with on_pins(tmp_path):
        lamp = lamp_gpiozero.build(lamp_gpiozero.Options(green_pin=5, red_pin=6), _around(tmp_path))
        lamp.show(Light.AMBER)
        assert [Device.pin_factory.pin(pin).state for pin in (5, 6)] == [1, 1]
        lamp.stop()


def test_a_pin_that_is_taken_is_a_device_error(tmp_path: Path) -> None:
    with on_pins(tmp_path) as world:
        lamp = world.lamp()
        with pytest.raises(DeviceError, match="pin"):
            lamp_gpiozero.build(lamp_gpiozero.Options(green_pin=5, red_pin=6), _around(tmp_path))
        lamp.stop()


def test_a_device_without_a_stage_reports_it_and_is_there_when_the_stage_is(tmp_path: Path) -> None:
    reports: queue.Queue[str | None] = queue.Queue()
    options = gate_sim.Options(stage=Path("stage.sock"), device="gate-a.barrier")
    gate = gate_sim.build(options, _around(tmp_path, reports.put))
    assert "no stage" in str(reports.get(timeout=10))
    with pytest.raises(DeviceError):
        gate.apply(ALLOWED)
    world = OnStage(tmp_path)
    while reports.get(timeout=10) is not None:
        pass
    world.reach_gate(Position.OPEN)  # what it was told meanwhile
    world.close()
    assert reports.get(timeout=10) is not None
    gate.stop()


def test_a_stage_that_talks_nonsense_is_left_and_tried_again(tmp_path: Path) -> None:
    reports: queue.Queue[str | None] = queue.Queue()
    with _little_stage(tmp_path, [b"nonsense\n", b"[1]\n", b'{"position": "ajar"}\n']):
        options = gate_sim.Options(stage=Path("stage.sock"), device="g")
        gate = gate_sim.build(options, _around(tmp_path, reports.put))
        heard = [reports.get(timeout=10) for _ in range(6)]
        gate.stop()
    assert [problem is None for problem in heard] == [True, False] * 3


def test_the_stages_clock_is_as_wrong_as_the_stage_says(tmp_path: Path) -> None:
    hands, reports = Hands(), queue.Queue[str | None]()
    said = b'{"offset_s": 3600, "error_ms": null}\n{"offset_s": -60.5, "error_ms": 20}\n'
    with _little_stage(tmp_path, [said]):
        options = clock_sim.Options(stage=Path("stage.sock"))
        clock = clock_sim.build(options, _around(tmp_path, reports.put), hands.clock)
        assert clock.read().error_ms is None
        while reports.get(timeout=10) is None:  # then everything was said
            pass
        reading = clock.read()
        clock.stop()
    assert ((reading.at - hands.now).total_seconds(), reading.error_ms, reading.source) == (-60.5, 20, "sim")


@contextmanager
def _little_stage(folder: Path, says: list[bytes]) -> Iterator[None]:
    """Says each of `says` to a connection of its own, then hangs up."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(folder / "stage.sock"))
    server.listen()

    def serve() -> None:
        for words in says:
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(words)

    thread = threading.Thread(target=serve)
    thread.start()
    yield
    thread.join(10)
    server.close()
