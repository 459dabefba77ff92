"""The stage plays what the edge's own `_sim` drivers expect of the world."""

import asyncio
import socket
import struct
import time
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from custody.decisions import Allowed, Reason, Refused
from custody.things import Direction
from edge_agent.clock import SystemClock
from edge_agent.devices import Around, Light, Position
from edge_agent.drivers import beam_sim, button_sim, clock_sim, gate_sim, lamp_sim, slots_sim
from edge_agent.drivers.stage import connect_stage, read_jpegs
from simulators.acting import Held, pose
from simulators.frames import On
from simulators.stage import Stage
from simulators.values import Value


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path / "stage.sock", ["gate-a", "gate-b"])
    await stage.open()
    yield stage
    await stage.close()


def around(folder: Path) -> Around:
    return Around(folder=folder, mono_us=lambda: time.monotonic_ns() // 1000, report=lambda problem: None)


def mailbox() -> tuple[Callable[[Any], None], "asyncio.Queue[Any]"]:
    """A callback for another thread, and the queue in which the test finds what it was told."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[Any] = asyncio.Queue()

    def hear(said: Any) -> None:
        loop.call_soon_threadsafe(queue.put_nowait, said)

    return hear, queue


async def test_a_gate_follows_its_orders_and_says_so_by_its_own_sensor(stage: Stage, tmp_path: Path) -> None:
    gate = gate_sim.build(gate_sim.Options(stage=Path("stage.sock"), device="gate-a.barrier"), around(tmp_path))
    hear, heard = mailbox()
    gate.watch(hear)
    async with asyncio.timeout(240):
        assert await heard.get() is Position.CLOSED
        gate.apply(Allowed("gate.permit.valid"))
        assert await heard.get() is Position.OPEN
        assert stage.gates["gate-a"].position.now == "open"
        assert stage.gates["gate-b"].position.now == "closed"
        gate.apply(Refused(Reason.NO_PERMIT, "gate.permit.needed", "nj01/I-1"))
        assert await heard.get() is Position.CLOSED
    await asyncio.to_thread(gate.stop)


async def test_a_gate_without_its_agent_falls_shut(stage: Stage, tmp_path: Path) -> None:
    line = await asyncio.to_thread(connect_stage, tmp_path / "stage.sock", "gate-a.barrier", "gate")
    with line:
        line.sendall(b'{"open": true}\n')
        async with asyncio.timeout(240):
            await stage.gates["gate-a"].position.reach("open")
    async with asyncio.timeout(240):
        await stage.gates["gate-a"].position.reach("closed")


async def test_who_walks_in_breaks_the_beams_from_the_outside(stage: Stage, tmp_path: Path) -> None:
    hear, heard = mailbox()
    beams = []
    for side in ("outside", "inside"):
        options = beam_sim.Options(stage=Path("stage.sock"), device=f"gate-a.beam-{side}")
        beam = beam_sim.build(options, around(tmp_path))
        beam.watch(lambda broken, side=side: hear((side, broken)))  # type: ignore[misc]  # a lambda with a default
        beams.append(beam)
    async with asyncio.timeout(240):
        await stage.connected.reach(frozenset({"gate-a.beam-outside", "gate-a.beam-inside"}))
        await stage.gates["gate-a"].approach(Direction.IN)
        assert [await heard.get() for _ in range(2)] == [("outside", True), ("outside", False)]
        await stage.gates["gate-a"].cross(Direction.IN)
        assert [await heard.get() for _ in range(2)] == [("inside", True), ("inside", False)]
    for beam in beams:
        await asyncio.to_thread(beam.stop)


async def test_a_lamp_shows_what_it_is_told(stage: Stage, tmp_path: Path) -> None:
    lamp = lamp_sim.build(lamp_sim.Options(stage=Path("stage.sock"), device="gate-b.lamp"), around(tmp_path))
    async with asyncio.timeout(240):
        await stage.connected.reach(frozenset({"gate-b.lamp"}))
        lamp.show(Light.RED)
        assert await stage.gates["gate-b"].light.reach("red") == "red"
    await asyncio.to_thread(lamp.stop)


async def test_the_camera_sees_what_is_held_up(stage: Stage, tmp_path: Path) -> None:
    stage.gates["gate-a"].show([Held("ST1:LABEL", "nj01/I-1")])
    line = await asyncio.to_thread(connect_stage, tmp_path / "stage.sock", "gate-a.camera", "camera")
    with line:
        picture = await asyncio.to_thread(lambda: cv2.imdecode(np.frombuffer(next(read_jpegs(line)), np.uint8), 1))
    assert picture is not None
    assert picture.shape == (720, 1280, 3)


async def test_the_clock_is_as_wrong_as_the_stage_says(stage: Stage, tmp_path: Path) -> None:
    clock = clock_sim.build(clock_sim.Options(stage=Path("stage.sock")), around(tmp_path), SystemClock("boot"))
    async with asyncio.timeout(240):
        while (await asyncio.to_thread(clock.read)).error_ms != 12:
            pass
    await asyncio.to_thread(clock.stop)


async def test_a_rack_put_up_later_has_a_camera_lights_and_what_lies_in_its_slots(stage: Stage, tmp_path: Path) -> None:
    stage.put_up("rack-1", ["A-01", "A-02"])
    rack = stage.racks["rack-1"]
    await rack.put("A-02")
    slots = slots_sim.build(slots_sim.Options(stage=Path("stage.sock"), device="rack-1.slots"), around(tmp_path))
    hear, heard = mailbox()
    slots.watch(lambda slot, occupied: hear((slot, occupied)))
    async with asyncio.timeout(240):
        assert {await heard.get(), await heard.get()} == {("A-01", False), ("A-02", True)}
        slots.light("A-01", Light.GREEN)
        await rack.lights["A-01"].reach("green")
        assert rack.lights["A-02"].now == "off"
        await rack.take("A-02")
        assert await heard.get() == ("A-02", False)
    await asyncio.to_thread(slots.stop)
    async with asyncio.timeout(240):
        await rack.lights["A-01"].reach("off")
    line = await asyncio.to_thread(connect_stage, tmp_path / "stage.sock", "rack-1.camera", "camera")
    with line:
        assert await asyncio.to_thread(lambda: len(next(read_jpegs(line)))) > 1000


async def test_a_slot_that_is_not_on_stage_ends_the_connection(stage: Stage, tmp_path: Path) -> None:
    stage.put_up("rack-1", ["A-01"])
    line = await asyncio.to_thread(connect_stage, tmp_path / "stage.sock", "rack-1.slots", "slots")
    with line:
        line.settimeout(240)
        line.sendall(b'{"slot": "Z-99", "show": "green"}\n')
        said = await asyncio.to_thread(lambda: line.makefile("rb").read())
    assert said in (b"", b'{"slot": "A-01", "occupied": false}\n')


async def test_a_broken_glass_is_heard_until_the_button_is_put_back(stage: Stage, tmp_path: Path) -> None:
    options = button_sim.Options(stage=Path("stage.sock"), device="gate-b.break-glass")
    button = button_sim.build(options, around(tmp_path))
    hear, heard = mailbox()
    button.watch(hear)
    async with asyncio.timeout(240):
        await stage.connected.reach(frozenset({"gate-b.break-glass"}))
        await stage.gates["gate-b"].press_break_glass()
        assert await heard.get() is True
        await stage.gates["gate-b"].release()
        assert await heard.get() is False
    await asyncio.to_thread(button.stop)


async def test_a_stranger_is_sent_away(stage: Stage, tmp_path: Path) -> None:
    for hello in (
        b"noise\n",
        b'{"device": "gate-a.slots", "kind": "slots"}\n',
        b'{"device": "gate-z.camera", "kind": "camera"}\n',
        struct.pack(">I", 9) + b"\n",
    ):
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(240)
            line.connect(str(tmp_path / "stage.sock"))
            line.sendall(hello)
            assert await asyncio.to_thread(line.recv, 1) == b""


def test_labels_are_never_quite_still_and_stay_in_the_picture() -> None:
    held = [Held("a", "a"), Held("b", "b"), Held("c", "c", On.CARD)]
    poses = [pose(held, tenth / 10) for tenth in range(100)]
    assert all(one != other for one, other in pairwise(poses))
    assert all(0 < label.x < 1280 and 0 < label.y < 720 for labels in poses for label in labels)


async def test_who_waits_for_a_value_hears_of_one_that_stood_for_a_moment_only() -> None:
    light = Value("off")
    waiting = asyncio.create_task(light.reach("green"))
    leaving = asyncio.create_task(light.leave("off"))
    await asyncio.wait({waiting, leaving}, timeout=0)  # both listen
    for shown in ("red", "green", "off"):
        await light.set(shown)
    async with asyncio.timeout(240):
        assert (await waiting, await leaving, light.now) == ("green", "red", "off")
