"""Whether a warehouse is built and kept as the rule book asks (J8): what each class of zone has to have. Pure.

The pack's section `construction` names the parts of each class; each part has a rule `warehouse.<part>` with its
wording. A pack may say nothing of it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from custody.errors import Fault
from custody.rule_pack import RulePack
from custody.words import bilingual


class Part(StrEnum):
    """What a zone may have to have."""

    DOOR = "door"
    """a door of ours is the way in"""
    CAMERA = "camera"
    """an agent there films"""
    LIGHT = "light"
    """every slot can be lit"""
    SENSOR = "sensor"
    """every slot has a sensor that has spoken"""
    ROOM = "room"
    """it is not full"""
    COUNTED = "counted"
    """it was counted within its interval"""

    @property
    def rule(self) -> str:
        """The rule that asks for it."""
        return f"warehouse.{self.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A zone as it is: names of doors, agents that film, slots without a light and without a sensor."""

    id: str
    zone_class: str
    doors: tuple[str, ...]
    cameras: tuple[str, ...]
    slots: int
    unlit: tuple[str, ...]
    unsensed: tuple[str, ...]
    full: bool
    overdue: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether a zone has a part; `lacking` are the slots that have it not."""

    zone: str
    part: Part
    met: bool
    lacking: tuple[str, ...] = ()


def examine(pack: RulePack, zones: Iterable[Zone]) -> Iterator[Finding]:
    """Every part that the pack asks of each zone, in its order. A slot's parts are not met where there is no slot."""
    asked = pack.section("construction")
    for zone in zones:
        for part in map(Part, asked.get(zone.zone_class, ())):
            lacking = {Part.LIGHT: zone.unlit, Part.SENSOR: zone.unsensed}.get(part, ())
            met = {
                Part.DOOR: bool(zone.doors), Part.CAMERA: bool(zone.cameras), Part.ROOM: not zone.full,
                Part.COUNTED: not zone.overdue,
            }.get(part, zone.slots > 0 and not lacking)  # fmt: skip
            yield Finding(zone.id, part, met, lacking)


def faults(told: object, zones: Mapping[str, Any], wording: Mapping[str, Any]) -> Iterator[Fault]:
    """What is wrong with `told`, a pack's section `construction`."""
    if not isinstance(told, Mapping):
        yield Fault(("construction",), "not a mapping")
        return
    parts = [part.value for part in Part]
    for name, asked in told.items():
        if name not in zones:
            yield Fault(("construction", name), f"{name!r} is no zone class")
        if not isinstance(asked, list):
            yield Fault(("construction", name), "must be a list")
            continue
        for number, part in enumerate(asked):
            if part not in parts:
                yield Fault(("construction", name, number), f"{part!r} is no part; there are {', '.join(parts)}")
            elif not bilingual(wording.get(Part(part).rule)):
                yield Fault(("rules", Part(part).rule), "has no wording in zh and en")
