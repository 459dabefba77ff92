"""The stations of an agent, put together from their entries in the site file and the devices that are built."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import time, timedelta
from functools import partial
from typing import Any

from custody.things import Direction
from edge_agent.agent import Watch
from edge_agent.clock import Clock
from edge_agent.devices import Beam, Button, Camera, Door, Gate, Lamp, Scale, SlotIndicator
from edge_agent.downlink import Books
from edge_agent.journal.journal import Journal
from edge_agent.site_entries import DAYS, DoorEntry, GateEntry, RackEntry, SensorsEntry, Site, WatchEntry
from edge_agent.stations.door import DoorStation
from edge_agent.stations.door_plan import DoorParts, DoorPlan
from edge_agent.stations.gate import GateParts, GatePlan, GateStation
from edge_agent.stations.gauges import Pace
from edge_agent.stations.heads import Heads
from edge_agent.stations.hours import Quiet
from edge_agent.stations.loud_lamp import LoudLamp
from edge_agent.stations.rack import RackParts, RackPlan, RackStation
from edge_agent.stations.sensors import SENSORS, SensorsParts, SensorsPlan, SensorStation
from edge_agent.stations.watch import WatchParts, WatchPlan, WatchStation
from edge_agent.vision.heads import HeadCounter
from edge_agent.vision.labels import read_labels
from edge_agent.vision.stills import keep_still
from proof.keys import VerifyKey


@dataclass(frozen=True, slots=True)
class Ground:
    """What every station is built from; `report` takes device faults."""

    site: Site
    label_keys: Sequence[VerifyKey]
    devices: Mapping[str, Any]
    journal: Journal
    books: Books
    clock: Clock
    report: Callable[[str, str | None], None]
    offer: Callable[[str, str, float], None] | None = None

    def lamp(self, name: str | None, buzzer: str | None) -> Lamp | None:
        """The lamp called so, with the buzzer called so beside it, where there are any."""
        lamp: Lamp | None = self.devices[name] if name else None
        return LoudLamp(lamp, self.devices[buzzer], partial(self.report, buzzer)) if buzzer else lamp

    def button(self, name: str | None) -> Button | None:
        """The button called so, where there is one."""
        button: Button | None = self.devices[name] if name else None
        return button

    @property
    def common(self) -> dict[str, Any]:
        """The parts that every station has."""
        return {
            "journal": self.journal, "book": self.books.permits, "clock": self.clock, "packs": self.books.packs,
            "label_keys": self.label_keys, "read": lambda frame: read_labels(frame.pixels),
            "keep": lambda frame: keep_still(frame.pixels), "report": self.report,
        }  # fmt: skip


def build_stations(ground: Ground) -> list[Watch]:
    """All of them, in the order of the site file. Doors are told what moves in the racks behind them."""
    doors: list[DoorStation] = []
    watches: list[Watch] = []
    for entry in ground.site.stations:
        if isinstance(entry, GateEntry):
            watches += _gate(entry, ground)
        elif isinstance(entry, RackEntry):
            watches.append(_rack(entry, ground, doors))
        elif isinstance(entry, DoorEntry):
            station, seen = _door(entry, ground)
            doors.append(station)
            watches += seen
    for entry in ground.site.stations:  # last: they ask the others why somebody is there
        if isinstance(entry, WatchEntry):
            watches += _watch(entry, ground, {watch.name: watch.station for watch in watches})
    return watches


def build_sensors(ground: Ground) -> list[SensorStation]:
    """The rooms with sensors."""
    return [_sensors(entry, ground) for entry in ground.site.stations if isinstance(entry, SensorsEntry)]


def _sensors(entry: SensorsEntry, ground: Ground) -> SensorStation:
    pace = Pace(
        deadband={str(measures): band for measures, band in entry.deadband.items()},
        at_most_us=int(entry.at_most_every_s * 1_000_000),
        at_least_us=int(entry.at_least_every_s * 1_000_000),
    )  # fmt: skip
    plan = SensorsPlan(
        name=entry.name, pace=pace, burst=entry.burst, edge_us=int(60_000_000 / entry.edges_per_minute)
    )  # fmt: skip
    contacts = {name: (sensor, ground.devices[name]) for sensor in SENSORS for name in getattr(entry, sensor)}
    climates = {name: ground.devices[name] for name in entry.climate}
    parts = SensorsParts(
        journal=ground.journal, book=ground.books.permits, clock=ground.clock, climates=climates, contacts=contacts,
        offer=ground.offer if entry.telemetry else None,
    )  # fmt: skip
    return SensorStation(plan, parts)


def _heads(entry: GateEntry | DoorEntry | WatchEntry, ground: Ground) -> tuple[Heads | None, list[Watch]]:
    """What counts heads at a station, where there is a camera for it."""
    told = entry.heads
    if told is None:
        return None, []
    tall = told.bottom - told.top
    counter = HeadCounter(head=told.head, line=(told.line - told.top) / tall)
    heads = Heads(counter, ground.clock.mono_us, told.inward, told.top, told.bottom)
    camera: Camera = ground.devices[told.camera]
    return heads, [Watch(heads, camera, told.camera, lambda: None, f"{entry.name}-heads", filmed=False)]


def _gate(entry: GateEntry, ground: Ground) -> list[Watch]:
    devices = ground.devices
    camera: Camera = devices[entry.camera]
    gate: Gate = devices[entry.gate]
    button = ground.button(entry.break_glass)
    beams: dict[Direction, Beam] = {
        Direction.IN: devices[entry.beam_outside],
        Direction.OUT: devices[entry.beam_inside],
    }
    heads, above = _heads(entry, ground)
    station = GateStation(
        GatePlan(
            agent=ground.site.agent,
            site=ground.site.site,
            name=entry.name,
            camera=entry.camera,
            gate=entry.gate,
            lamp=entry.lamp or "",
            button=entry.break_glass or "",
            cross_within_us=int(entry.cross_within_s * 1_000_000),
            approach_within_us=int(entry.approach_within_s * 1_000_000),
        ),
        GateParts(
            gate=gate,
            lamp=ground.lamp(entry.lamp, entry.buzzer),
            heads=heads,
            **ground.common,
        ),
    )

    def attach() -> None:
        gate.watch(station.on_position)
        for direction, beam in beams.items():
            beam.watch(partial(station.on_beam, direction))
        if button is not None:
            button.watch(station.on_break_glass)

    return [Watch(station, camera, entry.camera, attach, entry.name), *above]


def _rack(entry: RackEntry, ground: Ground, doors: Sequence[DoorStation]) -> Watch:
    camera = ground.devices[entry.camera]
    indicator: SlotIndicator = ground.devices[entry.indicator]
    scale: Scale | None = ground.devices[entry.scale] if entry.scale else None

    def moved(slot: str) -> None:
        for door in doors:
            if entry.name in door.guards:
                door.on_moved(slot)

    station = RackStation(
        RackPlan(
            site=ground.site.site,
            name=entry.name,
            camera=entry.camera,
            indicator=entry.indicator,
            lamp=entry.lamp or "",
            scale=entry.scale or "",
            zero_g=entry.scale_zero_g,
            verified_until=entry.scale_verified_until,
            slots=entry.slots,
        ),
        RackParts(
            indicator=indicator,
            lamp=ground.lamp(entry.lamp, entry.buzzer),
            tasks=ground.books.tasks,
            lists=ground.books.lists,
            moved=moved,
            **ground.common,
        ),
    )

    def attach() -> None:
        indicator.watch(station.on_slot)
        if scale is not None:
            scale.watch(station.on_weight)

    return Watch(station, camera, entry.camera, attach, entry.name)


def _door(entry: DoorEntry, ground: Ground) -> tuple[DoorStation, list[Watch]]:
    camera: Camera = ground.devices[entry.camera]
    door: Door = ground.devices[entry.door]
    exit_, glass = ground.button(entry.exit), ground.button(entry.break_glass)
    heads, above = _heads(entry, ground)
    station = DoorStation(
        DoorPlan(
            agent=ground.site.agent,
            site=ground.site.site,
            name=entry.name,
            camera=entry.camera,
            door=entry.door,
            lamp=entry.lamp or "",
            button=entry.break_glass or "",
            guards=frozenset(entry.guards),
            zones=tuple(entry.zones),
            open_within_us=int(entry.open_within_s * 1_000_000),
            held_open_us=None if entry.held_open_s is None else int(entry.held_open_s * 1_000_000),
        ),
        DoorParts(
            door=door,
            lamp=ground.lamp(entry.lamp, entry.buzzer),
            tasks=ground.books.tasks,
            heads=heads,
            **ground.common,
        ),
    )

    def attach() -> None:
        door.watch(station.on_position)
        if exit_ is not None:
            exit_.watch(station.on_exit)
        if glass is not None:
            glass.watch(station.on_break_glass)

    return station, [Watch(station, camera, entry.camera, attach, entry.name), *above]


def _watch(entry: WatchEntry, ground: Ground, stations: Mapping[str, object]) -> list[Watch]:
    heads, above = _heads(entry, ground)
    stay_us = int(entry.stay_s * 1_000_000)
    doors = [one for name in entry.doors if isinstance(one := stations[name], DoorStation)]
    racks = [one for name in entry.racks if isinstance(one := stations[name], RackStation)]

    def explained() -> bool:
        return any(door.let_in(stay_us) for door in doors) or any(rack.at_work() for rack in racks)

    hours, minutes = (int(part) for part in entry.utc_offset[1:].split(":"))
    offset = timedelta(hours=hours, minutes=minutes) * (-1 if entry.utc_offset.startswith("-") else 1)
    quiet = tuple(
        Quiet(frozenset(map(DAYS.index, one.days)), time.fromisoformat(one.begin), time.fromisoformat(one.end))
        for one in entry.quiet
    )
    watches = []
    for name, camera in entry.eyes():
        plan = WatchPlan(
            name=name, camera=camera, zones=tuple(entry.zones), quiet=quiet, offset=offset,
            guarded=bool(doors or racks),
        )  # fmt: skip
        parts = WatchParts(
            journal=ground.journal, book=ground.books.permits, clock=ground.clock, explained=explained, heads=heads
        )
        station = WatchStation(plan, parts)
        watches.append(Watch(station, ground.devices[camera], camera, lambda: None, name))
    return [*watches, *above]
