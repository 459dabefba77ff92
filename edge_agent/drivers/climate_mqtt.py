"""Another maker's sensor that measures, over the site's own MQTT broker: Zigbee2MQTT, Tasmota, Shelly and the like."""

import math
from collections.abc import Callable
from typing import Any

from pydantic import Field, model_validator

from edge_agent.devices import Around, Measured
from edge_agent.drivers.mapped_mqtt import MappedDevice, MappedOptions, Where
from wire.sensors import UNITS, Measure


class Value(Where):
    """What a member measures; it speaks in `unit`, and is multiplied by `scale` first. °F is told as °C."""

    measures: Measure
    unit: str
    scale: float = 1

    @model_validator(mode="after")
    def _known_unit(self) -> "Value":
        known = (UNITS[self.measures], *(["°F"] if self.measures == "temperature" else []))
        if self.unit not in known:
            raise ValueError(f"{self.measures} is told in {' or '.join(known)}; scale what it says to that")
        return self


class Options(MappedOptions):
    """Where it is and what it says."""

    mapping: list[Value] = Field(min_length=1)


class MqttClimate:
    """One sensor."""

    def __init__(self, options: Options, around: Around) -> None:
        self._watchers: list[Callable[[Measured], None]] = []
        self._device = MappedDevice("climate", options, around, list(options.mapping), self._hear)

    def watch(self, on_measured: Callable[[Measured], None]) -> None:
        """Calls `on_measured` with every value from now on."""
        self._watchers.append(on_measured)

    def stop(self) -> None:
        """Leaves the broker."""
        self._device.stop()

    def _hear(self, where: Where, said: Any) -> None:
        if not isinstance(where, Value):
            return
        if isinstance(said, bool) or not isinstance(said, int | float) or not math.isfinite(said):
            raise ValueError(f"{said!r:.40} is no {where.measures}")
        value = said * where.scale
        measured = Measured(where.measures, (value - 32) / 1.8 if where.unit == "°F" else value)
        for on_measured in self._watchers:
            on_measured(measured)


def build(options: Options, around: Around) -> MqttClimate:
    """The sensor of `options`, which may come later."""
    return MqttClimate(options, around)
