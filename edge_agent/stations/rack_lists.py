"""The part of the lists that is at one rack: what is lit there, what its sensors and scans confirm, and how each ends.

Everything is called under the station's lock, with what the sensors steadily say.
"""

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from edge_agent.clock import Clock
from edge_agent.devices import Light
from edge_agent.errors import JournalError
from edge_agent.journal.journal import Journal
from edge_agent.lists import Burning, ListBook
from edge_agent.stations.recording import Recording
from edge_agent.stations.slot_lights import Sign
from edge_agent.store import Effect
from wire.kinds import FactKind
from wire.racks import LightList, ListedSlot, ListEnded, ListSlotDone, ListWay

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Here:
    """A list as far as it is at this rack: its slots in walking order, how each was when it came, those done."""

    order: LightList
    slots: tuple[ListedSlot, ...]
    before: dict[str, bool | None] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)

    @property
    def left(self) -> list[ListedSlot]:
        return [one for one in self.slots if one.slot not in self.done]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A slot that a list wants to be filled, or emptied."""

    list_id: str
    slot: str
    way: ListWay
    things: tuple[str, ...]


class RackLists:
    """The lists at the station `name`, whose slots are `slots`; `device` is what says that they changed."""

    def __init__(
        self, name: str, device: str, slots: Collection[str], book: ListBook, recording: Recording, journal: Journal,
        clock: Clock,
    ) -> None:  # fmt: skip
        self._name, self._device, self._slots, self._book = name, device, frozenset(slots), book
        self._recording, self._journal, self._clock = recording, journal, clock
        self._ended = {list_ for (list_,) in journal.reads.rows("ended_lists", station=name)}
        self._known: dict[str, dict[str, tuple[bool | None, bool]]] = {}
        for list_, slot, before, done in journal.reads.rows("list_slots"):
            self._known.setdefault(list_, {})[slot] = None if before is None else bool(before), bool(done)
        self._here: dict[str, _Here] = {}

    @property
    def wanted(self) -> list[Wanted]:
        """What is still to be done, oldest list first, in walking order."""
        return [
            Wanted(here.order.list_id, one.slot, here.order.way, tuple(one.things))
            for here in self._here.values()
            for one in here.left
        ]

    @property
    def signs(self) -> dict[str, Sign]:
        """What each slot shows: the colour of the oldest list that wants it; the next of each list blinks."""
        signs: dict[str, Sign] = {}
        for here in self._here.values():
            for number, one in enumerate(here.left):
                signs.setdefault(one.slot, Sign(Light(here.order.colour), blinking=number == 0))
        return signs

    @property
    def left(self) -> int:
        """How many slots are still to be seen to."""
        return len(self.wanted)

    def look(self, occupied: Mapping[str, bool]) -> None:
        """Takes up lists that came, and ends those that are over."""
        for name, one in self._book.lists.items():
            if name in self._ended:
                continue
            if name not in self._here and not self._take_up(one, occupied):
                self._ended.add(name)
                continue
            if one.stopped or self._clock.mono_us() >= one.until_us:
                self._end(name, "stopped" if one.stopped else "expired")

    def sensed(self, slot: str, occupied: bool) -> str | None:
        """The sensor of `slot` steadily says so; the list that it confirms, if it does."""
        for name, here in list(self._here.items()):
            way = here.order.way
            goal = way == "put"
            if way == "look" or slot not in here.before or slot in here.done:
                continue
            before = here.before[slot]
            if before is None:
                here.before[slot] = occupied
            elif occupied is goal and before is not goal:
                self._done(name, slot, "sensor")
                return name
            elif occupied is not goal and before is goal:
                here.before[slot] = occupied  # made free first, so that its sensor can tell
        return None

    def scanned(self, slot: str, occupied: bool | None, *, step: bool) -> None:
        """The label of `slot` was shown; `step`: with things, and the step was allowed.

        Where the sensor can tell whether something was moved it has the word.
        """
        for name, here in list(self._here.items()):
            if slot not in here.before or slot in here.done:
                continue
            way, before = here.order.way, here.before[slot]
            blind = occupied is None or before is None or before is (way == "put")
            if way == "look" or (step and blind):
                self._done(name, slot, "scan")

    def _take_up(self, one: Burning, occupied: Mapping[str, bool]) -> bool:
        """Whether any of its slots is here; how they are now is kept, to know later whether they changed."""
        slots = tuple(each for each in one.order.slots if each.slot in self._slots)
        if not slots:
            return False
        name, known = one.order.list_id, self._known.pop(one.order.list_id, {})
        here = self._here[name] = _Here(one.order, slots)
        effects = []
        for each in slots:
            before, done = known.get(each.slot, (occupied.get(each.slot), False))
            here.before[each.slot] = before
            if done:
                here.done.add(each.slot)
            if each.slot not in known:
                effects.append(_set(name, each.slot, before, done=False))
        try:
            self._journal.apply(effects)
        except JournalError as error:  # after a restart it is as if it came then
            _log.warning("how the slots of %s are is not kept: %s", name, error)
        return True

    def _done(self, name: str, slot: str, by: str) -> None:
        here = self._here[name]
        here.done.add(slot)
        body = ListSlotDone(
            station=self._name, list_id=name, slot=slot, by="sensor" if by == "sensor" else "scan", left=len(here.left)
        )
        effect = _set(name, slot, here.before[slot], done=True)
        self._recording.movement(FactKind.LIST_SLOT_DONE, self._device, body, effects=(effect,))
        if not here.left:
            self._end(name, "done")

    def _end(self, name: str, how: str) -> None:
        here = self._here.pop(name)
        self._ended.add(name)
        body = ListEnded(
            station=self._name, list_id=name, left=[one.slot for one in here.left],
            how="done" if how == "done" else "stopped" if how == "stopped" else "expired",
        )  # fmt: skip
        effect = Effect("end_list", {"list": name, "station": self._name})
        self._recording.movement(FactKind.LIST_ENDED, self._device, body, effects=(effect,))


def _set(name: str, slot: str, before: bool | None, *, done: bool) -> Effect:
    return Effect("set_list_slot", {"list": name, "slot": slot, "before": before, "done": done})
