"""Everything that is looked at, in the order in which a person would mend it."""

import os
import queue
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge_agent.choosing import Looked, look_at
from edge_agent.devices import Around, Camera
from edge_agent.doctor.cameras import Optics, check_camera
from edge_agent.doctor.finding import Finding, Findings
from edge_agent.doctor.machine import agent_runs, check_board, check_clock, check_disk
from edge_agent.doctor.network import check_broker, check_certificates, check_cloud, check_keys
from edge_agent.doctor.pins import check_pins, wanted
from edge_agent.doctor.releases import check_releases
from edge_agent.doctor.world import World
from edge_agent.errors import DeviceError, SettingsError
from edge_agent.key_files import read_key, read_witness_key
from edge_agent.settings import PREFIX, EdgeSettings, read_settings
from edge_agent.site_file import SiteFile
from edge_agent.vision.labels import warm_up
from wire.errors import RulePackFileError
from wire.rule_packs import load_rule_pack

TALKING = ("scale", "slots", "climate", "tilt", "ups", "alarmpanel")
ANSWER_S = 7.0
"""How long a device may take to say whether it is there."""


@dataclass(frozen=True, slots=True)
class Patient:
    """The settings and the site file, as far as they can be read; `choices` are drivers with their options."""

    settings: EdgeSettings | None
    file: SiteFile | None
    choices: dict[str, Any]

    @property
    def agent(self) -> str | None:
        """Whose machine this is."""
        return self.file.site.agent if self.file else None


def read_env_file(path: Path) -> dict[str, str]:
    """The settings in a file as systemd reads it: NAME=value, a line each. Raises SettingsError."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([f"{path}: cannot be read: {error}"]) from error
    pairs = (line.partition("=") for line in lines if "=" in line and not line.lstrip().startswith("#"))
    return {name.strip(): value.strip().strip("\"'") for name, _, value in pairs}


def admit() -> tuple[Patient, list[Finding]]:
    """The patient of the environment, and every fault of its settings."""
    faults: list[str] = []

    def read(part: Any) -> Any:
        try:
            return part()
        except SettingsError as error:
            faults.extend(error.faults)
        except RulePackFileError as error:
            faults.append(f"{PREFIX}RULE_PACK: {error}")
        return None

    settings = read(read_settings)
    named = os.environ.get(f"{PREFIX}SITE_FILE")
    looked = look_at(Path(named)) if named else Looked()
    faults += looked.faults
    file = looked.file if looked.file and not looked.file.wrong else None
    if settings:
        key = read(lambda: read_key(settings.key_file))
        read(lambda: read_witness_key(settings, file.site.site if file else None, key))
        read(lambda: load_rule_pack(settings.rule_pack))
    patient = Patient(settings, file, looked.choices)
    found = [Finding("settings.fault", values={"fault": fault}) for fault in faults]
    if not found and file:
        found = [Finding("settings.ok", file.site.agent, {"devices": len(file.devices)})]
    return patient, found


async def examine(patient: Patient, world: World, optics: Optics) -> list[Finding]:
    """Everything but the settings themselves."""
    settings = patient.settings
    runs = settings is not None and agent_runs(settings.data_dir)
    found = [Finding("settings.runs")] if runs else []
    if settings is not None:
        found += check_releases(settings)
    found += check_pins({name: one.options for name, one in patient.choices.items()}, world, agent_runs=runs)
    if not runs:
        found += check_cameras(patient, world, optics)
        found += check_devices(patient, world)
    if settings is not None:
        if patient.agent is not None:
            found += await check_broker(settings, patient.agent, world.now)
        found += check_cloud(settings)
        found += check_certificates(settings, patient.agent, world.now)
        found += check_keys(settings)
    found += check_clock(world)
    if settings is not None:
        found += check_disk(settings.data_dir, settings.reserve_mb << 20)
    return [*found, *check_board(world)]


def check_cameras(patient: Patient, world: World, optics: Optics, only: str | None = None) -> Findings:
    """Each camera's picture, or that of the one called `only`."""
    keys = patient.settings.label_keys if patient.settings else ()
    warm_up()
    for name in camera_names(patient):
        if only not in (None, name):
            continue
        try:
            camera = open_camera(patient, name, world)
        except DeviceError as error:
            yield Finding("camera.closed", name, {"problem": str(error)})
        else:
            yield from check_camera(name, camera, keys, optics)


def check_devices(patient: Patient, world: World, within_s: float = ANSWER_S) -> Findings:
    """Those that say of themselves whether they are there; what moves, as a gate does, is not touched."""
    for device in patient.file.devices if patient.file else []:
        choice = patient.choices.get(device.name)
        if choice is None or device.kind not in TALKING or any(wanted({device.name: choice.options})):
            continue  # pins say nothing of themselves
        said: queue.Queue[str | None] = queue.Queue()
        try:
            opened = choice.build(choice.options, _around(patient, world, said.put))
        except DeviceError as error:
            yield Finding("device.lost", device.name, {"problem": str(error)})
            continue
        try:
            problem = said.get(timeout=within_s)
        except queue.Empty:
            if hasattr(choice.options, "mapping"):
                continue  # another maker's may sleep for hours
            problem = f"it said nothing for {within_s:g} s"
        finally:
            opened.stop()
        yield Finding("device.ok" if problem is None else "device.lost", device.name, {"problem": problem})


def camera_names(patient: Patient) -> Iterator[str]:
    """The cameras whose drivers can be had."""
    devices = patient.file.devices if patient.file else []
    return (device.name for device in devices if device.kind == "camera" and device.name in patient.choices)


def open_camera(patient: Patient, name: str, world: World) -> Camera:
    """The camera called so, as the agent would have it. Raises DeviceError, and SettingsError where there is none."""
    if name not in camera_names(patient):
        raise SettingsError([f"there is no camera called {name} in the site file"])
    choice = patient.choices[name]
    camera: Camera = choice.build(choice.options, _around(patient, world, lambda _: None))
    return camera


def _around(patient: Patient, world: World, report: Callable[[str | None], None]) -> Around:
    folder = patient.file.path.parent.absolute() if patient.file else Path()
    return Around(folder=folder, mono_us=world.clock.mono_us, report=report)
