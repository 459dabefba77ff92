"""The site file of a simulated agent: every device of its gates, racks and doors is on the stage."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

GATE_PARTS = {"camera": "camera", "barrier": "gate", "beam-outside": "beam", "beam-inside": "beam", "lamp": "lamp",
              "break-glass": "button"}  # fmt: skip
DOOR_PARTS = {"camera": "camera", "above": "camera", "leaf": "door", "lamp": "lamp", "exit": "button"}
DOOR_FPS = 5
"""Of the camera before a door: somebody stands there with a pass for seconds; the one above it needs all pictures."""
WATCH_FPS = 2
"""Of a camera that only watches a corridor."""
HELD_OPEN_S = 6.0
"""By the default pack a door may stand open for a minute: a day that lasts three does not wait so long."""
RACK_PARTS = {"camera": "camera", "slots": "slots", "lamp": "lamp", "scale": "scale"}


def write_site_file(
    path: Path, site: str, agent: str, stage: Path, gates: Mapping[str, int], racks: Mapping[str, Mapping[str, str]],
    doors: Mapping[str, Sequence[str]], watches: Sequence[str] = (), rooms: Sequence[str] = (),
) -> None:  # fmt: skip
    """Writes it: `gates` with their cameras' pictures a second, `racks` with their slots' ids by name on stage, `doors`
    before all of the racks with the classes of the zones behind them, `watches` where nobody is to be at any hour,
    `rooms` whose air is measured at a high rate.
    """
    devices: list[dict[str, Any]] = []
    stations: list[dict[str, Any]] = []

    def put_up(station: str, parts: Mapping[str, str], fps: int | None = None) -> dict[str, str]:
        for part, kind in parts.items():
            options = {"stage": str(stage), "device": f"{station}.{part}"}
            more = {"fps": fps} if part == "camera" and fps is not None else {}
            devices.append({"name": f"{station}-{part}", "driver": f"{kind}_sim", "options": options | more})
        return {part: f"{station}-{part}" for part in parts}

    for gate, fps in gates.items():
        names = put_up(gate, GATE_PARTS, fps)
        stations.append({
            "kind": "gate", "name": gate, "camera": names["camera"], "gate": names["barrier"],
            "beam_outside": names["beam-outside"], "beam_inside": names["beam-inside"], "lamp": names["lamp"],
            "break_glass": names["break-glass"],
        })  # fmt: skip
    for rack, slots in racks.items():
        names = put_up(rack, RACK_PARTS)
        stations.append({
            "kind": "rack", "name": rack, "camera": names["camera"], "indicator": names["slots"],
            "lamp": names["lamp"], "scale": names["scale"], "slots": dict(slots),
        })  # fmt: skip
    for door, zones in doors.items():
        names = put_up(door, DOOR_PARTS, DOOR_FPS)
        stations.append({
            "kind": "door", "name": door, "camera": names["camera"], "door": names["leaf"], "lamp": names["lamp"],
            "exit": names["exit"], "guards": list(racks), "zones": list(zones), "held_open_s": HELD_OPEN_S,
            "heads": {"camera": names["above"]},
        })  # fmt: skip
    for watch in watches:
        names = put_up(watch, {"camera": "camera"}, WATCH_FPS)
        stations.append({"kind": "watch", "name": watch, "cameras": [names["camera"]]})
    for room in rooms:
        names = put_up(room, {"climate": "climate"})
        stations.append({"kind": "sensors", "name": room, "climate": [names["climate"]], "telemetry": True})
    clock = {"source": "sim", "options": {"stage": str(stage)}}
    content = {"site": site, "agent": agent, "stations": stations, "devices": devices, "clock": clock}
    path.write_text(yaml.safe_dump(content), "utf-8")
