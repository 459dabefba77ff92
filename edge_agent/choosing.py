"""The drivers that a site file names, each with its checked options: loaded by name, when they are asked for."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

import edge_agent.drivers
from custody.rule_pack import RulePack
from edge_agent.errors import SettingsError
from edge_agent.profiles import KINDS, kind_of, nearest
from edge_agent.site_entries import DoorEntry, RackEntry, WatchEntry
from edge_agent.site_file import SiteFile


@dataclass(frozen=True, slots=True)
class Choice:
    """A driver and its checked options."""

    build: Callable[..., Any]
    options: BaseModel


@dataclass(slots=True)
class Looked:
    """A site file, as far as it can be read, with its drivers and every fault in all of it."""

    file: SiteFile | None = None
    choices: dict[str, Choice] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def look_at(path: Path, text: str | None = None, pack: RulePack | None = None) -> Looked:
    """The file `path`, or `text` in its place, under the rules of `pack`."""
    looked = Looked()
    try:
        looked.file = SiteFile(path, text, strict=False)
        looked.faults += looked.file.wrong
        looked.choices, wrong = _choose(looked.file)
        looked.faults += wrong
    except SettingsError as error:
        looked.faults += error.faults
    if looked.file and pack:
        looked.faults += _unknown_zones(looked.file, pack)
    return looked


def choose_drivers(file: SiteFile) -> dict[str, Choice]:
    """Every device's driver and options. Raises SettingsError with all faults."""
    chosen, faults = _choose(file)
    if faults:
        raise SettingsError(faults)
    return chosen


def driver_names() -> list[str]:
    """All drivers that there are."""
    found = (module.name for module in pkgutil.iter_modules(edge_agent.drivers.__path__))
    return sorted(name for name in found if kind_of(name) in KINDS and "_" in name)


def _choose(file: SiteFile) -> tuple[dict[str, Choice], list[str]]:
    faults: list[str] = []
    chosen: dict[str, Choice] = {}
    for device in file.devices:
        at = ("devices", device.number)
        module = f"edge_agent.drivers.{device.driver}"
        try:
            driver = importlib.import_module(module)
            chosen[device.name] = Choice(driver.build, driver.Options.model_validate(device.options))
        except ValidationError as error:
            faults += file.faults(error, (*at, "options"))
        except ImportError as error:
            known = f"no such driver{nearest(device.driver, driver_names())}"
            missing = known if error.name == module else f"its library is not installed: {error}"
            faults.append(file.fault((*at, "driver"), f"{device.driver}: {missing}"))
    return chosen, [*faults, *_unwired_slots(file, chosen), *_taken_twice(file, chosen)]


def _unwired_slots(file: SiteFile, chosen: Mapping[str, Choice]) -> Iterator[str]:
    """Slots of racks whose indicator has them not; a device that does not say which it has is believed."""
    for number, station in file.stations.items():
        if not isinstance(station, RackEntry) or station.indicator not in chosen:
            continue
        wired = getattr(chosen[station.indicator].options, "slots", station.slots)
        for name in station.slots:
            if name not in wired:
                at = ("stations", number, "slots", name)
                yield file.fault(at, f"{station.indicator} has no slot called {name}")


def _taken_twice(file: SiteFile, chosen: Mapping[str, Choice]) -> Iterator[str]:
    """What only one device can have, and two want, or one device twice."""
    users: dict[tuple[str, Any], str] = {}
    for device in file.devices:
        options = chosen[device.name].options.model_dump() if device.name in chosen else {}
        for where, place, told in (*_pins(options), *_ports(device.kind, options)):
            if place in users:
                at = ("devices", device.number, "options", *where)
                yield file.fault(at, f"{told} is taken by {users[place]}")
            users.setdefault(place, device.name)


Place = tuple[tuple[str | int, ...], tuple[str, Any], str]
"""Where it stands among the options, what it is, and how it is called."""


def _pins(options: Mapping[str, Any]) -> Iterator[Place]:
    for where, pin in pins_in(options):
        yield where, ("pin", pin), f"pin {pin}"


def _ports(kind: str, options: Mapping[str, Any]) -> Iterator[Place]:
    """Addresses of an I²C bus, and what one process alone can open: cameras and serial lines.

    A camera's address is not told: it may carry a password.
    """
    if "address" in options and "bus" in options:
        bus, address = options["bus"], options["address"]
        yield ("address",), ("i2c", (bus, address)), f"address {address:#x} of bus {bus}"
    for name in ("source", "camera", "device"):
        if name in options:
            yield (name,), (f"{kind} {name}", str(options[name])), f"this {name}"


def pins_in(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], int]]:
    """Every pin in a driver's options: members whose names end in `pin`, at any depth, and where they stand."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from pins_in(part, (*at, key))
    elif isinstance(value, list | tuple):
        for number, part in enumerate(value):
            yield from pins_in(part, (*at, number))
    elif isinstance(value, int) and not isinstance(value, bool) and str(at[-1]).endswith("pin"):
        yield at, value


def _unknown_zones(file: SiteFile, pack: RulePack) -> Iterator[str]:
    """Zone classes, behind doors or watched, that the rules do not know: they would ask for nobody beside the first."""
    for number, station in file.stations.items():
        for place, zone in enumerate(station.zones) if isinstance(station, DoorEntry | WatchEntry) else ():
            if zone not in pack.section("zones"):
                yield file.fault(("stations", number, "zones", place), f"the rules know no zone class {zone}")
