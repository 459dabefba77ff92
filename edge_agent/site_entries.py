"""What a site file may hold: the entries of its devices, its stations and its clock."""

from collections.abc import Iterator
from datetime import date
from itertools import chain
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from edge_agent.profiles import DriverName, ProfileName, kind_of
from wire.labels import valid_id
from wire.sensors import Measure
from wire.topics import valid_agent

DEADBAND: dict[Measure, float] = {"temperature": 0.3, "humidity": 2.0, "battery": 2.0, "illuminance": 50.0, "co2": 50.0}

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DeviceEntry(_Part):
    """One device of the site file: by the profile of its type, or by its driver, whose options they are."""

    name: Name
    profile: ProfileName | None = None
    driver: DriverName | None = None
    options: dict[str, Any] = {}

    @model_validator(mode="after")
    def _one_of_both(self) -> "DeviceEntry":
        if (self.profile is None) is (self.driver is None):
            raise ValueError("a device has a profile or a driver, and not both")
        return self


class Device(_Part):
    """A device whose driver is known: `options` are its profile's with its own above them. `number` in the file."""

    number: int
    name: str
    driver: str
    options: dict[str, Any]
    profile: str | None = None

    @property
    def kind(self) -> str:
        """What it is: camera, gate, door, beam, lamp, slots, button, scale or labelprinter."""
        return kind_of(self.driver)


class HeadsEntry(_Part):
    """A camera that looks straight down at the way through, and counts heads over a line.

    `head`: how wide a head with its shoulders is, as a share of the picture's width. `line`, `top`, `bottom`: shares of
    its height; what is above `top` or below `bottom` does not count (a door's leaf that swings there).
    """

    camera: str
    inward: Literal["down", "up"] = "down"
    """The way in the picture that leads in."""
    head: float = Field(default=0.17, gt=0.02, le=0.5)
    line: float = Field(default=0.5, gt=0, lt=1)
    top: float = Field(default=0.0, ge=0, lt=1)
    bottom: float = Field(default=1.0, gt=0, le=1)

    @model_validator(mode="after")
    def _ordered(self) -> "HeadsEntry":
        if not self.top < self.line < self.bottom:
            raise ValueError("the line lies between top and bottom")
        return self


class GateEntry(_Part):
    """One gate of the site file: its name, its devices by name, its times."""

    kind: Literal["gate"]
    name: Name
    camera: str
    gate: str
    beam_outside: str
    beam_inside: str
    lamp: str | None = None
    buzzer: str | None = None
    break_glass: str | None = None
    """The button that opens it for life."""
    heads: HeadsEntry | None = None
    cross_within_s: float = Field(default=20, gt=0)
    approach_within_s: float = Field(default=30, gt=0)

    def devices(self) -> Iterator[tuple[str, str, str]]:
        """Of each device: the member that names it, its name, the kind it must be."""
        kinds = {"camera": "camera", "gate": "gate", "beam_outside": "beam", "beam_inside": "beam", "lamp": "lamp",
                 "buzzer": "buzzer", "break_glass": "button"}  # fmt: skip
        return chain(_named(self, kinds), _overhead(self.heads))


def _slot(value: str) -> str:
    if not valid_id(value):
        raise ValueError("a slot's id reads <site>/<name>, as on its label")
    return value


class RackEntry(_Part):
    """One rack of the site file: its name, its devices by name, its slots: their names at the device, and their ids."""

    kind: Literal["rack"]
    name: Name
    camera: str
    indicator: str
    lamp: str | None = None
    buzzer: str | None = None
    scale: str | None = None
    scale_zero_g: int | None = Field(default=50, ge=1)
    """So far below zero a scale that stands still is out of true; null for one that is tared."""
    scale_verified_until: date | None = None
    """The last day on which its verification is good; from the next on nothing rests on it."""
    slots: dict[str, Annotated[str, AfterValidator(_slot)]] = Field(min_length=1)

    def devices(self) -> Iterator[tuple[str, str, str]]:
        """Of each device: the member that names it, its name, the kind it must be."""
        return _named(self, {"camera": "camera", "indicator": "slots", "lamp": "lamp", "buzzer": "buzzer",
                             "scale": "scale"})  # fmt: skip


class DoorEntry(_Part):
    """One door of the site file: its name, its devices by name, what is behind it, its times."""

    kind: Literal["door"]
    name: Name
    camera: str
    door: str
    lamp: str | None = None
    buzzer: str | None = None
    exit: str | None = None
    """The button inside, by which anybody gets out."""
    break_glass: str | None = None
    guards: list[str] = Field(min_length=1)
    """The stations behind it: it opens for their tasks and permits."""
    zones: list[str] = Field(min_length=1)
    """The classes, by the rule pack, of the zones behind it: they say how many people it takes."""
    open_within_s: float = Field(default=10, gt=0)
    held_open_s: float | None = Field(default=None, gt=0)
    """None: as the rule pack says."""
    heads: HeadsEntry | None = None

    def devices(self) -> Iterator[tuple[str, str, str]]:
        """Of each device: the member that names it, its name, the kind it must be."""
        kinds = {"camera": "camera", "door": "door", "lamp": "lamp", "buzzer": "buzzer", "exit": "button",
                 "break_glass": "button"}  # fmt: skip
        return chain(_named(self, kinds), _overhead(self.heads))


class SensorsEntry(_Part):
    """The sensors of a room: its name, its devices by name, and when what they measure is told."""

    kind: Literal["sensors"]
    name: Name
    climate: list[str] = []
    tilt: list[str] = []
    ups: list[str] = []
    alarmpanel: list[str] = []
    deadband: dict[Measure, Annotated[float, Field(ge=0)]] = DEADBAND
    """A smaller change is none."""
    at_most_every_s: float = Field(default=10, gt=0)
    at_least_every_s: float = Field(default=900, gt=0)
    """How often a value is told: no more often, however it changes, and no less often as long as it is measured."""
    telemetry: bool = False
    """Whether every value is also sent as it is measured, beside what is told at that pace."""
    burst: int = Field(default=20, ge=1, le=1000)
    edges_per_minute: float = Field(default=20, gt=0, le=600)
    """Of each contact so many changes are told one by one, and so many more a minute; the others are counted."""

    @model_validator(mode="after")
    def _some(self) -> "SensorsEntry":
        if not list(self.devices()):
            raise ValueError("a room has sensors: climate, tilt, ups or alarmpanel")
        if self.at_least_every_s < self.at_most_every_s:
            raise ValueError("at_least_every_s is shorter than at_most_every_s")
        return self

    def devices(self) -> Iterator[tuple[str, str, str]]:
        """Of each device: the member that names it, its name, the kind it must be."""
        for member in ("climate", "tilt", "ups", "alarmpanel"):
            for name in getattr(self, member):
                yield member, name, member


Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class QuietEntry(_Part):
    """Hours in which nobody is to be there: from `begin` on these days to `end`, the next day where it is earlier."""

    days: list[Day] = Field(default=list(DAYS), min_length=1)
    begin: Clock
    end: Clock

    @model_validator(mode="after")
    def _not_nothing(self) -> "QuietEntry":
        if self.begin == self.end:
            raise ValueError("quiet hours end at another time than they begin")
        return self


class WatchEntry(_Part):
    """Cameras that only watch: a corridor, a row of racks. `doors` and `racks` are what may say why somebody is
    there: a door that let somebody in is a reason for `stay_s` after it fell shut, a rack while a task or list
    is open.
    """

    kind: Literal["watch"]
    name: Name
    cameras: list[str] = Field(min_length=1, max_length=8)
    doors: list[str] = []
    racks: list[str] = []
    zones: list[str] = []
    """The classes, by the rule pack, of the zones that they look at."""
    quiet: list[QuietEntry] = []
    """None: always."""
    utc_offset: Annotated[str, Field(pattern=r"^[+-](0[0-9]|1[0-4]):[0-5][0-9]$")] = "+08:00"
    """Of the clock on the wall, by which `quiet` counts."""
    stay_s: float = Field(default=1800, gt=0)
    heads: HeadsEntry | None = None
    """A camera above the way in, that counts heads meanwhile."""

    def devices(self) -> Iterator[tuple[str, str, str]]:
        """Of each device: the member that names it, its name, the kind it must be."""
        for number, name in enumerate(self.cameras):
            yield f"cameras.{number}", name, "camera"
        yield from _overhead(self.heads)

    def eyes(self) -> list[tuple[str, str]]:
        """Of each camera: the name under which it speaks, and the camera."""
        several = len(self.cameras) > 1
        return [(f"{self.name}-{camera}" if several else self.name, camera) for camera in self.cameras]


def _named(entry: _Part, kinds: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    for member, kind in kinds.items():
        name = getattr(entry, member)
        if name is not None:
            yield member, name, kind


def _overhead(heads: HeadsEntry | None) -> Iterator[tuple[str, str, str]]:
    if heads is not None:
        yield "heads.camera", heads.camera, "camera"


class ClockEntry(_Part):
    """Which clock: this machine's, or the one of the simulated world."""

    source: Literal["system", "sim"] = "system"
    options: dict[str, Any] = {}


def _agent(value: str) -> str:
    if not valid_agent(value):
        raise ValueError("an agent id reads <site>.<name>")
    return value


StationEntry = Annotated[GateEntry | RackEntry | DoorEntry | SensorsEntry | WatchEntry, Field(discriminator="kind")]


class Site(_Part):
    """Which devices and stations are here."""

    site: Name
    agent: Annotated[str, AfterValidator(_agent)]
    stations: list[StationEntry] = []
    """None: a desk, which only prints."""
    devices: list[DeviceEntry] = Field(min_length=1)
    clock: ClockEntry = ClockEntry()
