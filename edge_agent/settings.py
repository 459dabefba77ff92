"""What this process is told: its environment (SEALTRAIL_EDGE_…) and its site file, with every fault at once."""

from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from edge_agent.errors import SettingsError
from proof.errors import EncodingError
from proof.keys import VerifyKey
from proof.note import ED25519, NoteVerifier
from wire.labels import valid_id
from wire.rule_packs import DEFAULT_PACK
from wire.topics import site_of, valid_agent

PREFIX = "SEALTRAIL_EDGE_"

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]


def _keys(value: Any) -> Any:
    """A comma-separated list of base64url public keys; anything else is pydantic's to judge."""
    if not isinstance(value, str):
        return value
    try:
        return tuple(VerifyKey.from_text(text.strip()) for text in value.split(",") if text.strip())
    except EncodingError as error:
        raise ValueError(f"not base64url Ed25519 public keys: {error}") from error


def _logs(value: Any) -> Any:
    """A comma-separated list of logs' verifier keys; anything else is pydantic's to judge."""
    if not isinstance(value, str):
        return value
    try:
        logs = tuple(NoteVerifier.from_vkey(text.strip()) for text in value.split(",") if text.strip())
    except EncodingError as error:
        raise ValueError(f"not verifier keys (name+hash+key): {error}") from error
    sites = [log.name.rpartition("/")[2] for log in logs]
    if any(log.type != ED25519 for log in logs) or len(set(sites)) != len(sites):
        raise ValueError("each is the key of a log, and there is one for each site")
    return logs


Keys = Annotated[tuple[VerifyKey, ...], NoDecode, BeforeValidator(_keys), Field(min_length=1)]


class EdgeSettings(BaseSettings):
    """The environment of one agent process."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, arbitrary_types_allowed=True, extra="ignore")

    site_file: Path
    data_dir: Path
    key_file: Path
    cloud_keys: Keys
    label_keys: Keys
    rule_pack: Path = DEFAULT_PACK
    broker_host: str = Field(min_length=1)
    broker_port: int = Field(default=8883, ge=1, le=65535)
    broker_ca: Path
    broker_cert: Path
    broker_key: Path
    cloud_url: HttpUrl
    heartbeat_s: float = Field(default=60, ge=1)
    witness_logs: Annotated[tuple[NoteVerifier, ...], NoDecode, BeforeValidator(_logs)] = ()
    """The logs of other sites that this agent cosigns, as their verifier keys; none: it is no witness."""
    witness_key_file: Path | None = None
    """The key it cosigns with (PEM, mode 0600), which is not the agent's own."""
    witness_every_s: float = Field(default=30, ge=0)
    """Between two cosignatures of one log."""
    reserve_mb: int = Field(default=64, ge=0)
    """Room on the disk that is kept for evidence (MiB)."""
    rtc_drift_ppm: float | None = Field(default=None, ge=0)
    """How much the battery clock gains or loses at most; None: it is not believed, and vouches for nothing."""
    identity_dir: Path | None = None
    """Where `sealtrail edge enroll` keeps the TLS identity; without it somebody else renews the certificate."""
    keys: Literal["file", "tpm"] = "file"
    """Where TLS keys are made and kept."""
    renew_every_s: float = Field(default=3600, gt=0)
    """Between two looks at how long the certificate is good."""
    cloud_ca: Path | None = None
    """Whose certificate the cloud is reached by (PEM); None: one that the system trusts."""
    configuration_trial_s: float = Field(default=120, gt=0)
    """Within which the agent has to be healthy under a new configuration."""
    keep_days: int = Field(default=30, ge=1)
    """Days for which receipted facts and uploaded pictures are kept here."""
    film: bool = True
    """Whether cameras are filmed, beside the stills of decisions; an agent without cameras films nothing."""
    film_fps: float = Field(default=10, gt=0, le=30)
    """Pictures a second that are filmed, at most; fewer cost less, where a board has many cameras."""
    film_dir: Path | None = None
    """Where film lies; beside the journal where it is not said."""
    film_ring_mb: int = Field(default=2048, ge=16)
    """What is filmed and not kept for anything: about six hours of one camera."""
    film_free_mb: int = Field(default=512, ge=0)
    """What film leaves free on its disk."""
    film_before_s: float = Field(default=10, ge=0, le=120)
    film_after_s: float = Field(default=15, ge=1, le=120)
    """Kept before and after what happens."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DeviceEntry(_Part):
    """One device of the site file; its options are its driver's to judge."""

    name: Name
    driver: str = Field(pattern=r"^(camera|gate|door|beam|lamp|slots|button|scale|labelprinter)_[a-z0-9]+$")
    options: dict[str, Any] = {}

    @property
    def kind(self) -> str:
        """What it is: camera, gate, door, beam, lamp, slots, button, scale or labelprinter."""
        return self.driver.partition("_")[0]


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
    break_glass: str | None = None
    """The button that opens it for life."""
    heads: HeadsEntry | None = None
    cross_within_s: float = Field(default=20, gt=0)
    approach_within_s: float = Field(default=30, gt=0)

    def devices(self) -> Iterator[tuple[str, str, str]]:
        """Of each device: the member that names it, its name, the kind it must be."""
        kinds = {"camera": "camera", "gate": "gate", "beam_outside": "beam", "beam_inside": "beam", "lamp": "lamp",
                 "break_glass": "button"}  # fmt: skip
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
    scale: str | None = None
    slots: dict[str, Annotated[str, AfterValidator(_slot)]] = Field(min_length=1)

    def devices(self) -> Iterator[tuple[str, str, str]]:
        """Of each device: the member that names it, its name, the kind it must be."""
        return _named(self, {"camera": "camera", "indicator": "slots", "lamp": "lamp", "scale": "scale"})


class DoorEntry(_Part):
    """One door of the site file: its name, its devices by name, what is behind it, its times."""

    kind: Literal["door"]
    name: Name
    camera: str
    door: str
    lamp: str | None = None
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
        kinds = {"camera": "camera", "door": "door", "lamp": "lamp", "exit": "button", "break_glass": "button"}
        return chain(_named(self, kinds), _overhead(self.heads))


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


class Site(_Part):
    """Which devices and stations are here."""

    site: Name
    agent: Annotated[str, AfterValidator(_agent)]
    stations: list[Annotated[GateEntry | RackEntry | DoorEntry, Field(discriminator="kind")]] = []
    """None: a desk, which only prints."""
    devices: list[DeviceEntry] = Field(min_length=1)
    clock: ClockEntry = ClockEntry()


Path_ = tuple[str | int, ...]


class SiteFile:
    """A site file with the line of everything in it."""

    def __init__(self, path: Path, text: str | None = None) -> None:
        """The file `path`, or `text` in its place. Raises SettingsError with every fault."""
        self.path = path
        try:
            text = path.read_text("utf-8") if text is None else text
            root = yaml.compose(text, yaml.SafeLoader)
            content = yaml.safe_load(text)
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError([f"{path}: cannot be read: {error}"]) from error
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            problem = getattr(error, "problem", None) or error
            raise SettingsError([f"{path}:{mark.line + 1 if mark else 1}: {problem}"]) from error
        self._lines = dict(_lines(root, ())) if root else {}
        try:
            self.site = Site.model_validate(content)
        except ValidationError as error:
            raise SettingsError(list(self.faults(error, ()))) from error
        wrong = list(self._disagreements(self.site))
        if wrong:
            raise SettingsError(wrong)

    def fault(self, at: Path_, problem: str) -> str:
        """`file:line: where: problem`, with the line of the nearest part that is there."""
        nearest = next((at[:end] for end in range(len(at), 0, -1) if at[:end] in self._lines), ())
        where = ".".join(str(step) for step in at)
        return f"{self.path}:{self._lines.get(nearest, 1)}: {where}: {problem}"

    def faults(self, error: ValidationError, at: Path_) -> Iterator[str]:
        """One line for each fault that pydantic found in the part at `at`."""
        for fault in error.errors(include_url=False):
            yield self.fault((*at, *_in_the_file(fault["loc"], fault["type"])), fault["msg"])

    def _disagreements(self, site: Site) -> Iterator[str]:
        if site_of(site.agent) != site.site:
            yield self.fault(("agent",), f"{site.agent} is no agent of site {site.site}")
        kinds: dict[str, str] = {}
        for number, device in enumerate(site.devices):
            if device.name in kinds:
                yield self.fault(("devices", number, "name"), f"a second device called {device.name}")
            kinds[device.name] = device.kind
        yield from self._slot_disagreements(site)
        yield from self._door_disagreements(site)
        users: dict[str, str] = {}
        for number, station in enumerate(site.stations):
            if station.name in users.values():
                yield self.fault(("stations", number, "name"), f"a second station called {station.name}")
            for member, name, kind in station.devices():
                at: Path_ = ("stations", number, *member.split("."))
                if kinds.get(name) != kind:
                    yield self.fault(at, f"{name} is a {kinds[name]}, no {kind}" if name in kinds else f"no {name}")
                if name in users:
                    yield self.fault(at, f"{name} is used twice")
                users[name] = station.name

    def _slot_disagreements(self, site: Site) -> Iterator[str]:
        known: set[str] = set()
        for number, station in enumerate(site.stations):
            for name, slot in station.slots.items() if isinstance(station, RackEntry) else ():
                at = ("stations", number, "slots", name)
                if slot.partition("/")[0] != site.site:
                    yield self.fault(at, f"{slot} is no slot of site {site.site}")
                if slot in known:
                    yield self.fault(at, f"a second place called {slot}")
                known.add(slot)

    def _door_disagreements(self, site: Site) -> Iterator[str]:
        stations = {station.name for station in site.stations if not isinstance(station, DoorEntry)}
        for number, station in enumerate(site.stations):
            for place, name in enumerate(station.guards) if isinstance(station, DoorEntry) else ():
                if name not in stations:
                    yield self.fault(("stations", number, "guards", place), f"no gate or rack called {name}")


def _in_the_file(loc: Path_, type_: str) -> Path_:
    """Where pydantic's `loc` is in the file: it puts the kind of a station behind its number, where nothing is."""
    if loc[:1] != ("stations",) or len(loc) < 2:
        return loc
    return (*loc, "kind") if type_.startswith("union_tag") else (*loc[:2], *loc[3:])


def read_settings(wanted: Mapping[str, str] = MappingProxyType({})) -> EdgeSettings:
    """The settings in the environment, and over them those `wanted` by the cloud. Raises SettingsError."""
    try:
        return EdgeSettings.model_validate({**EdgeSettings().model_dump(), **wanted}) if wanted else EdgeSettings()
    except ValidationError as error:
        faults = [f"{PREFIX}{str(fault['loc'][0]).upper()}: {fault['msg']}" for fault in error.errors()]
        raise SettingsError(faults) from error


def _lines(node: yaml.Node, at: Path_) -> Iterator[tuple[Path_, int]]:
    yield at, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _lines(value, (*at, key.value))
            yield (*at, key.value), key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield from _lines(value, (*at, number))
