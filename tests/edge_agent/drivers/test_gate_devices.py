"""One behaviour for every gate, beam and lamp, whatever drives it: on mock pins, and on the stage."""

import json
import queue
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from gpiozero import Device

from custody.decisions import Allowed, Reason, Refused
from edge_agent.devices import Light, Position
from edge_agent.drivers import (
    clock_sim,
    gate_sim,
    lamp_gpiozero,
)
from edge_agent.errors import DeviceError
from tests.edge_agent.drivers.worlds import OnStage, World, around, on_pins
from tests.edge_agent.hands import Hands

ALLOWED, REFUSED = Allowed("gate.permit.valid"), Refused(Reason.NO_PERMIT, "gate.permit.needed", "nj01/P-A")


def test_a_gate_opens_for_an_allowed_and_closes_for_a_refused_and_says_where_it_is(world: World) -> None:
    gate = world.gate()
    said: queue.Queue[Position] = queue.Queue()
    gate.watch(said.put)
    assert said.get(timeout=240) is Position.CLOSED
    for decision, position in ((ALLOWED, Position.OPEN), (REFUSED, Position.CLOSED), (ALLOWED, Position.OPEN)):
        gate.apply(decision)
        world.reach_gate(position)
        assert said.get(timeout=240) is position
    gate.close()
    world.reach_gate(Position.CLOSED)
    assert said.get(timeout=240) is Position.CLOSED
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
        assert said.get(timeout=240) is broken
    beam.stop()
    assert said.empty()


def test_a_beam_with_somebody_in_it_says_so_at_once(world: World) -> None:
    beam = world.beam()
    first: queue.Queue[bool] = queue.Queue()
    beam.watch(first.put)
    world.break_beam(True)
    assert first.get(timeout=240) is True
    later: queue.Queue[bool] = queue.Queue()
    beam.watch(later.put)
    assert later.get(timeout=240) is True
    beam.stop()


def test_a_lamp_shows_one_light_and_goes_dark_when_given_back(world: World) -> None:
    lamp = world.lamp()
    for light in (Light.GREEN, Light.RED, Light.AMBER, Light.OFF, Light.GREEN):
        lamp.show(light)
        world.reach_lamp(light)
    lamp.stop()
    world.reach_lamp(Light.OFF)


def test_a_two_coloured_lamp_is_amber_with_both(tmp_path: Path) -> None:
    with on_pins(tmp_path):
        lamp = lamp_gpiozero.build(lamp_gpiozero.Options(green_pin=5, red_pin=6), around(tmp_path))
        lamp.show(Light.AMBER)
        assert [Device.pin_factory.pin(pin).state for pin in (5, 6)] == [1, 1]
        lamp.stop()


def test_a_pin_that_is_taken_is_a_device_error(tmp_path: Path) -> None:
    with on_pins(tmp_path) as world:
        lamp = world.lamp()
        with pytest.raises(DeviceError, match="pin"):
            lamp_gpiozero.build(lamp_gpiozero.Options(green_pin=5, red_pin=6), around(tmp_path))
        lamp.stop()


def test_a_device_without_a_stage_reports_it_and_is_there_when_the_stage_is(tmp_path: Path) -> None:
    reports: queue.Queue[str | None] = queue.Queue()
    options = gate_sim.Options(stage=Path("stage.sock"), device="gate-a.barrier")
    gate = gate_sim.build(options, around(tmp_path, reports.put))
    assert "no stage" in str(reports.get(timeout=240))
    with pytest.raises(DeviceError):
        gate.apply(ALLOWED)
    world = OnStage(tmp_path)
    while reports.get(timeout=240) is not None:
        pass
    world.reach_gate(Position.OPEN)  # what it was told meanwhile
    world.close()
    assert reports.get(timeout=240) is not None
    gate.stop()


def test_a_stage_that_talks_nonsense_is_left_and_tried_again(tmp_path: Path) -> None:
    reports: queue.Queue[str | None] = queue.Queue()
    with _little_stage(tmp_path, [b"nonsense\n", b"[1]\n", b'{"position": "ajar"}\n']):
        options = gate_sim.Options(stage=Path("stage.sock"), device="g")
        gate = gate_sim.build(options, around(tmp_path, reports.put))
        heard = [reports.get(timeout=240) for _ in range(6)]
        gate.stop()
    assert [problem is None for problem in heard] == [True, False] * 3


@pytest.mark.parametrize(("offset_s", "error_ms"), [(3600.0, None), (-60.5, 20)])
def test_the_stages_clock_is_as_wrong_as_the_stage_says(tmp_path: Path, offset_s: float, error_ms: int | None) -> None:
    hands, reports = Hands(), queue.Queue[str | None]()
    said = json.dumps({"offset_s": offset_s, "error_ms": error_ms}).encode() + b"\n"
    with _little_stage(tmp_path, [said]):
        options = clock_sim.Options(stage=Path("stage.sock"))
        clock = clock_sim.build(options, around(tmp_path, reports.put), hands.clock)
        while reports.get(timeout=240) is None:  # then everything was said
            pass
        reading = clock.read()
        clock.stop()
    assert ((reading.at - hands.now).total_seconds(), reading.error_ms, reading.source) == (offset_s, error_ms, "sim")


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
    thread.join(240)
    server.close()
