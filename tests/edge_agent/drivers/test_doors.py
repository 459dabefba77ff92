"""One behaviour for every door, whatever drives it: on mock pins, and on the stage."""

import queue
from pathlib import Path

import pytest

from custody.decisions import Allowed
from edge_agent.devices import Position
from edge_agent.drivers import door_gpiozero
from edge_agent.errors import DeviceError
from tests.edge_agent.drivers.worlds import World, around, on_pins

ALLOWED = Allowed("door.leave")


def test_a_door_is_locked_when_it_is_built_unlocks_when_told_and_locks_again(world: World) -> None:
    door = world.door()
    world.reach_lock(False)
    for _ in range(2):
        door.unlock(ALLOWED)
        world.reach_lock(True)
        door.lock()
        world.reach_lock(False)
    door.stop()


def test_the_contact_says_how_the_door_stands_now_and_at_every_change(world: World) -> None:
    door = world.door()
    said: queue.Queue[Position] = queue.Queue()
    door.watch(said.put)
    assert said.get(timeout=240) is Position.CLOSED
    for position in (Position.OPEN, Position.CLOSED, Position.OPEN):
        world.swing(position)  # whether or not it was unlocked: doors are forced
        assert said.get(timeout=240) is position
    door.stop()
    assert said.empty()


def test_a_door_that_is_given_back_is_locked(world: World) -> None:
    door = world.door()
    door.unlock(ALLOWED)
    world.reach_lock(True)
    door.stop()
    world.reach_lock(False)


def test_a_strike_that_unlocks_on_a_low_level_is_locked_high(tmp_path: Path) -> None:
    with on_pins(tmp_path) as world:
        options = door_gpiozero.Options(lock_pin=19, contact_pin=26, unlock_high=False)
        door = door_gpiozero.build(options, around(tmp_path))
        strike = world.pins.pin(19)  # type: ignore[attr-defined]  # only pins have pins
        assert strike.state
        door.unlock(ALLOWED)
        assert not strike.state
        with pytest.raises(DeviceError, match="pins 19 and 26"):
            door_gpiozero.build(options, around(tmp_path))
        door.stop()
