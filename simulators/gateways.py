"""Other makers' devices as they speak over MQTT: what each says when its sensor feels something (by Zigbee2MQTT,
Tasmota and Shelly of the second generation). Written down as their messages are known; not checked against a device.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Felt = Mapping[str, Any]
Said = list[tuple[str, str]]
"""Topics and payloads, in their order."""


@dataclass(frozen=True, slots=True)
class Gadget:
    """One type of device: what it `says` of what it feels, when it comes and when it goes; what it feels at rest.

    `account` is whose certificate speaks for it: its own name, or its gateway's.
    """

    says: Callable[[str, Felt], Said]
    rest: Felt
    here: Callable[[str], Said] = lambda name: []
    gone: Callable[[str], Said] = lambda name: []
    account: Callable[[str], str] = field(default=lambda name: name)


def _zigbee(says: Callable[[Felt], dict[str, Any]], rest: Felt) -> Gadget:
    def state(word: str) -> Callable[[str], Said]:
        return lambda name: [(f"zigbee2mqtt/{name}/availability", json.dumps({"state": word}))]

    def message(name: str, felt: Felt) -> Said:
        content = {"battery": 97, "linkquality": 134, "voltage": 3025, **says(felt)}
        return [(f"zigbee2mqtt/{name}", json.dumps(content))]

    return Gadget(message, rest, state("online"), state("offline"), lambda _: "zigbee2mqtt")


def _tasmota(name: str, felt: Felt) -> Said:
    air = {"Temperature": felt["temperature"], "Humidity": felt["humidity"], "DewPoint": 9.1}
    content = {"Time": "2026-11-26T10:00:00", "SHT3X": air, "TempUnit": "C"}
    return [(f"tele/{name}/STATE", '{"Time":"2026-11-26T10:00:00","Uptime":"0T01:00:10"}'),
            (f"tele/{name}/SENSOR", json.dumps(content))]  # fmt: skip


def _shelly(says: Callable[[Felt], dict[str, Any]]) -> Callable[[str, Felt], Said]:
    return lambda name, felt: [(f"shelly/{name}/status/{part}", json.dumps(told)) for part, told in says(felt).items()]


def _shelly_air(felt: Felt) -> dict[str, Any]:
    celsius = felt["temperature"]
    power = {"id": 0, "battery": {"V": 5.21, "percent": 81}, "external": {"present": False}}
    return {
        "temperature:0": {"id": 0, "tC": celsius, "tF": round(celsius * 1.8 + 32, 1)},
        "humidity:0": {"id": 0, "rh": felt["humidity"]},
        "devicepower:0": power,
    }


def _shelly_inputs(felt: Felt) -> dict[str, Any]:
    return {f"input:{number}": {"id": number, "state": felt[f"zone-{number + 1}"]} for number in range(4)}


def _online(word: str) -> Callable[[str], Said]:
    return lambda name: [(f"shelly/{name}/online", word)]


AIR: Felt = {"temperature": 20.0, "humidity": 45.0}
ZONES: Felt = {f"zone-{number}": False for number in range(1, 5)}

GADGETS: Mapping[str, Gadget] = {
    "sonoff-snzb-02-zigbee2mqtt": _zigbee(dict, AIR),
    "aqara-djt11lm-zigbee2mqtt": _zigbee(
        lambda felt: {
            "vibration": felt["tilted"],
            "action": "tilt" if felt["tilted"] else "",
            "angle": 2,
            "x_axis": 24,
        },
        {"tilted": False},
    ),
    "aqara-mccgq11lm-zigbee2mqtt": _zigbee(lambda felt: {"contact": not felt["opened"]}, {"opened": False}),
    "aqara-sjcgq11lm-zigbee2mqtt": _zigbee(lambda felt: {"water_leak": felt["water"]}, {"water": False}),
    "tasmota-sht3x": Gadget(
        _tasmota,
        AIR,
        lambda name: [(f"tele/{name}/LWT", "Online")],
        lambda name: [(f"tele/{name}/LWT", "Offline")],
    ),
    "shelly-plus-ht": Gadget(_shelly(_shelly_air), AIR),
    "shelly-plus-i4-dc": Gadget(_shelly(_shelly_inputs), ZONES, _online("true"), _online("false")),
    "shelly-plus-uni-ups": Gadget(
        _shelly(lambda felt: {"input:0": {"id": 0, "state": not felt["power_lost"]}}),
        {"power_lost": False},
        _online("true"),
        _online("false"),
    ),
}
"""By the names of their profiles."""
