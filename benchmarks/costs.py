"""What an agent costs the board: start to ready, memory, and a core's time; the real command, broker and cloud.

Without cameras it is a desk with a label printer, or a room of sensors; with one it is a gate whose camera plays a 720p
video at 10 pictures a second, first of nobody, then of somebody who stands in the outer beam with a label, then with
one that is too smeared to be read, which costs the most. Each with film and without.
"""

import asyncio
import os
import tempfile
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import yaml
from numpy.random import default_rng
from rich.console import Console
from rich.table import Table

from edge_agent.film.segment import WHOLE, examine
from simulators.broker import free_port
from simulators.frames import Conditions, PlacedLabel, gate_scene, render
from simulators.processes import Child
from simulators.rooms import RoomSet
from simulators.warehouse import AGENT, SITE, Warehouse, sealtrail

SECONDS = 20.0
SETTLE_S = 5.0
FPS = 10
READY_LIMIT_S, MEMORY_LIMIT_MB, IDLE_LIMIT_PCT, CAMERA_LIMIT_PCT = 3.0, 120, 3.0, 40.0
TICKS_A_S = os.sysconf("SC_CLK_TCK")


ROOM = "a room of sensors, no camera"
SCENES = {"nobody there": None, "somebody near": Conditions(motion_px=1), "a smeared label": Conditions(motion_px=25)}


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds to ready, resident megabytes (10^6 bytes), percent of one core, and filmed pictures a second."""

    ready_s: float
    memory_mb: float
    core_pct: float
    filmed: float | None


def run() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory(prefix="sealtrail-bench-") as folder:
        Path(folder).chmod(0o755)  # as root, PostgreSQL runs as somebody else
        costs = asyncio.run(_measure(Path(folder)))
    table = Table(title="What an agent costs", title_justify="left", caption=f"over {SECONDS:g} s each")
    for column in ("agent", "start to ready", "resident", "of one core", "filmed a second"):
        table.add_column(column)
    limits = dict.fromkeys(("a desk, no camera", ROOM), (MEMORY_LIMIT_MB, IDLE_LIMIT_PCT))
    for name, cost in costs.items():
        memory, core = limits.get(name, (None, CAMERA_LIMIT_PCT))
        table.add_row(
            name, _beside(cost.ready_s, READY_LIMIT_S, "s"), _beside(cost.memory_mb, memory, "MB"),
            _beside(cost.core_pct, core, "%"), "-" if cost.filmed is None else f"{cost.filmed:.1f}",
        )  # fmt: skip
    Console(width=100).print(table)


def _beside(figure: float, limit: float | None, unit: str) -> str:
    if limit is None:
        return f"{figure:.0f} {unit}"
    return f"{figure:.1f} {unit}, limit {limit:g}: {'holds' if figure <= limit else 'DOES NOT HOLD'}"


async def _measure(folder: Path) -> dict[str, Cost]:
    async with AsyncExitStack() as stack:
        warehouse = Warehouse(folder, free_port(), stack, lambda said: None)
        await warehouse.start_services()
        await warehouse.start_cloud([])
        await warehouse.open_stage()
        desk = {"name": "printer", "driver": "labelprinter_sim", "options": {"folder": str(folder / "labels")}}
        costs = {"a desk, no camera": await _cost(warehouse, "desk", [desk], [])}
        costs[ROOM] = await _cost(warehouse, "room", *_room(warehouse))
        outside = warehouse.stage.gates["gate-a"].beams["outside"]
        for who, conditions in SCENES.items():
            video = await asyncio.to_thread(_video, folder / f"{who}.mp4", conditions)
            await outside.set(conditions is not None)
            for film in (False, True):
                name = f"a gate, {who}{', filmed' if film else ''}"
                costs[name] = await _cost(warehouse, "gate", *_gate(warehouse, video), film=film)
        return costs


def _room(warehouse: Warehouse) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    warehouse.stage.rooms["room"] = RoomSet(["roof"])
    kinds = ("climate", "tilt", "ups", "alarmpanel")
    devices = [
        {"name": kind, "driver": f"{kind}_sim",
         "options": {"stage": str(warehouse.stage.path), "device": f"room.{kind}"}}
        for kind in kinds
    ]  # fmt: skip
    return devices, [{"kind": "sensors", "name": "room", **{kind: [kind] for kind in kinds}}]


def _gate(warehouse: Warehouse, video: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    camera = {"name": "camera", "driver": "camera_file", "options": {"path": str(video), "fps": FPS, "repeat": True}}
    others = {"barrier": "gate", "beam-outside": "beam", "beam-inside": "beam", "lamp": "lamp"}
    devices = [camera] + [
        {"name": part, "driver": f"{kind}_sim",
         "options": {"stage": str(warehouse.stage.path), "device": f"gate-a.{part}"}}
        for part, kind in others.items()
    ]  # fmt: skip
    station = {"kind": "gate", "name": "gate-a", "camera": "camera", "gate": "barrier", "lamp": "lamp",
               "beam_outside": "beam-outside", "beam_inside": "beam-inside"}  # fmt: skip
    return devices, [station]


def _video(path: Path, near: Conditions | None) -> Path:
    """Ten seconds before the gate's camera, as an encoder gives them; somebody with a stranger's label, or nobody."""
    chance, scene = default_rng(3), gate_scene()
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), FPS, (1280, 720))
    for number in range(10 * FPS):
        labels = [PlacedLabel("SHOP 000001", "", 520 + number, 300, 220)] if near else []
        writer.write(render(scene, labels, near or Conditions(motion_px=1), chance))
    writer.release()
    return path


async def _cost(
    warehouse: Warehouse, name: str, devices: list[dict[str, Any]], stations: list[dict[str, Any]], *,
    film: bool = False,
) -> Cost:  # fmt: skip
    path = warehouse.folder / f"{name}.yaml"
    site = {"site": SITE, "agent": AGENT, "devices": devices, "stations": stations}
    path.write_text(yaml.safe_dump(site), "utf-8")
    child = _agent(warehouse, {**warehouse.edge_settings(), "site_file": str(path), "film": str(film).lower()})
    begun = time.monotonic()
    await child.start()
    await child.ready()
    ready_s = time.monotonic() - begun
    try:
        await asyncio.sleep(SETTLE_S)
        began, before = time.monotonic(), ticks(child.pid)
        await asyncio.sleep(SECONDS)
        core = (ticks(child.pid) - before) / TICKS_A_S / (time.monotonic() - began) * 100
        filmed = _filmed(warehouse.journal.parent / "film" / "ring") if film else None
        return Cost(ready_s, resident_mb(child.pid), core, filmed)
    finally:
        await child.stop()


def _filmed(ring: Path) -> float:
    """Pictures a second in the newest whole segment."""
    newest = examine(max(ring.glob(f"*/*{WHOLE}"), key=lambda path: path.stat().st_mtime_ns))
    return newest.frames / (newest.to_us - newest.from_us) * 1e6


def _agent(warehouse: Warehouse, settings: Mapping[str, str]) -> Child:
    env = {f"SEALTRAIL_EDGE_{name}".upper(): value for name, value in settings.items()}
    return Child("the agent", [*sealtrail(), "edge", "run"], log=warehouse.folder / "logs" / "costs.log", env=env)


def ticks(pid: int) -> int:
    """Clock ticks of user and system time (proc(5), fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def resident_mb(pid: int) -> float:
    """Memory that the process holds now, in MB (proc(5), VmRSS)."""
    lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    (told,) = [line for line in lines if line.startswith("VmRSS:")]
    return int(told.split()[1]) * 1024 / 1e6
