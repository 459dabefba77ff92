"""Puts an agent together from its settings: the only place that names drivers."""

import importlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from custody.errors import RulePackError
from custody.rule_pack import RulePack
from custody.things import Direction
from edge_agent.agent import Agent, Parts, Watch, tell
from edge_agent.clock import Clock
from edge_agent.devices import Around, Beam, Button, Camera, Gate, LabelPrinter, Lamp, Scale, SlotIndicator
from edge_agent.downlink import Books, Orders
from edge_agent.errors import SettingsError
from edge_agent.film.clips import Keep
from edge_agent.film.films import FilmPlan, Films
from edge_agent.film.uploads import Uploads
from edge_agent.groundwork import clock_of, journal_of, keep_time, mqtt_options, will_of
from edge_agent.journal.journal import Journal
from edge_agent.permits import PermitBook
from edge_agent.pictures import Pictures
from edge_agent.rule_packs import PackBook
from edge_agent.settings import PREFIX, EdgeSettings, GateEntry, RackEntry, Site, SiteFile, read_settings
from edge_agent.stations.gate import GateParts, GatePlan, GateStation
from edge_agent.stations.printing import PrintDesk
from edge_agent.stations.rack import RackParts, RackPlan, RackStation
from edge_agent.supervise import Health
from edge_agent.tasks import TaskBook
from edge_agent.uplink import Uplink
from edge_agent.vision.labels import read_labels, warm_up
from edge_agent.vision.stills import keep_still
from edge_agent.witness import EdgeWitness, site_of_log
from proof.errors import EncodingError
from proof.keys import SigningKey
from wire.errors import RulePackFileError
from wire.link import Connect
from wire.messages import FactKind
from wire.mqtt import mqtt_connect
from wire.rule_packs import load_rule_pack

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Choice:
    """A driver and its checked options."""

    build: Callable[..., Any]
    options: BaseModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that the settings, the site file and the files they name say; nothing is opened yet."""

    settings: EdgeSettings
    file: SiteFile
    key: SigningKey
    pack: RulePack
    drivers: dict[str, _Choice]
    witness_key: SigningKey | None = None


def read_plan() -> Plan:
    """The plan of the environment. Raises SettingsError with every fault in all of it."""
    faults: list[str] = []
    settings = _try(faults, read_settings)
    named = os.environ.get(f"{PREFIX}SITE_FILE")
    file = _try(faults, lambda: SiteFile(Path(named))) if named else None
    drivers = _try(faults, lambda: choose_drivers(file)) if file else None
    key = _try(faults, lambda: read_key(settings.key_file)) if settings else None
    pack = _try(faults, lambda: _read_pack(settings.rule_pack)) if settings else None
    witness_key = (
        _try(faults, lambda: read_witness_key(settings, file.site.site if file else None, key)) if settings else None
    )
    if faults or settings is None or file is None or drivers is None or key is None or pack is None:
        raise SettingsError(faults)
    return Plan(settings=settings, file=file, key=key, pack=pack, drivers=drivers, witness_key=witness_key)


def read_witness_key(settings: EdgeSettings, site: str | None, key: SigningKey | None) -> SigningKey | None:
    """The key of an agent of `site`, whose own key is `key`, as a witness; None where it is none. Raises SettingsError.

    What is not known is not checked.
    """
    if not settings.witness_logs:
        return None
    if site in [site_of_log(log) for log in settings.witness_logs]:
        raise SettingsError([f"{PREFIX}WITNESS_LOGS: an agent is no witness of its own site's log"])
    path, variable = settings.witness_key_file, f"{PREFIX}WITNESS_KEY_FILE"
    if path is None:
        raise SettingsError([f"{variable}: a witness has a key of its own: `sealtrail edge keygen --witness AGENT`"])
    try:
        if path.stat().st_mode & 0o077:
            raise SettingsError([f"{variable}: {path} is open to others than its owner: chmod 600 it"])
        own = SigningKey.from_pem(path.read_bytes())
    except (OSError, EncodingError) as error:
        raise SettingsError([f"{variable}: {path}: {error}"]) from error
    if key and own.public == key.public:
        raise SettingsError([f"{variable}: {path} is the agent's own key; a witness has another one"])
    return own


def read_key(path: Path) -> SigningKey:
    """The agent's private key. Raises SettingsError."""
    try:
        return SigningKey.from_pem(path.read_bytes())
    except (OSError, EncodingError) as error:
        raise SettingsError([f"{PREFIX}KEY_FILE: {path}: {error}"]) from error


def build_agent(plan: Plan, undo: ExitStack, connect: Connect | None = None) -> Agent:
    """Opens journal and devices; `undo` closes them when the agent never comes to run. Raises EdgeError.

    `connect` is another way to the cloud than the broker of the settings.
    """
    settings, site = plan.settings, plan.file.site
    system = clock_of(settings)
    stops: list[Callable[[], None]] = []

    def around(report: Callable[[str | None], None]) -> Around:
        return Around(folder=plan.file.path.parent.absolute(), mono_us=system.mono_us, report=report)

    clock = _clock(plan, system, around(lambda _: None), stops)  # a clock that is lost vouches for nothing
    for stop in stops:
        undo.callback(stop)
    find_key = {key.kid: key for key in settings.cloud_keys}.get
    journal = journal_of(settings, site.agent, clock, find_key)
    undo.callback(journal.close)
    stations = {name: station.name for station in site.stations for _, name, _ in station.devices()}
    health = Health(lambda device, problem: _tell_health(journal, stations.get(device), device, problem))
    packs = PackBook(journal.reads, plan.pack, clock)
    books = Books(
        PermitBook(journal.reads, site.agent, find_key),
        TaskBook(journal.reads, site.agent, packs, find_key),
        packs,
    )
    warm_up()
    devices: dict[str, Any] = {}
    for entry in site.devices:
        choice = plan.drivers[entry.name]
        device = devices[entry.name] = choice.build(choice.options, around(partial(health.report, entry.name)))
        undo.callback(device.stop)
        if entry.kind != "camera":  # those are stopped to end their threads
            stops.append(device.stop)
    uplink = Uplink(site.agent, plan.key, journal, clock, find_key)
    around_it = _Around(plan, devices, journal, books, clock, health)
    watches = [
        _gate(entry, around_it) if isinstance(entry, GateEntry) else _rack(entry, around_it) for entry in site.stations
    ]
    lights = [watch.station.lights for watch in watches if isinstance(watch.station, RackStation)]
    films = build_films(settings, {watch.name: watch.camera_name for watch in watches}, journal, clock)
    url = str(settings.cloud_url)
    uploads = Uploads(site.agent, plan.key, journal, clock, url, films.ring, films.damaged) if films else None
    agent = Parts(
        agent=site.agent,
        software=version("sealtrail"),
        journal=journal,
        data_dir=settings.data_dir,
        clock=clock,
        random=os.urandom,
        packs=packs,
        health=health,
        watches=watches,
        uplink=uplink,
        orders=Orders(site.agent, journal, books, clock, find_key, uplink.resend, lights, _desk(site, devices)),
        pictures=Pictures(site.agent, plan.key, journal, clock, url),
        connect=connect or mqtt_connect(mqtt_options(settings, site.agent, will_of(site.agent))),
        keep=timedelta(days=settings.keep_days),
        heartbeat=timedelta(seconds=settings.heartbeat_s),
        witness=build_witness(settings, site.agent, plan.witness_key, journal, clock),
        keep_time=partial(keep_time, settings.data_dir, system),
        films=films,
        film_uploads=uploads,
        stops=stops,
    )
    undo.pop_all()
    return Agent(agent)


def build_witness(
    settings: EdgeSettings, agent: str, key: SigningKey | None, journal: Journal, clock: Clock
) -> EdgeWitness | None:
    """The witness that the settings make of `agent`, if they do."""
    if key is None:
        return None
    return EdgeWitness(
        agent, key, settings.witness_logs, journal, clock, str(settings.cloud_url), settings.witness_every_s
    )


def build_films(settings: EdgeSettings, cameras: Mapping[str, str], journal: Journal, clock: Clock) -> Films | None:
    """What films the `cameras` (station → camera), if anything is filmed. Raises FilmError."""
    if not settings.film:
        return None
    keep = Keep(before_us=int(settings.film_before_s * 1e6), after_us=int(settings.film_after_s * 1e6))
    plan = FilmPlan(
        folder=settings.film_dir or settings.data_dir / "film", ring_bytes=settings.film_ring_mb << 20,
        free_bytes=settings.film_free_mb << 20, keep=keep,
    )  # fmt: skip
    return Films(plan, cameras, journal, clock)


@dataclass(frozen=True, slots=True)
class _Around:
    """What every station is built from."""

    plan: Plan
    devices: dict[str, Any]
    journal: Journal
    books: Books
    clock: Clock
    health: Health

    def lamp(self, name: str | None) -> Lamp | None:
        """The lamp called so, where there is one."""
        lamp: Lamp | None = self.devices[name] if name else None
        return lamp


def _gate(entry: GateEntry, around: _Around) -> Watch:
    plan, devices = around.plan, around.devices
    camera: Camera = devices[entry.camera]
    gate: Gate = devices[entry.gate]
    button: Button | None = devices[entry.break_glass] if entry.break_glass else None
    beams: dict[Direction, Beam] = {
        Direction.IN: devices[entry.beam_outside],
        Direction.OUT: devices[entry.beam_inside],
    }
    station = GateStation(
        GatePlan(
            agent=plan.file.site.agent,
            site=plan.file.site.site,
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
            lamp=around.lamp(entry.lamp),
            journal=around.journal,
            book=around.books.permits,
            clock=around.clock,
            packs=around.books.packs,
            label_keys=plan.settings.label_keys,
            read=lambda frame: read_labels(frame.pixels),
            keep=lambda frame: keep_still(frame.pixels),
            report=around.health.report,
        ),
    )

    def attach() -> None:
        gate.watch(station.on_position)
        for direction, beam in beams.items():
            beam.watch(partial(station.on_beam, direction))
        if button is not None:
            button.watch(station.on_break_glass)

    return Watch(station, camera, entry.camera, attach, entry.name)


def _rack(entry: RackEntry, around: _Around) -> Watch:
    plan, camera = around.plan, around.devices[entry.camera]
    indicator: SlotIndicator = around.devices[entry.indicator]
    scale: Scale | None = around.devices[entry.scale] if entry.scale else None
    station = RackStation(
        RackPlan(
            site=plan.file.site.site,
            name=entry.name,
            camera=entry.camera,
            indicator=entry.indicator,
            lamp=entry.lamp or "",
            scale=entry.scale or "",
            slots=entry.slots,
        ),
        RackParts(
            indicator=indicator,
            lamp=around.lamp(entry.lamp),
            journal=around.journal,
            book=around.books.permits,
            tasks=around.books.tasks,
            clock=around.clock,
            packs=around.books.packs,
            label_keys=plan.settings.label_keys,
            read=lambda frame: read_labels(frame.pixels),
            keep=lambda frame: keep_still(frame.pixels),
            report=around.health.report,
        ),
    )

    def attach() -> None:
        indicator.watch(station.on_slot)
        if scale is not None:
            scale.watch(station.on_weight)

    return Watch(station, camera, entry.camera, attach, entry.name)


def _desk(site: Site, devices: dict[str, Any]) -> PrintDesk | None:
    """Where the label printers stand, if there are any."""
    printers: dict[str, LabelPrinter] = {
        entry.name: devices[entry.name] for entry in site.devices if entry.kind == "labelprinter"
    }
    return PrintDesk(printers) if printers else None


def _clock(plan: Plan, system: Clock, around: Around, stops: list[Callable[[], None]]) -> Clock:
    entry = plan.file.site.clock
    if entry.source == "system":
        return system
    from edge_agent.drivers import clock_sim  # only where there is a stage

    try:
        clock = clock_sim.build(clock_sim.Options(**entry.options), around, system)
    except ValidationError as error:
        raise SettingsError(list(plan.file.faults(error, ("clock", "options")))) from error
    stops.append(clock.stop)
    return clock


def choose_drivers(file: SiteFile) -> dict[str, _Choice]:
    """Every device's driver and options. Raises SettingsError with all faults."""
    faults: list[str] = []
    chosen: dict[str, _Choice] = {}
    for number, device in enumerate(file.site.devices):
        at = ("devices", number)
        module = f"edge_agent.drivers.{device.driver}"
        try:
            driver = importlib.import_module(module)
            chosen[device.name] = _Choice(driver.build, driver.Options.model_validate(device.options))
        except ValidationError as error:
            faults += file.faults(error, (*at, "options"))
        except ImportError as error:
            missing = "no such driver" if error.name == module else f"its library is not installed: {error}"
            faults.append(file.fault((*at, "driver"), f"{device.driver}: {missing}"))
    faults += _unwired_slots(file, chosen)
    if faults:
        raise SettingsError(faults)
    return chosen


def _unwired_slots(file: SiteFile, chosen: dict[str, _Choice]) -> Iterator[str]:
    """Slots of racks whose indicator has them not; a device that does not say which it has is believed."""
    for number, station in enumerate(file.site.stations):
        if not isinstance(station, RackEntry) or station.indicator not in chosen:
            continue
        wired = getattr(chosen[station.indicator].options, "slots", station.slots)
        for name in station.slots:
            if name not in wired:
                at = ("stations", number, "slots", name)
                yield file.fault(at, f"{station.indicator} has no slot called {name}")


def _read_pack(path: Path) -> RulePack:
    try:
        return load_rule_pack(path)
    except RulePackFileError as error:
        raise SettingsError([f"{PREFIX}RULE_PACK: {error}"]) from error
    except RulePackError as error:
        raise SettingsError([f"{path}: {fault}" for fault in error.faults]) from error


def _tell_health(journal: Journal, station: str | None, device: str, problem: str | None) -> None:
    name = f"{station}.{device}" if station else device
    if problem is None:
        tell(journal, FactKind.DEVICE_BACK, name, {})
    else:
        tell(journal, FactKind.DEVICE_LOST, name, {"problem": problem[:300]})


def _try(faults: list[str], read: Callable[[], T]) -> T | None:
    try:
        return read()
    except SettingsError as error:
        faults += error.faults
        return None
