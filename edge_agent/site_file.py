"""The site file: which devices and stations are here. A wrong one tells every fault with its line."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from edge_agent.errors import SettingsError
from edge_agent.lined_yaml import LinedYaml
from edge_agent.profiles import nearest, read_profile, shipped
from edge_agent.site_entries import Device, DeviceEntry, DoorEntry, RackEntry, Site, StationEntry, WatchEntry
from wire.topics import site_of

T = TypeVar("T")

_DEVICE: TypeAdapter[DeviceEntry] = TypeAdapter(DeviceEntry)
_STATION: TypeAdapter[StationEntry] = TypeAdapter(StationEntry)


class SiteFile:
    """A site file. `stations` (by their numbers in it) and `devices` are those that are right by themselves."""

    def __init__(self, path: Path, text: str | None = None, *, strict: bool = True) -> None:
        """The file `path`, or `text` in its place. Raises SettingsError with every fault.

        Where it is not `strict`, only for what is no YAML: everything else that is wrong is in `wrong`.
        """
        self.path = path
        self._yaml = LinedYaml(path, text)
        self.fault, self.faults = self._yaml.fault, self._yaml.faults
        self.wrong: list[str] = []
        self._site = self._read()
        self.stations = dict(self._right("stations", _STATION))
        self.devices = list(self._devices())
        self.wrong += self._disagreements()
        if strict and self.wrong:
            raise SettingsError(self.wrong)

    @property
    def site(self) -> Site:
        """All that it says. Raises SettingsError where it is wrong."""
        if self._site is None:
            raise SettingsError(self.wrong)
        return self._site

    def _read(self) -> Site | None:
        try:
            return Site.model_validate(self._yaml.content)
        except ValidationError as error:
            self.wrong += self.faults(error, ())
            return None

    def _said(self, member: str) -> list[Any]:
        """The list under `member`, whatever is in it."""
        content = self._yaml.content
        found = content.get(member) if isinstance(content, dict) else None
        return found if isinstance(found, list) else []

    def _right(self, member: str, kind: TypeAdapter[T]) -> Iterator[tuple[int, T]]:
        """Those under `member` that are right; the others were told of."""
        for number, said in enumerate(self._said(member)):
            try:
                yield number, kind.validate_python(said)
            except ValidationError:
                continue

    def _devices(self) -> Iterator[Device]:
        profiles = shipped()
        for number, entry in self._right("devices", _DEVICE):
            if entry.driver is not None:
                yield Device(number=number, name=entry.name, driver=entry.driver, options=entry.options)
            elif entry.profile in profiles:
                profile = read_profile(profiles[entry.profile])
                options = {**profile.options, **entry.options}
                yield Device(
                    number=number, name=entry.name, driver=profile.driver, options=options, profile=entry.profile
                )  # fmt: skip
            elif entry.profile is not None:
                hint = nearest(entry.profile, list(profiles))
                self.wrong.append(self.fault(("devices", number, "profile"), f"no profile {entry.profile}{hint}"))

    def _disagreements(self) -> Iterator[str]:
        if self._site is not None and site_of(self._site.agent) != self._site.site:
            yield self.fault(("agent",), f"{self._site.agent} is no agent of site {self._site.site}")
        kinds = {device.name: device for device in self.devices}
        names = [said.get("name") if isinstance(said, dict) else None for said in self._said("devices")]
        for number, name in enumerate(names):
            if name is not None and name in names[:number]:
                yield self.fault(("devices", number, "name"), f"a second device called {name}")
        if self._site is not None:
            yield from self._slot_disagreements(self._site.site)
        yield from self._door_disagreements()
        yield from self._watch_disagreements()
        users: dict[str, str] = {}
        for number, station in self.stations.items():
            if station.name in users.values():
                yield self.fault(("stations", number, "name"), f"a second station called {station.name}")
            for member, name, kind in station.devices():
                at: tuple[str | int, ...] = ("stations", number, *member.split("."))
                if name not in names:
                    yield self.fault(at, f"no {name}{nearest(name, [str(one) for one in names if one])}")
                elif name in kinds and kinds[name].kind != kind:
                    yield self.fault(at, f"{name} is a {_shown(kinds[name])}, no {kind}")
                if name in users:
                    yield self.fault(at, f"{name} is used twice")
                users[name] = station.name

    def _slot_disagreements(self, site: str) -> Iterator[str]:
        known: set[str] = set()
        for number, station in self.stations.items():
            for name, slot in station.slots.items() if isinstance(station, RackEntry) else ():
                at = ("stations", number, "slots", name)
                if slot.partition("/")[0] != site:
                    yield self.fault(at, f"{slot} is no slot of site {site}")
                if slot in known:
                    yield self.fault(at, f"a second place called {slot}")
                known.add(slot)

    def _door_disagreements(self) -> Iterator[str]:
        said = [said for said in self._said("stations") if isinstance(said, dict)]
        stations = {one.get("name") for one in said if one.get("kind") not in ("door", "sensors", "watch")}
        for number, station in self.stations.items():
            for place, name in enumerate(station.guards) if isinstance(station, DoorEntry) else ():
                if name not in stations:
                    yield self.fault(("stations", number, "guards", place), f"no gate or rack called {name}")

    def _watch_disagreements(self) -> Iterator[str]:
        said = [said for said in self._said("stations") if isinstance(said, dict)]
        names = {one.get("name") for one in said}
        for number, station in self.stations.items():
            if not isinstance(station, WatchEntry):
                continue
            for member, kind in (("doors", "door"), ("racks", "rack")):
                there = {one.get("name") for one in said if one.get("kind") == kind}
                for place, name in enumerate(getattr(station, member)):
                    if name not in there:
                        yield self.fault(("stations", number, member, place), f"no {kind} called {name}")
            for place, (eye, _) in enumerate(station.eyes()):
                if eye != station.name and eye in names:
                    yield self.fault(("stations", number, "cameras", place), f"there is a station called {eye}")


def _shown(device: Device) -> str:
    return device.kind if device.profile is None else f"{device.kind} ({device.profile})"
