"""Home Assistant's MQTT discovery: one device for each agent, its parts as components. Pure.

Format: device discovery, https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery. There is no command topic in
it: whoever reads it can look, and nothing else.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from wire.sensors import UNITS

Language = Literal["zh", "en"]

CLASSES = {
    "temperature": "temperature", "humidity": "humidity", "pressure": "atmospheric_pressure",
    "illuminance": "illuminance", "co2": "carbon_dioxide", "battery": "battery", "voltage": "voltage", "power": "power",
}  # fmt: skip
"""What is measured → Home Assistant's class of it."""
WORDS: Mapping[str, tuple[str, str]] = {
    "online": ("在线", "Online"), "problem": ("设备失联", "Devices lost"), "waiting": ("待上传事实", "Facts waiting"),
    "free": ("磁盘剩余", "Free disk"), "gate": ("闸口", "Gate"), "door": ("门", "Door"),
    "temperature": ("温度", "Temperature"), "humidity": ("湿度", "Humidity"), "pressure": ("气压", "Pressure"),
    "illuminance": ("照度", "Illuminance"), "co2": ("二氧化碳", "CO₂"), "battery": ("电量", "Battery"),
    "voltage": ("电压", "Voltage"), "power": ("功率", "Power"),
}  # fmt: skip
"""Names of components: Chinese, English."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirrored:
    """What is shown of an agent. `doors` and `gates`: station → whether it is open, None where nobody has said;
    `measured`: device and measure → value.
    """

    agent: str
    online: bool
    software: str | None = None
    waiting: int | None = None
    free_bytes: int | None = None
    lost: tuple[str, ...] = ()
    gates: Mapping[str, bool | None] = field(default_factory=dict)
    doors: Mapping[str, bool | None] = field(default_factory=dict)
    measured: Mapping[tuple[str, str], float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Topics:
    """Under which topics: `prefix` is where Home Assistant looks, `states` where the states are."""

    prefix: str = "homeassistant"
    states: str = "sealtrail-mirror"

    @property
    def status(self) -> str:
        """Whether the mirror itself is there."""
        return f"{self.states}/status"

    def state(self, agent: str) -> str:
        """The state of an agent."""
        return f"{self.states}/{agent}"

    def config(self, agent: str) -> str:
        """What describes it."""
        return f"{self.prefix}/device/{node(agent)}/config"


def node(agent: str) -> str:
    """How an agent is called where no dot may be."""
    return "sealtrail_" + agent.replace(".", "_")


def config(shown: Mirrored, topics: Topics, language: Language) -> bytes:
    """What Home Assistant is to show of an agent."""
    state = topics.state(shown.agent)
    mirror = {"topic": topics.status}
    there = {"topic": state, "value_template": "{{ value_json['online'] }}", "payload_available": "ON",
             "payload_not_available": "OFF"}  # fmt: skip
    components: dict[str, Any] = {}

    def add(key: str, platform: str, name: str, *, alone: bool = False, **more: Any) -> None:
        components[key] = {
            "platform": platform, "unique_id": f"{node(shown.agent)}_{key}", "name": name, **more,
            "value_template": f"{{{{ value_json['{key}'] }}}}",
            "availability": [mirror] if alone else [mirror, there], "availability_mode": "all",
        }  # fmt: skip

    def say(word: str, *more: str) -> str:
        return " ".join([WORDS[word][0 if language == "zh" else 1], *more])

    diagnostic: dict[str, Any] = {"entity_category": "diagnostic"}
    add("online", "binary_sensor", say("online"), alone=True, device_class="connectivity", **diagnostic)
    add("problem", "binary_sensor", say("problem"), device_class="problem", **diagnostic)
    add("waiting", "sensor", say("waiting"), state_class="measurement", **diagnostic)
    add("free", "sensor", say("free"), device_class="data_size", unit_of_measurement="B", **diagnostic)
    for station in shown.gates:
        add(_key("gate", station), "binary_sensor", say("gate", station), device_class="door")
    for station in shown.doors:
        add(_key("door", station), "binary_sensor", say("door", station), device_class="door")
    for device, measures in shown.measured:
        add(
            _key(measures, device), "sensor", say(measures, device), device_class=CLASSES[measures],
            unit_of_measurement=UNITS[measures], state_class="measurement",
        )  # fmt: skip
    about = {"identifiers": [node(shown.agent)], "name": shown.agent, "manufacturer": "Sealtrail", "model": "agent"}
    if shown.software:
        about["sw_version"] = shown.software
    whole = {"device": about, "origin": {"name": "sealtrail"}, "state_topic": state, "qos": 1, "components": components}
    return json.dumps(whole, ensure_ascii=False, sort_keys=True).encode()


def states(shown: Mirrored) -> bytes:
    """The states of an agent's components; what nobody has said is null, which Home Assistant shows as unknown."""
    told: dict[str, Any] = {
        "online": _switch(shown.online), "problem": _switch(bool(shown.lost)), "waiting": shown.waiting,
        "free": shown.free_bytes,
    }  # fmt: skip
    for kind, stations in (("gate", shown.gates), ("door", shown.doors)):
        told |= {_key(kind, station): _switch(is_open) for station, is_open in stations.items()}
    told |= {_key(measures, device): value for (device, measures), value in shown.measured.items()}
    return json.dumps(told, sort_keys=True).encode()


def _switch(on: bool | None) -> str | None:
    return None if on is None else "ON" if on else "OFF"


def _key(kind: str, name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "_", f"{kind}_{name}")
