"""The simulated world behind the `_sim` drivers, served on a Unix socket: gates with camera, beams, barrier, lamp and
rescue button, racks with camera, slots, scale and lamp, doors with camera, lock and contact, lamp and two buttons, and
rooms with sensors and a buzzer (rooms.py).

One connection a device. The client says `{"device": name, "kind": kind}`; then a camera gets pictures (4-byte
big-endian length and a JPEG, again and again), a beam `{"broken": bool}`, a gate says `{"open": bool}` and hears
`{"position": "open"|"closed"}` from its own sensor, a door says `{"unlocked": bool}` and hears the same, a lamp says
`{"show": colour}`, a button hears `{"pressed": bool}`, slots say `{"slot": name, "show": colour}`
(and `"blinking": true`) and hear `{"slot": name, "occupied": bool}`, a scale hears
`{"weight_g": number, "stable": bool}`, a clock hears
`{"offset_s": number, "error_ms": number or null}`. A device is called
`<gate>.<camera|beam-outside|beam-inside|barrier|lamp|break-glass>`, `<rack>.<camera|slots|scale|lamp>`
or `<door>.<camera|above|leaf|lamp|exit|break-glass>`; the one clock is called `clock`.
"""

import asyncio
import struct
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from custody.things import Direction
from simulators.acting import Held, pose
from simulators.crowd import Above
from simulators.errors import StageError
from simulators.frames import Conditions, gate_scene, jpeg_of, render
from simulators.rooms import RoomSet, play_room
from simulators.values import Value, listen, member, say, tell

FRAMES_PER_S = 10
NOISES = 7
"""So many pictures of nobody, each with another noise, as of a sensor; not a divisor of a second's pictures."""
SENSOR_DELAY_S = 0.15
STRIDE_S = 0.2
"""How long somebody stands in a beam while walking through it."""

GOOD = Conditions()


class Scene:
    """What a camera of the stage looks at, and the lamp beside it."""

    def __init__(self, name: str, seed: int) -> None:
        self.name = name
        self.light = Value("off")
        self._scene = gate_scene()
        self._dice = np.random.default_rng(seed)
        self._held: Sequence[Held] = ()
        self._conditions = GOOD
        self._since = 0.0
        self._empty = [jpeg_of(render(self._scene, [], GOOD, self._dice)) for _ in range(NOISES)]

    def show(self, held: Sequence[Held], conditions: Conditions = GOOD) -> None:
        """From now on `held` is in front of the camera, under `conditions`."""
        self._since = asyncio.get_running_loop().time()
        self._held, self._conditions = tuple(held), conditions

    def clear(self) -> None:
        """Nobody is in front of the camera any more."""
        self._held = ()

    def picture(self, now_s: float) -> bytes:
        """What the camera sees at loop time `now_s`, as a JPEG."""
        held, conditions, seconds = self._held, self._conditions, now_s - self._since
        if not held:
            return self._empty[int(now_s * FRAMES_PER_S) % NOISES]
        return jpeg_of(render(self._scene, pose(held, seconds), conditions, self._dice))


class GateSet(Scene):
    """One gate of the stage with everything that hangs on it."""

    def __init__(self, name: str, seed: int) -> None:
        super().__init__(name, seed)
        self.position = Value("closed")
        self.beams = {"outside": Value(False), "inside": Value(False)}
        self.break_glass = Value(False)

    async def press_break_glass(self) -> None:
        """Fire: somebody breaks the glass."""
        await self.break_glass.set(True)

    async def release(self) -> None:
        """The button behind the glass is put back."""
        await self.break_glass.set(False)

    async def approach(self, direction: Direction) -> None:
        """Somebody comes to the gate through the beam on the near side."""
        await self._walk_through("outside" if direction is Direction.IN else "inside")

    async def cross(self, direction: Direction) -> None:
        """Somebody goes on through the beam on the far side."""
        await self._walk_through("inside" if direction is Direction.IN else "outside")

    async def _walk_through(self, side: str) -> None:
        await self.beams[side].set(True)
        await asyncio.sleep(STRIDE_S)
        await self.beams[side].set(False)


class RackSet(Scene):
    """One rack of the stage: `lights` and `occupied` by the names of its slots; those in `blinking` blink."""

    def __init__(self, name: str, slots: Sequence[str], seed: int) -> None:
        super().__init__(name, seed)
        self.lights = {slot: Value("off") for slot in slots}
        self.blinking: set[str] = set()
        self.occupied = {slot: Value(False) for slot in slots}
        self.weight = Value((0, True))

    async def put(self, slot: str) -> None:
        """Something is put into `slot`."""
        await self.occupied[slot].set(True)

    async def weigh(self, grams: int) -> None:
        """Something of so many grams is laid on the scale, which needs a moment to stand still; 0: it is empty."""
        await self.weight.set((grams // 2, False))
        await asyncio.sleep(SENSOR_DELAY_S)
        await self.weight.set((grams, True))

    async def take(self, slot: str) -> None:
        """What lies in `slot` is taken out."""
        await self.occupied[slot].set(False)


class DoorSet(Scene):
    """One door of the stage: whether its lock is `unlocked`, where its leaf is, its two buttons, what is seen from
    `above` it.
    """

    def __init__(self, name: str, seed: int) -> None:
        super().__init__(name, seed)
        self.unlocked = Value(False)
        self.position = Value("closed")
        self.exit, self.break_glass = Value(False), Value(False)
        self.above = Above(seed)

    async def open(self) -> None:
        """Somebody waits until it is unlocked and opens it."""
        await self.unlocked.reach(True)
        await self.position.set("open")

    async def force(self) -> None:
        """Somebody levers it open."""
        await self.position.set("open")

    async def leave(self) -> None:
        """Somebody inside presses the button and opens it."""
        await self.exit.set(True)
        await self.open()
        await self.exit.set(False)

    async def shut(self) -> None:
        """It falls shut."""
        await self.position.set("closed")


class Stage:
    """Serves gates, racks with the names of their slots, doors, and rooms with the zones of their alarm panels to the
    drivers that connect to the socket `path`.
    """

    def __init__(
        self, path: Path, gates: Sequence[str], racks: Mapping[str, Sequence[str]] | None = None,
        doors: Sequence[str] = (), rooms: Mapping[str, Sequence[str]] | None = None,
    ) -> None:  # fmt: skip
        self.path = path
        self.gates = {name: GateSet(name, seed) for seed, name in enumerate(gates)}
        self.racks: dict[str, RackSet] = {}
        for name, slots in (racks or {}).items():
            self.put_up(name, slots)
        self.doors: dict[str, DoorSet] = {}
        for name in doors:
            self.hang(name)
        self.rooms = {name: RoomSet(zones) for name, zones in (rooms or {}).items()}
        self.clock_error_ms = Value(12)
        self.connected = Value(frozenset[str]())
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()

    def put_up(self, rack: str, slots: Sequence[str]) -> None:
        """One more rack."""
        self.racks[rack] = RackSet(rack, slots, seed=100 + len(self.racks))

    def hang(self, door: str) -> None:
        """One more door."""
        self.doors[door] = DoorSet(door, seed=200 + len(self.doors))

    def air(self, room: str) -> RoomSet:
        """One more room."""
        self.rooms[room] = RoomSet(())
        return self.rooms[room]

    async def open(self) -> None:
        """Starts to serve. Raises StageError when the socket cannot be made."""
        try:
            self._server = await asyncio.start_unix_server(self._serve, self.path)
        except OSError as error:
            raise StageError(f"the stage cannot be opened at {self.path}: {error}") from error
        self.path.chmod(0o600)

    async def close(self) -> None:
        """Sends everybody home."""
        if self._server is not None:
            self._server.close()
        for task in list(self._serving):
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        self.path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        name = ""
        try:
            name, kind = _whom(await reader.readline())
            await self.connected.set(self.connected.now | {name})
            if (name, kind) == ("clock", "clock"):
                await tell(self.clock_error_ms, _clock_line, writer, listen(reader))
            else:
                await self._play(name, kind, reader, writer)
        except (ConnectionError, StageError, asyncio.CancelledError):
            pass  # the device left, is none of this stage, or the play is over: it sees its connection end
        finally:
            writer.transport.abort()
            await self.connected.set(self.connected.now - {name})

    async def _play(self, name: str, kind: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        where, _, part = name.rpartition(".")
        if where in self.rooms:
            await play_room(self.rooms[where], kind, reader, writer)
            return
        scene = self.gates.get(where) or self.racks.get(where) or self.doors.get(where)
        if scene is None:
            raise StageError(f"nothing on stage for {name}")
        match scene, kind, part:
            case DoorSet(), "camera", "above":
                await _film(scene.above, writer)
            case _, "camera", _:
                await _film(scene, writer)
            case _, "lamp", _:
                while line := await reader.readline():
                    await scene.light.set(member(line, "show"))
                await scene.light.set("off")
            case GateSet(), "beam", ("beam-outside" | "beam-inside"):
                beam = scene.beams[part.removeprefix("beam-")]
                await tell(beam, lambda broken: {"broken": broken}, writer, listen(reader))
            case GateSet(), "gate", _:
                try:
                    await tell(scene.position, lambda at: {"position": at}, writer, _move(scene, reader))
                finally:
                    await scene.position.set("closed")  # without its agent a gate falls shut
            case GateSet(), "button", "break-glass":
                await tell(scene.break_glass, lambda pressed: {"pressed": pressed}, writer, listen(reader))
            case DoorSet(), "door", _:
                await tell(scene.position, lambda at: {"position": at}, writer, _lock(scene, reader))
            case DoorSet(), "button", ("exit" | "break-glass"):
                button = scene.exit if part == "exit" else scene.break_glass
                await tell(button, lambda pressed: {"pressed": pressed}, writer, listen(reader))
            case RackSet(), "slots", _:
                await _play_slots(scene, reader, writer)
            case RackSet(), "scale", _:
                await tell(scene.weight, _weight_line, writer, listen(reader))
            case _:
                raise StageError(f"{where} has no {kind} called {part}")


async def _play_slots(rack: RackSet, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Tells what lies in every slot, and lights them as told, until the device leaves: then they are dark."""
    left = asyncio.create_task(_light(rack, reader))

    def line(slot: str) -> Callable[[bool], dict[str, Any]]:
        return lambda occupied: {"slot": slot, "occupied": occupied}

    telling = [asyncio.create_task(say(value, line(slot), writer)) for slot, value in rack.occupied.items()]
    try:
        await asyncio.wait({left, *telling}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (left, *telling):
            task.cancel()
        await asyncio.gather(left, *telling, return_exceptions=True)
        for light in rack.lights.values():
            await light.set("off")


async def _light(rack: RackSet, reader: asyncio.StreamReader) -> None:
    while line := await reader.readline():
        light = rack.lights.get(member(line, "slot"))
        if light is None:
            raise StageError(f"{rack.name} has no slot for {line[:100]!r}")
        (rack.blinking.add if b'"blinking"' in line else rack.blinking.discard)(member(line, "slot"))
        await light.set(member(line, "show"))


async def _film(scene: Scene | Above, writer: asyncio.StreamWriter) -> None:
    loop = asyncio.get_running_loop()
    due = loop.time()
    while True:
        jpeg = await asyncio.to_thread(scene.picture, loop.time())
        writer.write(struct.pack(">I", len(jpeg)) + jpeg)
        await writer.drain()
        due = max(due + 1 / FRAMES_PER_S, loop.time())
        await asyncio.sleep(due - loop.time())


def _whom(line: bytes) -> tuple[str, str]:
    """Name and kind of the device that says hello."""
    return str(member(line, "device")), str(member(line, "kind"))


def _clock_line(error_ms: int | None) -> dict[str, Any]:
    return {"offset_s": 0.0, "error_ms": error_ms}


def _weight_line(shown: tuple[int, bool]) -> dict[str, Any]:
    return {"weight_g": shown[0], "stable": shown[1]}


async def _move(gate: GateSet, reader: asyncio.StreamReader) -> None:
    """The barrier follows what it is told; its sensor says so a little later."""
    with suppress(ConnectionError):
        while line := await reader.readline():
            position = "open" if member(line, "open") is True else "closed"
            await asyncio.sleep(SENSOR_DELAY_S)
            await gate.position.set(position)


async def _lock(door: DoorSet, reader: asyncio.StreamReader) -> None:
    """The lock does what it is told, and falls shut when its agent leaves."""
    with suppress(ConnectionError):
        while line := await reader.readline():
            await door.unlocked.set(member(line, "unlocked") is True)
    await door.unlocked.set(False)
