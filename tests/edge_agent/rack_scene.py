"""A rack on mock pins, with a real journal, real tasks and labels shown to it by their texts."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from gpiozero import Device
from gpiozero.pins.mock import MockFactory

from custody.roles import Role
from custody.tasks import TASK_TYPE, Task, TaskThing
from custody.things import Action, Kind, State
from edge_agent.devices import Frame, Light, SlotIndicator
from edge_agent.drivers import lamp_gpiozero, slots_gpiozero
from edge_agent.journal.journal import Journal
from edge_agent.lists import ListBook
from edge_agent.permits import Change, PermitBook
from edge_agent.rule_packs import PackBook
from edge_agent.stations.rack import RackParts, RackPlan, RackStation
from edge_agent.tasks import TaskBook
from proof import jws
from tests.edge_agent.hands import Hands, counted_bytes
from tests.edge_agent.scene import BLANK, CLOUD, GREEN, LABELS, PACK, RED, SITE, Card, Text, around
from wire.messages import Fact

AGENT, RACK = "nj01.rack-1", "rack-1"
SLOT_PINS = {"A-01": 7, "A-02": 10, "A-03": 18}
"""Of each slot the green lamp; the red one and the switch are the next two."""
LI, WANG, ZHAO = f"{SITE}/U-LI", f"{SITE}/U-WANG", f"{SITE}/U-ZHAO"
PEOPLE = {LI: (Role.KEEPER,), WANG: (Role.BOOKKEEPER,), ZHAO: (Role.APPROVER,)}


def a_task(hands: Hands, id_: str, *names: str, **changes: Any) -> Task:
    """A task to place packages `names` in slot A-01, for an hour before and after now."""
    content = {
        "id": id_,
        "site": SITE,
        "agent": AGENT,
        "station": RACK,
        "action": Action.PLACE,
        "things": tuple(TaskThing(Kind.PACKAGE, f"{SITE}/P-{name}", 1, State.ARRIVED) for name in names),
        "slot": f"{SITE}/S-A-01",
        "people": PEOPLE,
        "rule_pack": PACK.hash,
        "not_before": hands.now - timedelta(hours=1),
        "not_after": hands.now + timedelta(hours=1),
    }
    return Task(**{**content, **changes})


@dataclass
class Noting:
    """An indicator that notes with every light the kind of the newest fact on disk at that moment."""

    indicator: SlotIndicator
    journal: Journal
    told: list[tuple[str, str, str]] = field(default_factory=list)
    signs: dict[str, str] = field(default_factory=dict)

    def light(self, slot: str, light: Light, *, blinking: bool = False) -> None:
        ((_, content, _, _),) = self.journal.reads.rows("last_facts", limit=1)
        self.told.append((slot, light.value, json.loads(content)["kind"]))
        self.signs[slot] = f"{light.value} blinking" if blinking else light.value
        self.indicator.light(slot, light, blinking=blinking)

    def watch(self, on_change: Callable[[str, bool], None]) -> None:
        self.indicator.watch(on_change)

    def stop(self) -> None:
        self.indicator.stop()


@dataclass
class RackScene:
    hands: Hands
    journal: Journal
    book: PermitBook
    packs: PackBook
    tasks: TaskBook
    lists: ListBook
    station: RackStation
    pins: MockFactory
    indicator: Noting
    problems: list[str | None] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    before_still: Callable[[], None] = lambda: None
    number: int = 0
    frames_read: int = 0

    def task(self, *names: str, **changes: Any) -> Task:
        """What the cloud lets be done here."""
        self.number += 1
        task = a_task(self.hands, f"{SITE}/A-{self.number}", *names, **changes)
        change = self.tasks.add(jws.sign(task.payload(), CLOUD, TASK_TYPE))
        assert isinstance(change, Change), change
        self.make(change)
        return task

    def make(self, change: Change) -> None:
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

    def lay(self, name: str, *, occupied: bool) -> None:
        """Something is put on the switch of the slot, or taken off."""
        switch = self.pins.pin(SLOT_PINS[name] + 2)
        (switch.drive_low if occupied else switch.drive_high)()

    def light(self, name: str) -> str:
        return self._colour(SLOT_PINS[name], SLOT_PINS[name] + 1)

    @property
    def lamp(self) -> str:
        return self._colour(GREEN, RED)

    def _colour(self, green: int, red: int) -> str:
        lit = bool(self.pins.pin(green).state), bool(self.pins.pin(red).state)
        return {(True, False): "green", (False, True): "red", (True, True): "amber", (False, False): "off"}[lit]

    def facts(self, kind: str = "") -> list[Fact]:
        run = self.journal.run_from(1, 1000, 1 << 24)
        return [fact for fact in run.facts if kind in ("", fact.kind)] if run else []

    @property
    def outcomes(self) -> list[str]:
        """Of every decision: `allowed`, or the reason of the refusal."""
        return [fact.body["reason"] or fact.body["outcome"] for fact in self.facts("step_decided")]


@contextmanager
def rack_scene(
    folder: Path, hands: Hands | None = None, *, laid: tuple[str, ...] = (), slots: int = 2, **more: Any
) -> Iterator[RackScene]:
    """A rack of so many slots; in those of `laid` something lies when it starts."""
    hands = hands or Hands()
    pins = Device.pin_factory = MockFactory()
    journal = Journal(folder, hands.clock, counted_bytes())
    find = {CLOUD.public.kid: CLOUD.public}.get
    packs = PackBook(journal.reads, PACK, hands.clock)
    book, tasks = PermitBook(journal.reads, AGENT, find), TaskBook(journal.reads, AGENT, packs, find)
    lists = ListBook(journal.reads, hands.clock)
    names = list(SLOT_PINS)[:slots]
    pin_slots = {
        name: slots_gpiozero.SlotPins(green_pin=pin, red_pin=pin + 1, switch_pin=pin + 2)
        for name, pin in SLOT_PINS.items()
        if name in names
    }
    indicator = Noting(slots_gpiozero.build(slots_gpiozero.Options(slots=pin_slots), around(hands)), journal)
    lamp = lamp_gpiozero.build(lamp_gpiozero.Options(green_pin=GREEN, red_pin=RED), around(hands))
    shown: list[str] = []

    def read(frame: Frame) -> list[Text]:
        scene.frames_read += 1
        return [Text(text) for text in shown]

    def keep(frame: Frame) -> Card:
        scene.before_still()
        return Card(b"%d" % frame.taken_us)

    plan = RackPlan(
        site=SITE, name=RACK, camera="camera", indicator="slots", lamp="lamp", scale="scale",
        slots={name: f"{SITE}/S-{name}" for name in names}, **more,
    )  # fmt: skip
    parts = RackParts(
        indicator=indicator, lamp=lamp, journal=journal, book=book, tasks=tasks, lists=lists, clock=hands.clock,
        packs=packs,        label_keys=[LABELS.public], read=read, keep=keep, report=lambda device, problem: None,
    )  # fmt: skip
    station = RackStation(plan, parts)
    scene = RackScene(hands, journal, book, packs, tasks, lists, station, pins, indicator, shown=shown)
    for name in laid:
        scene.lay(name, occupied=True)
    indicator.watch(station.on_slot)
    try:
        yield scene
    finally:
        station.stop()
        indicator.stop()
        lamp.stop()
        journal.close()
        pins.reset()
        Device.pin_factory = None
