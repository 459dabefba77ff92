"""What is to be put, taken and looked at in the slots of a rack, and what went wrong with it: lists, misplacements.

A sensor counts once it has said the same for STEADY_US, so that one that chatters confirms nothing and accuses nobody;
what it says first after a start is how things stand, and no movement. Everything is called under the station's lock.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

import msgspec

from custody.corroboration import LEAVES, SLOTTED, TAKEN_OUT
from custody.decisions import Allowed, Refused
from custody.tasks import Task
from edge_agent.clock import Clock
from edge_agent.devices import Light
from edge_agent.journal.journal import Journal
from edge_agent.lists import ListBook
from edge_agent.stations.asking import Case, View
from edge_agent.stations.misplacing import Around, Misplacing
from edge_agent.stations.rack_lists import RackLists
from edge_agent.stations.recording import Recording
from edge_agent.stations.slot_lights import Sign, SlotLights
from edge_agent.store import Effect
from wire.kinds import FactKind
from wire.racks import MisplacementEnded, SlotMisplaced

STEADY_US = 1_000_000
CONFIRMED_US = 3_000_000
"""How long a slot of a list is green once it is confirmed."""
FLASH_US, PAUSE_US, MOST_FLASHES = 400_000, 1_600_000, 9


@dataclass(slots=True)
class _Sensor:
    """What a slot's sensor says, since when, and what it steadily said before."""

    says: bool
    since_us: int
    steady: bool | None = None


class Placing:
    """Lists and misplacements at the station `name`, whose sensors are `device`."""

    def __init__(
        self, name: str, device: str, camera: str, lights: SlotLights, slots: Collection[str], lists: ListBook,
        tasks: Callable[[], Iterable[Task]], recording: Recording, journal: Journal, clock: Clock,
    ) -> None:  # fmt: skip
        self._name, self._device, self._camera, self._lights = name, device, camera, lights
        self._tasks, self._recording, self._clock = tasks, recording, clock
        self._lists = RackLists(name, device, slots, lists, recording, journal, clock)
        rows = journal.reads.rows("misplaced", station=name)
        self._wrong = Misplacing(name, [msgspec.json.decode(body, type=SlotMisplaced) for (body,) in rows])
        self._sensors: dict[str, _Sensor] = {}

    @property
    def wrong(self) -> bool:
        """Whether anything is in a wrong slot."""
        return bool(self._wrong.living)

    def flashes(self) -> bool | None:
        """Whether the rack's lamp is lit now, which counts what lists want by flashes; None: nothing is to be counted.

        It flashes once for each slot, MOST_FLASHES times at the most, and pauses.
        """
        left = min(self._lists.left, MOST_FLASHES)
        if left == 0:
            return None
        at = self._clock.mono_us() % (2 * FLASH_US * left + PAUSE_US)
        return at < 2 * FLASH_US * left and at // FLASH_US % 2 == 0

    def sensed(self, slot: str, occupied: bool) -> None:
        """The sensor of `slot` says so, now."""
        known, now = self._sensors.get(slot), self._clock.mono_us()
        if known is None:
            self._sensors[slot] = _Sensor(occupied, now)
        elif known.says is not occupied:
            known.says, known.since_us = occupied, now

    def decided(self, case: Case, view: View) -> None:
        """A step was allowed or refused, and is on disk."""
        task, now = case.task, self._clock.mono_us()
        things = tuple(sight.id for sight in case.things)
        slot = task.slot if task else None
        if isinstance(case.answer, Allowed):
            self._tell_ended(self._wrong.recorded(things, slot if case.action in SLOTTED else None, now))
            to = slot if case.action in SLOTTED and self._steady.get(slot or "") is not True else None
            self._wrong.allowed(to, things, task.id if task else None, self._taken(case), now)
            if slot is not None:
                self._lists.scanned(slot, self._steady.get(slot), step=True)
        elif isinstance(case.answer, Refused) and slot is not None:
            others = sorted(one for one in view.slots if one != slot and one in self._lights)
            if others and slot not in view.slots_here:
                self._tell(self._wrong.scanned(others[0], slot, things, task.id if task else None), self._camera)

    def tick(self, in_sight: Collection[str]) -> None:
        """What time brings; `in_sight` are the slots whose labels are before the camera."""
        now = self._clock.mono_us()
        self._lists.look(self._steady)
        for slot in in_sight:
            self._lists.scanned(slot, self._steady.get(slot), step=False)
        for slot, sensor in self._sensors.items():
            if sensor.says is not sensor.steady and now - sensor.since_us >= STEADY_US:
                first, sensor.steady = sensor.steady is None, sensor.says
                self._changed(slot, sensor.says, now, first=first)
        steady = self._steady
        if self._wrong.living:
            self._tell_ended(self._wrong.withdrawn(in_sight, [slot for slot, there in steady.items() if not there]))
            self._tell_ended(self._wrong.righted(steady, self._around()))
        for slot in self._lights.settled():
            self._tell_ended(self._wrong.settled(slot))
        self._show()

    def _changed(self, slot: str, occupied: bool, now: int, *, first: bool) -> None:
        wrong = None if first else self._wrong.changed(slot, occupied, self._around(), now)
        if self._lists.sensed(slot, occupied) is not None:
            self._lights.show(slot, Light.GREEN, CONFIRMED_US)
        self._tell(wrong, self._device)

    @property
    def _steady(self) -> Mapping[str, bool]:
        return {slot: one.steady for slot, one in self._sensors.items() if one.steady is not None}

    def _around(self) -> Around:
        now = self._clock.read().at
        named = {task.slot for task in self._tasks() if task.slot is not None and now <= task.not_after}
        return Around(self._lists.wanted, named)

    def _taken(self, case: Case) -> int:
        return len(case.things) if case.action in TAKEN_OUT - LEAVES else 0

    def _tell(self, wrong: SlotMisplaced | None, device: str) -> None:
        if wrong is None:
            return
        row = {"station": self._name, "found": wrong.found, "body": msgspec.json.encode(wrong).decode()}
        effects = (Effect("set_misplaced", row),)
        self._recording.movement(FactKind.SLOT_MISPLACED, device, wrong, effects=effects)

    def _tell_ended(self, ended: Iterable[MisplacementEnded]) -> None:
        for one in ended:
            effects = (Effect("drop_misplaced", {"station": self._name, "found": one.found}),)
            self._recording.movement(FactKind.MISPLACEMENT_ENDED, self._device, one, effects=effects)

    def _show(self) -> None:
        """Red blinks where something is wrong, amber where it belongs; what was put back leaves only the amber."""
        wrong = {}
        for one in self._wrong.living.values():
            wrong[one.expected] = Sign(Light.AMBER, blinking=True)
        for one in self._wrong.living.values():
            put_back = one.by == "sensor" and self._steady.get(one.found) is (one.moved != "put")
            if not put_back:
                wrong[one.found] = Sign(Light.RED, blinking=True)
        here = {slot: sign for slot, sign in wrong.items() if slot in self._lights}
        self._lights.keep(self._lists.signs, here)
