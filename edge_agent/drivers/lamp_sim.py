"""A signal lamp on the stage."""

from contextlib import suppress
from typing import Any

from edge_agent.devices import Around, Light
from edge_agent.drivers.stage import StageLines, StageOptions
from edge_agent.errors import DeviceError


class Options(StageOptions):
    """Where the stage is and which lamp there this is."""


class SimLamp:
    """Sends what it shall show."""

    def __init__(self, options: Options, around: Around) -> None:
        self._stage = StageLines(options, "lamp", around, self._hear)

    def show(self, light: Light) -> None:
        """Shows `light`. Raises DeviceError without a stage."""
        self._stage.send({"show": light.value})

    def stop(self) -> None:
        """Goes dark, if there is a stage, and leaves it."""
        with suppress(DeviceError):
            self.show(Light.OFF)
        self._stage.stop()

    def _hear(self, line: dict[str, Any]) -> None:
        """A lamp has nothing to say."""


def build(options: Options, around: Around) -> SimLamp:
    """The simulated lamp of `options`."""
    return SimLamp(options, around)
