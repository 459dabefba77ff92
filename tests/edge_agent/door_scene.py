"""A door on mock pins, with a real journal, real tasks and permits, and labels shown to it by their texts."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gpiozero import Device
from gpiozero.pins.mock import MockFactory

from custody.decisions import Allowed
from custody.permits import PERMIT_TYPE, Permit
from custody.rule_pack import RulePack
from custody.tasks import TASK_TYPE, Task
from custody.things import Direction
from edge_agent.devices import Frame, Position
from edge_agent.drivers import button_gpiozero, door_gpiozero, lamp_gpiozero
from edge_agent.journal.journal import Journal
from edge_agent.permits import Change, PermitBook
from edge_agent.rule_packs import PackBook
from edge_agent.stations.door import DoorStation
from edge_agent.stations.door_plan import DoorParts, DoorPlan
from edge_agent.stations.heads import Heads
from edge_agent.tasks import TaskBook
from edge_agent.vision.heads import HeadCounter
from proof import jws
from simulators.crowd import Walker
from tests.edge_agent.hands import Hands, counted_bytes
from tests.edge_agent.rack_scene import AGENT, RACK, a_task
from tests.edge_agent.scene import (
    BLANK,
    CLOUD,
    GREEN,
    HEAD,
    LABELS,
    PACK,
    RED,
    SITE,
    Card,
    Text,
    a_permit,
    around,
    walk_under,
)
from wire.messages import Fact

DOOR = "door-a"
STRIKE, CONTACT, EXIT, GLASS = 17, 27, 23, 24


@dataclass
class Watched:
    """The door, and what happens as soon as its lock is told."""

    door: door_gpiozero.GpioDoor
    then: Callable[[], None] = lambda: None

    def unlock(self, decision: Allowed) -> None:
        self.door.unlock(decision)
        self.then()

    def lock(self) -> None:
        self.door.lock()

    def watch(self, on_position: Callable[[Position], None]) -> None:
        self.door.watch(on_position)

    def stop(self) -> None:
        self.door.stop()


@dataclass
class DoorScene:
    hands: Hands
    journal: Journal
    book: PermitBook
    tasks: TaskBook
    station: DoorStation
    pins: MockFactory
    shown: list[str]
    door: Watched
    heads: Heads | None = None
    problems: list[str | None] = field(default_factory=list)
    before_still: Callable[[], None] = lambda: None
    number: int = 0
    frames_read: int = 0
    killed: bool = False
    """Its process ends without a word: the station is not stopped"""

    def task(self, *names: str, **changes: Any) -> Task:
        """What the cloud lets be done at the rack behind the door."""
        self.number += 1
        task = a_task(self.hands, f"{SITE}/A-{self.number}", *names, **changes)
        self.make(self.tasks.add(jws.sign(task.payload(), CLOUD, TASK_TYPE)))
        return task

    def permit(self, *names: str, **changes: Any) -> Permit:
        """Leave for packages to go out of a gate that they come to through the door."""
        self.number += 1
        where = {"agent": AGENT, "stations": ("gate-a",), **changes}
        permit = a_permit(self.hands, f"{SITE}/L-{self.number}", *names, direction=Direction.OUT, **where)
        self.make(self.book.add(jws.sign(permit.payload(), CLOUD, PERMIT_TYPE)))
        return permit

    def make(self, change: Change | str) -> None:
        assert isinstance(change, Change), change
        self.journal.apply(change.effects)
        change.make_true()

    def show(self, *texts: str, seconds: float = 0.1) -> None:
        """One frame with `texts`, after `seconds`."""
        self.hands.pass_(seconds)
        self.shown[:] = texts
        self.station.on_frame(Frame(BLANK, self.hands.mono_us))

    def look_away(self, seconds: float) -> None:
        """Frames without any code, ten a second."""
        for _ in range(round(seconds * 10)):
            self.show()

    def swing(self, *, shut: bool) -> None:
        """The door's leaf moves, whatever the lock says."""
        (self.pins.pin(CONTACT).drive_low if shut else self.pins.pin(CONTACT).drive_high)()

    def go_through(self, seconds: float = 1.0) -> None:
        """Somebody opens it, and it falls shut behind them."""
        self.swing(shut=False)
        self.hands.pass_(seconds)
        self.swing(shut=True)

    def walk(self, *walkers: Walker, seconds: float = 6.0) -> None:
        """What the camera above sees meanwhile: these people on their way."""
        walk_under(self.heads, self.hands, walkers, seconds)

    def press(self, pin: int, *, pressed: bool = True) -> None:
        (self.pins.pin(pin).drive_low if pressed else self.pins.pin(pin).drive_high)()

    @property
    def unlocked(self) -> bool:
        return bool(self.pins.pin(STRIKE).state)

    @property
    def lamp(self) -> str:
        lit = (bool(self.pins.pin(GREEN).state), bool(self.pins.pin(RED).state))
        return {(True, False): "green", (False, True): "red", (True, True): "amber", (False, False): "off"}[lit]

    def facts(self, kind: str = "") -> list[Fact]:
        run = self.journal.run_from(1, 1000, 1 << 24)
        return [fact for fact in run.facts if kind in ("", fact.kind)] if run else []

    def bodies(self, kind: str) -> list[dict[str, Any]]:
        return [fact.body for fact in self.facts(kind)]

    @property
    def outcomes(self) -> list[str]:
        """Of every decision: `allowed`, or the reason of the refusal."""
        return [body["reason"] or body["outcome"] for body in self.bodies("door_decided")]


@contextmanager
def door_scene(
    folder: Path, hands: Hands | None = None, *, shut: bool = True, pack: RulePack = PACK, above: bool = False,
    told: bool = True, **changes: Any,
) -> Iterator[DoorScene]:  # fmt: skip
    """A door before a rack and a gate, with a camera `above` it, whose contact has not `told` of it yet or has;
    `changes` are to its plan.
    """
    hands = hands or Hands()
    pins = Device.pin_factory = MockFactory()
    journal = Journal(folder, hands.clock, counted_bytes())
    find = {CLOUD.public.kid: CLOUD.public}.get
    packs = PackBook(journal.reads, pack, hands.clock)
    book, tasks = PermitBook(journal.reads, AGENT, find), TaskBook(journal.reads, AGENT, packs, find)
    door = Watched(door_gpiozero.build(door_gpiozero.Options(lock_pin=STRIKE, contact_pin=CONTACT), around(hands)))
    lamp = lamp_gpiozero.build(lamp_gpiozero.Options(green_pin=GREEN, red_pin=RED), around(hands))
    exit_, glass = (button_gpiozero.build(button_gpiozero.Options(pin=pin), around(hands)) for pin in (EXIT, GLASS))
    shown: list[str] = []

    def read(frame: Frame) -> list[Text]:
        scene.frames_read += 1
        return [Text(text) for text in shown]

    def keep(frame: Frame) -> Card:
        scene.before_still()
        return Card(b"%d" % frame.taken_us)

    plan = DoorPlan(**{
        "agent": AGENT, "site": SITE, "name": DOOR, "camera": "camera", "door": "leaf", "lamp": "lamp",
        "button": "glass", "guards": frozenset({RACK, "gate-a"}), "zones": ("ordinary",), **changes,
    })  # fmt: skip
    parts = DoorParts(
        door=door, lamp=lamp, journal=journal, book=book, tasks=tasks, clock=hands.clock, packs=packs,
        label_keys=[LABELS.public], read=read, keep=keep,
        report=lambda device, problem: scene.problems.append(problem),
        heads=Heads(HeadCounter(head=HEAD), hands.clock.mono_us) if above else None,
    )  # fmt: skip
    station = DoorStation(plan, parts)
    scene = DoorScene(hands, journal, book, tasks, station, pins, shown, door, parts.heads)
    scene.swing(shut=shut)
    if told:
        door.watch(station.on_position)
    exit_.watch(station.on_exit)
    glass.watch(station.on_break_glass)
    try:
        yield scene
    finally:
        if not scene.killed:
            station.stop()
        for stop in (door.stop, lamp.stop, exit_.stop, glass.stop):
            stop()
        journal.close()
        pins.reset()
        Device.pin_factory = None
