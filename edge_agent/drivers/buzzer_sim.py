"""A buzzer on the stage."""

from contextlib import suppress
from typing import Any

from edge_agent.devices import Around, Tune
from edge_agent.drivers.stage import StageLines, StageOptions
from edge_agent.errors import DeviceError


class Options(StageOptions):
    """Where the stage is and which buzzer there this is."""


class SimBuzzer:
    """Sends what it shall sound."""

    def __init__(self, options: Options, around: Around) -> None:
        self._stage = StageLines(options, "buzzer", around, self._hear)

    def sound(self, tune: Tune) -> None:
        """Begins `tune`. Raises DeviceError without a stage."""
        self._stage.send({"sound": tune.value})

    def stop(self) -> None:
        """Is silent, if there is a stage, and leaves it."""
        with suppress(DeviceError):
            self.sound(Tune.OFF)
        self._stage.stop()

    def _hear(self, line: dict[str, Any]) -> None:
        """A buzzer has nothing to say."""


def build(options: Options, around: Around) -> SimBuzzer:
    """The simulated buzzer of `options`."""
    return SimBuzzer(options, around)
