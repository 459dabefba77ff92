"""Puts an agent together from its settings: the only place that names drivers."""

import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from ssl import SSLContext
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from custody.errors import RulePackError
from custody.rule_pack import RulePack
from edge_agent.agent import Agent, Parts, tell
from edge_agent.building import Ground, build_sensors, build_stations
from edge_agent.choosing import Choice, Looked, look_at
from edge_agent.clock import Clock
from edge_agent.configuration import Book, Configuration, Kept
from edge_agent.devices import Around, LabelPrinter
from edge_agent.downlink import Books, Orders
from edge_agent.errors import SettingsError
from edge_agent.groundwork import clock_of, journal_of, keep_time, mqtt_options, will_of
from edge_agent.joining.building import renewals_of
from edge_agent.joining.reaching import context_of
from edge_agent.journal.journal import Journal
from edge_agent.key_files import read_key, read_witness_key
from edge_agent.lists import ListBook
from edge_agent.permits import PermitBook
from edge_agent.pictures import Pictures
from edge_agent.rule_packs import PackBook
from edge_agent.settings import PREFIX, EdgeSettings, read_settings
from edge_agent.site_entries import SensorsEntry
from edge_agent.site_file import SiteFile
from edge_agent.stations.door import DoorStation
from edge_agent.stations.gate import GateStation
from edge_agent.stations.printing import PrintDesk
from edge_agent.stations.rack import RackStation
from edge_agent.supervise import Health
from edge_agent.tasks import TaskBook
from edge_agent.telemetry import Telemetry
from edge_agent.tracing import Tracing
from edge_agent.updates.building import Busy, busy_of, updates_of
from edge_agent.updates.home import running_version
from edge_agent.uplink import Uplink
from edge_agent.viewing.viewing import Viewing
from edge_agent.vision.labels import warm_up
from edge_agent.witness import EdgeWitness
from proof.keys import SigningKey
from wire.errors import RulePackFileError
from wire.kinds import FactKind
from wire.link import Connect
from wire.mqtt import mqtt_connect
from wire.rule_packs import load_rule_pack
from wire.tracing import Tracer

if TYPE_CHECKING:  # an agent that films nothing loads no codec
    from edge_agent.film.films import Films
    from edge_agent.film.upkeep import Upkeep
    from edge_agent.film.uploads import Uploads

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that the settings, the site file and the files they name say; nothing is opened yet."""

    settings: EdgeSettings
    file: SiteFile
    key: SigningKey
    pack: RulePack
    drivers: dict[str, Choice]
    witness_key: SigningKey | None = None


def read_plan(wanted: Kept | None = None) -> Plan:
    """The plan of the environment, or of what is `wanted`. Raises SettingsError with every fault in all of it."""
    faults: list[str] = []
    settings = _try(faults, lambda: read_settings(wanted.settings if wanted else {}))
    named = os.environ.get(f"{PREFIX}SITE_FILE")
    key = _try(faults, lambda: read_key(settings.key_file)) if settings else None
    pack = _try(faults, lambda: read_pack(settings.rule_pack)) if settings else None
    looked = look_at(Path(named), wanted.site_file if wanted else None, pack) if named else Looked()
    faults += looked.faults
    file = looked.file
    site = file.site.site if file and not faults else None
    witness_key = _try(faults, lambda: read_witness_key(settings, site, key)) if settings else None
    if faults or settings is None or file is None or key is None or pack is None:
        raise SettingsError(faults)
    return Plan(settings=settings, file=file, key=key, pack=pack, drivers=looked.choices, witness_key=witness_key)


def faults_of(agent: str, wanted: Kept) -> list[str]:
    """All that is wrong with what is wanted of `agent`."""
    try:
        named = read_plan(wanted).file.site.agent
    except SettingsError as error:
        return list(error.faults)
    return [] if named == agent else [f"a site file of {named}"]


def build_agent(plan: Plan, undo: ExitStack, connect: Connect | None = None, book: Book | None = None) -> Agent:
    """Opens journal and devices; `undo` closes them when the agent never comes to run. Raises EdgeError.

    `connect` is another way to the cloud than the broker of the settings; with a `book` the cloud may configure it.
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
        ListBook(journal.reads, clock),
    )
    if any(entry.kind == "camera" for entry in plan.file.devices):
        warm_up()
    devices: dict[str, Any] = {}
    for entry in plan.file.devices:
        choice = plan.drivers[entry.name]
        device = devices[entry.name] = choice.build(choice.options, around(partial(health.report, entry.name)))
        undo.callback(device.stop)
        if entry.kind != "camera":  # those are stopped to end their threads
            stops.append(device.stop)
    tracing = None
    if settings.traces_url is not None:
        tracer = Tracer(str(settings.traces_url), site.agent, ratio=settings.traces_ratio)
        undo.callback(tracer.close)
        tracing = Tracing(clock, tracer)
        journal.trace(tracing.recorded)
    uplink = Uplink(site.agent, plan.key, journal, clock, find_key, tracing=tracing)
    telemetry = _telemetry(plan, clock, journal)
    if telemetry:
        undo.callback(telemetry.close)
        stops.append(telemetry.close)
    offer = telemetry.offer if telemetry else None
    ground = Ground(site, settings.label_keys, devices, journal, books, clock, health.report, offer)
    watches, sensors = build_stations(ground), build_sensors(ground)
    options = mqtt_options(settings, site.agent, will_of(site.agent))
    renewals = renewals_of(settings, site.agent, plan.key, journal, clock, options)
    tls = context_of(settings.cloud_ca)
    lights = [watch.station.lights for watch in watches if isinstance(watch.station, RackStation)]
    filmed = {watch.name: watch.camera_name for watch in watches if watch.filmed}
    films, url = build_films(settings, filmed, journal, clock), str(settings.cloud_url)
    cameras = {watch.name: watch.camera_name for watch in watches}
    viewing = Viewing(site.agent, plan.key, clock, url, cameras, tls) if cameras else None
    uploads = build_uploads(films, plan, journal, clock, tls) if films else None
    asked: list[Busy] = [
        watch.station.busy for watch in watches if isinstance(watch.station, GateStation | RackStation | DoorStation)
    ]
    updates = updates_of(
        settings, site.agent, plan.key, journal, clock, tls, lambda: busy_of(asked), health.lost
    )  # fmt: skip
    desk = _desk(plan.file, devices, journal, clock)
    orders = Orders(site.agent, journal, books, clock, find_key, uplink.resend, lights, desk, viewing, updates)
    asked.append(lambda: "printing" if orders.printing else None)
    if films is not None:
        asked.append(films.busy)
    agent = Parts(
        agent=site.agent,
        software=running_version(settings.releases),
        journal=journal,
        data_dir=settings.data_dir,
        clock=clock,
        random=os.urandom,
        packs=packs,
        health=health,
        watches=watches,
        sensors=[*sensors, desk],
        uplink=uplink,
        orders=orders,
        telemetry=telemetry,
        pictures=Pictures(site.agent, plan.key, journal, clock, url, tls),
        connect=connect or (renewals.connect if renewals else mqtt_connect(options)),
        renewals=renewals,
        configuration=_configuration(book, plan, journal, health),
        updates=updates,
        keep=timedelta(days=settings.keep_days),
        heartbeat=timedelta(seconds=settings.heartbeat_s),
        witness=build_witness(settings, site.agent, plan.witness_key, journal, clock),
        keep_time=partial(keep_time, settings.data_dir, system),
        films=films,
        film_uploads=uploads,
        viewing=viewing,
        film_upkeep=build_upkeep(films, journal, clock) if films else None,
        stops=stops,
    )
    if settings.metrics_port is not None:
        stops.append(_metrics(agent, list(devices), settings.metrics_port))
    undo.pop_all()
    return Agent(agent)


def _metrics(parts: Parts, devices: list[str], port: int) -> Callable[[], None]:
    from edge_agent.metrics import Watched, open_metrics  # loaded only where somebody asks

    telemetry, films = parts.telemetry, parts.films
    watched = Watched(
        agent=parts.agent, software=parts.software, journal=parts.journal, clock=parts.clock, data_dir=parts.data_dir,
        devices=devices, health=parts.health, batches=(lambda: len(telemetry.waiting())) if telemetry else None,
        film_bytes=(lambda: films.ring.bytes) if films else None,
    )  # fmt: skip
    return open_metrics(watched, port)


def _telemetry(plan: Plan, clock: Clock, journal: Journal) -> Telemetry | None:
    """What sends readings at a high rate, where a room asks for it. Raises JournalError."""
    if not any(isinstance(one, SensorsEntry) and one.telemetry for one in plan.file.site.stations):
        return None
    find_key = {key.kid: key for key in plan.settings.cloud_keys}.get
    return Telemetry(plan.file.site.agent, plan.key, plan.settings.data_dir, clock, find_key, journal)


def _configuration(book: Book | None, plan: Plan, journal: Journal, health: Health) -> Configuration | None:
    if book is None:
        return None
    agent, find_key = plan.file.site.agent, {key.kid: key for key in plan.settings.cloud_keys}.get
    check, trial_s = partial(faults_of, agent), plan.settings.configuration_trial_s
    return Configuration(agent, book, journal, find_key, check, health.lost, trial_s)


def build_witness(
    settings: EdgeSettings, agent: str, key: SigningKey | None, journal: Journal, clock: Clock
) -> EdgeWitness | None:
    """The witness that the settings make of `agent`, if they do."""
    if key is None:
        return None
    return EdgeWitness(
        agent,
        key,
        settings.witness_logs,
        journal,
        clock,
        str(settings.cloud_url),
        settings.witness_every_s,
        tls=context_of(settings.cloud_ca),
    )


def build_uploads(films: "Films", plan: Plan, journal: Journal, clock: Clock, tls: SSLContext | None) -> "Uploads":
    """What sends the kept segments of `films`."""
    from edge_agent.film.uploads import Uploads

    url = str(plan.settings.cloud_url)
    agent = plan.file.site.agent
    return Uploads(agent, plan.key, journal, clock, url, films.ring, films.damaged, tls or True)


def build_upkeep(films: "Films", journal: Journal, clock: Clock) -> "Upkeep":
    """What looks after the film of `films`."""
    from edge_agent.film.upkeep import Upkeep

    return Upkeep(films, journal, clock, os.urandom)


def build_films(settings: EdgeSettings, cameras: Mapping[str, str], journal: Journal, clock: Clock) -> "Films | None":
    """What films the `cameras` (station → camera), if anything is filmed. Raises FilmError."""
    if not (settings.film and cameras):
        return None
    from edge_agent.film.clips import Keep
    from edge_agent.film.films import FilmPlan, Films
    from edge_agent.film.recorder import Pace

    keep = Keep(before_us=int(settings.film_before_s * 1e6), after_us=int(settings.film_after_s * 1e6))
    plan = FilmPlan(
        folder=settings.film_dir or settings.data_dir / "film", ring_bytes=settings.film_ring_mb << 20,
        free_bytes=settings.film_free_mb << 20, pace=Pace(fps=settings.film_fps), keep=keep,
    )  # fmt: skip
    return Films(plan, cameras, journal, clock)


def _desk(file: SiteFile, devices: dict[str, Any], journal: Journal, clock: Clock) -> PrintDesk:
    """Where the label printers stand; where there are none it says so of every order."""
    printers: dict[str, LabelPrinter] = {
        entry.name: devices[entry.name] for entry in file.devices if entry.kind == "labelprinter"
    }
    return PrintDesk(printers, journal, clock.mono_us)


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


def read_pack(path: Path) -> RulePack:
    """The rules in the file `path`. Raises SettingsError."""
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
