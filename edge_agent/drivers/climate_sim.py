"""A climate sensor on the stage."""

from collections.abc import Callable
from typing import Any

from edge_agent.devices import Around, Measured
from edge_agent.drivers.stage import StageLines, StageOptions
from edge_agent.errors import DeviceError


class Options(StageOptions):
    """Where the stage is and which sensor there this is."""


class SimClimate:
    """Hears what it measures."""

    def __init__(self, options: Options, around: Around) -> None:
        self._watchers: list[Callable[[Measured], None]] = []
        self._stage = StageLines(options, "climate", around, self._hear)

    def watch(self, on_measured: Callable[[Measured], None]) -> None:
        """Calls `on_measured` with every value from now on."""
        self._watchers.append(on_measured)

    def stop(self) -> None:
        """Leaves the stage."""
        self._stage.stop()

    def _hear(self, line: dict[str, Any]) -> None:
        for measures, value in line.items():
            if not isinstance(value, int | float):
                raise DeviceError(f"{line!r} is no measurement")
            for on_measured in self._watchers:
                on_measured(Measured(measures, float(value)))


def build(options: Options, around: Around) -> SimClimate:
    """The simulated sensor of `options`."""
    return SimClimate(options, around)
