"""One behaviour for every rack and button, whatever drives it: on mock pins, on the stage, behind a slot node."""

import queue
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from gpiozero import Device

from edge_agent.devices import Light
from edge_agent.drivers import (
    button_gpiozero,
    slots_gpiozero,
    slots_sim,
)
from edge_agent.errors import DeviceError
from tests.edge_agent.drivers.worlds import SLOT_PINS, OnStage, Rack, World, around, on_node, on_pins, on_stage


@pytest.fixture(params=[on_pins, on_stage, on_node])
def rack(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rack]:
    make: Callable[[Path], AbstractContextManager[Rack]] = request.param
    with make(tmp_path) as rack:
        yield rack


def test_a_button_tells_when_it_is_pressed_and_when_released(world: World) -> None:
    button = world.button()
    said: queue.Queue[bool] = queue.Queue()
    button.watch(said.put)
    for pressed in (True, False, True):
        world.press(pressed)
        assert said.get(timeout=240) is pressed
    later: queue.Queue[bool] = queue.Queue()
    button.watch(later.put)
    assert later.get(timeout=240) is True  # it is pressed now
    button.stop()
    assert said.empty()


def test_a_fire_panels_contact_is_pressed_when_its_wire_is_cut(tmp_path: Path) -> None:
    with on_pins(tmp_path):
        button = button_gpiozero.build(button_gpiozero.Options(pin=24, pressed_when_high=True), around(tmp_path))
        said: queue.Queue[bool] = queue.Queue()
        Device.pin_factory.pin(24).drive_low()
        button.watch(said.put)
        Device.pin_factory.pin(24).drive_high()
        assert said.get(timeout=240) is True
        button.stop()


def test_a_rack_tells_what_lies_in_each_slot_first_and_then_each_change(rack: Rack) -> None:
    rack.lay("A-02", True)
    slots = rack.slots()
    rack.lay("A-02", True)
    said: queue.Queue[tuple[str, bool]] = queue.Queue()
    slots.watch(lambda slot, occupied: said.put((slot, occupied)))
    first = dict(said.get(timeout=240) for _ in SLOT_PINS)
    assert first == {"A-01": False, "A-02": True}
    for slot, occupied in (("A-01", True), ("A-02", False), ("A-01", False)):
        rack.lay(slot, occupied)
        assert said.get(timeout=240) == (slot, occupied)
    slots.stop()
    assert said.empty()


def test_each_slot_has_its_own_light_and_all_are_dark_when_given_back(rack: Rack) -> None:
    slots = rack.slots()
    for light in (Light.GREEN, Light.RED, Light.AMBER, Light.OFF, Light.GREEN):
        slots.light("A-01", light)
        rack.reach_slot("A-01", light)
        rack.reach_slot("A-02", Light.OFF)
    slots.light("A-02", Light.RED)
    rack.reach_slot("A-02", Light.RED)
    slots.stop()
    rack.reach_slot("A-01", Light.OFF)
    rack.reach_slot("A-02", Light.OFF)


def test_a_light_that_blinks_is_lit_in_its_colour_and_so_is_one_of_a_list(rack: Rack) -> None:
    slots = rack.slots()
    for light in (Light.RED, Light.BLUE, Light.VIOLET, Light.WHITE):
        slots.light("A-01", light, blinking=True)
        rack.reach_slot("A-01", light)
        slots.light("A-01", Light.OFF)
        rack.reach_slot("A-01", Light.OFF)
    slots.light("A-01", Light.BLUE)
    rack.reach_slot("A-01", Light.BLUE)
    slots.stop()
    rack.reach_slot("A-01", Light.OFF)


def test_lists_are_told_apart_where_there_are_only_two_colours(tmp_path: Path) -> None:
    assert len(set(slots_gpiozero.RHYTHM_S.values()) | {slots_gpiozero.BLINK_S}) == 4


def test_a_slot_that_is_not_wired_is_a_device_error_and_so_is_a_pin_that_is_taken(tmp_path: Path) -> None:
    with on_pins(tmp_path) as world:
        slots = world.slots()
        with pytest.raises(DeviceError, match="no slot B-01"):
            slots.light("B-01", Light.GREEN)
        pins = slots_gpiozero.SlotPins(green_pin=20, switch_pin=SLOT_PINS["A-01"])
        with pytest.raises(DeviceError, match="slot X"):
            slots_gpiozero.build(slots_gpiozero.Options(slots={"X": pins}), around(tmp_path))
        slots.stop()
        one = slots_gpiozero.Options(slots={"X": slots_gpiozero.SlotPins(green_pin=20, switch_pin=21)})
        slots_gpiozero.build(one, around(tmp_path)).stop()  # what the failed one had taken is free again


def test_a_rack_whose_stage_comes_back_shows_every_light_again(tmp_path: Path) -> None:
    reports: queue.Queue[str | None] = queue.Queue()
    options = slots_sim.Options(stage=Path("stage.sock"), device="rack-1.slots")
    slots = slots_sim.build(options, around(tmp_path, reports.put))
    assert "no stage" in str(reports.get(timeout=240))
    for slot, light in (("A-01", Light.GREEN), ("A-02", Light.RED)):
        with pytest.raises(DeviceError):
            slots.light(slot, light)
    world = OnStage(tmp_path)
    world.reach_slot("A-01", Light.GREEN)
    world.reach_slot("A-02", Light.RED)
    slots.stop()
    world.close()
