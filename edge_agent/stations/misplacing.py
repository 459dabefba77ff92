"""Whether something went into, or came out of, another slot than the one lit or named by a task. Pure.

Judged only while a slot is expected to change, so that a rack which nobody works at by list or task says nothing: what
moves then without a record is the cloud's to judge. A slot that any open task or list expects is never a wrong one.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from edge_agent.stations.rack_lists import Wanted
from wire.racks import MisplacementEnded, SlotMisplaced

How = Literal["put_right", "undone", "withdrawn", "recorded"]

PUT_WITHIN_US = 120_000_000
"""So long after a step was allowed its slot is expected to be filled."""


@dataclass(frozen=True, slots=True)
class Expected:
    """A step was allowed: `things` are on their way into `slot`."""

    slot: str
    things: tuple[str, ...]
    task: str | None
    until_us: int


@dataclass(frozen=True, slots=True)
class Around:
    """What else is known at the moment of a change: what lists want, the slots that open tasks name."""

    wanted: Sequence[Wanted]
    named: Collection[str]


class Misplacing:
    """What is expected at the rack `station`, and what is in the wrong slot there (`living`, by the slot found)."""

    def __init__(self, station: str, living: Sequence[SlotMisplaced]) -> None:
        self._station = station
        self.living = {one.found: one for one in living}
        self._expected: list[Expected] = []
        self._may_take: list[int] = []  # until when something may be taken from some slot, by a step that was allowed
        self._out: set[str] = set()  # slots whose things were taken so, and come back

    def allowed(self, slot: str | None, things: tuple[str, ...], task: str | None, taken: int, now_us: int) -> None:
        """A step was allowed: `things` go into `slot`, which is empty (None: nowhere), and `taken` come out of some."""
        until_us = now_us + PUT_WITHIN_US
        self._expected = [one for one in self._expected if not set(one.things) & set(things)]
        if slot is not None:
            self._expected.append(Expected(slot, things, task, until_us))
        self._may_take += [until_us] * taken

    def recorded(self, things: Collection[str], slot: str | None, now_us: int) -> Iterator[MisplacementEnded]:
        """Ends what the record of a step settles: the things are, by it, where they were found, or elsewhere since."""
        for one in list(self.living.values()):
            if set(one.things) & set(things) and not (one.by == "sensor" and slot == one.expected):
                yield self._over(one, "put_right" if slot == one.expected else "recorded")

    def scanned(self, found: str, expected: str, things: tuple[str, ...], task: str | None) -> SlotMisplaced | None:
        """Things were held to the label of a slot that their task does not name."""
        if found in self.living:
            return None
        return self._new(found, expected, "put", "scan", task, None, things)

    def withdrawn(self, in_sight: Collection[str], known: Collection[str]) -> Iterator[MisplacementEnded]:
        """Ends what was only held to a wrong slot and no longer is; its sensor is `known` to have told of nothing."""
        for one in list(self.living.values()):
            if one.by == "scan" and one.found not in in_sight and one.found in known:
                yield self._over(one, "withdrawn")

    def changed(self, slot: str, occupied: bool, around: Around, now_us: int) -> SlotMisplaced | None:
        """The sensor of `slot` steadily says something else than before; tells when that is wrong."""
        self._expected = [one for one in self._expected if one.until_us > now_us]
        return self._filled(slot, around) if occupied else self._emptied(slot, around, now_us)

    def righted(self, occupied: Mapping[str, bool], around: Around) -> Iterator[MisplacementEnded]:
        """Ends what is no longer so, by what the sensors steadily say."""
        for one in list(self.living.values()):
            wrong = one.moved == "put"
            if one.by == "scan" or occupied.get(one.found) is wrong:
                continue
            if occupied.get(one.expected) is wrong:
                yield self._over(one, "put_right")
            elif one.list_id is not None and not any(
                want.list_id == one.list_id and want.slot == one.expected for want in around.wanted
            ):
                yield self._over(one, "undone")

    def settled(self, slot: str) -> Iterator[MisplacementEnded]:
        """The cloud has a record of what is in `slot`."""
        if slot in self.living:
            yield self._over(self.living[slot], "recorded")

    def _filled(self, slot: str, around: Around) -> SlotMisplaced | None:
        by_scan = self.living.get(slot)
        if by_scan is not None and by_scan.by == "scan":
            return self._new(slot, by_scan.expected, "put", "sensor", by_scan.task, None, tuple(by_scan.things))
        for number, one in enumerate(self._expected):
            if one.slot == slot:
                del self._expected[number]
                return None
        if slot in self.living or slot in self._out or slot in around.named or _any(around, slot, "put"):
            self._out.discard(slot)
            return None
        if self._expected:
            last = self._expected[-1]
            things = last.things if len(self._expected) == 1 else ()
            return self._new(slot, last.slot, "put", "sensor", last.task, None, things)
        return self._by_list(slot, around, "put")

    def _emptied(self, slot: str, around: Around, now_us: int) -> SlotMisplaced | None:
        if slot in self.living or _any(around, slot, "pick"):
            return None
        self._may_take = [until for until in self._may_take if until > now_us]
        if self._may_take:
            del self._may_take[0]
            self._out.add(slot)
            return None
        return self._by_list(slot, around, "pick")

    def _by_list(self, slot: str, around: Around, way: str) -> SlotMisplaced | None:
        want = next((want for want in around.wanted if want.way == way), None)
        if want is None:
            return None
        if way == "pick":  # what was taken is what lay there, which nobody here knows
            return self._new(slot, want.slot, "taken", "sensor", None, want.list_id, ())
        only = sum(each.way == way for each in around.wanted) == 1
        return self._new(slot, want.slot, "put", "sensor", None, want.list_id, want.things if only else ())

    def _new(
        self, found: str, expected: str, moved: Literal["put", "taken"], by: Literal["sensor", "scan"],
        task: str | None, list_: str | None, things: tuple[str, ...],
    ) -> SlotMisplaced:  # fmt: skip
        one = self.living[found] = SlotMisplaced(
            station=self._station, found=found, expected=expected, moved=moved, by=by, task=task, list_id=list_,
            things=list(things),
        )  # fmt: skip
        return one

    def _over(self, one: SlotMisplaced, how: How) -> MisplacementEnded:
        del self.living[one.found]
        return MisplacementEnded(station=self._station, found=one.found, expected=one.expected, how=how)


def _any(around: Around, slot: str, way: str) -> bool:
    return any(want.slot == slot and want.way == way for want in around.wanted)
