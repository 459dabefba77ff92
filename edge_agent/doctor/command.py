"""The command `sealtrail edge doctor`: what is asked, and how it is told."""

import asyncio
import json
import os
from dataclasses import dataclass
from pathlib import Path

from edge_agent.clock import SystemClock, boot_id
from edge_agent.doctor.cameras import Optics, Sight, sight_lines, watch
from edge_agent.doctor.examine import Patient, admit, check_cameras, examine, open_camera, read_env_file
from edge_agent.doctor.finding import Finding, Lang
from edge_agent.doctor.texts import Level
from edge_agent.doctor.world import World, run_program
from edge_agent.errors import SettingsError
from edge_agent.vision.labels import warm_up


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of the command, as they were typed."""

    lang: str | None
    as_json: bool
    env_file: Path | None
    camera: str | None
    watch: bool
    label_mm: float
    view_deg: float


def run_doctor(asked: Asked) -> int:
    """Looks at everything that is asked for and tells it; the exit code. Raises SettingsError, DeviceError."""
    lang = _lang(asked.lang)
    if asked.watch and asked.camera is None:
        raise SettingsError(["--watch goes with --camera NAME"])
    if asked.env_file is not None:
        os.environ.update(read_env_file(asked.env_file))
    world = World(root=Path("/"), clock=SystemClock(boot_id()), run=run_program)
    optics = Optics(code_mm=asked.label_mm, view_deg=asked.view_deg)
    patient, found = admit()
    if asked.watch and asked.camera is not None:
        return _watch(patient, asked.camera, world, asked.as_json)
    if asked.camera is not None:
        open_camera(patient, asked.camera, world).stop()  # a name that is none is a fault of the command
        found = list(check_cameras(patient, world, optics, only=asked.camera))
    else:
        found += asyncio.run(examine(patient, world, optics))
    for finding in found:
        print(json.dumps(finding.as_json(), ensure_ascii=False) if asked.as_json else finding.line(lang), flush=True)
    if not asked.as_json:
        print(summary(found, lang))
    return int(any(finding.level is Level.FAIL for finding in found))


def summary(found: list[Finding], lang: Lang) -> str:
    """How many of each, in a line."""
    fail, warn = (sum(finding.level is level for finding in found) for level in (Level.FAIL, Level.WARN))
    if lang is Lang.ZH:
        return f"检查 {len(found)} 项：故障 {fail}，注意 {warn}"
    return f"{len(found)} things looked at: {fail} fail, {warn} to look after"


def _lang(asked: str | None) -> Lang:
    try:
        return Lang(asked or ("zh" if os.environ.get("LANG", "").startswith("zh") else "en"))
    except ValueError as error:
        raise SettingsError([f"--lang {asked}: en or zh"]) from error


def _watch(patient: Patient, name: str, world: World, as_json: bool) -> int:
    keys = patient.settings.label_keys if patient.settings else ()
    camera = open_camera(patient, name, world)
    warm_up()

    def tell(sight: Sight, best: int) -> None:
        look = sight.look
        said = {"focus": look.focus, "best": best, "brightness": look.brightness, "contrast": look.contrast,
                "label": sight.label, "genuine": sight.genuine, "module_px": round(sight.module_px, 1)}  # fmt: skip
        print(json.dumps(said, ensure_ascii=False) if as_json else "  ".join(sight_lines(sight, best)), flush=True)

    try:
        watch(camera, keys, tell)
    except KeyboardInterrupt:  # how a person ends it
        pass
    finally:
        camera.stop()
    return 0
