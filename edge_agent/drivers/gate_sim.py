"""A gate on the stage."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from custody.decisions import Allowed, Decision
from edge_agent.devices import Around, Position
from edge_agent.drivers.stage import StageLines, StageOptions
from edge_agent.errors import DeviceError


class Options(StageOptions):
    """Where the stage is and which gate there this is."""


class SimGate:
    """Sends what it shall do and hears where it is."""

    def __init__(self, options: Options, around: Around) -> None:
        self._watchers: list[Callable[[Position], None]] = []
        self._position: Position | None = None
        self._stage = StageLines(options, "gate", around, self._hear)

    def apply(self, decision: Decision) -> None:
        """Opens for an Allowed, closes for a Refused. Raises DeviceError without a stage."""
        self._stage.send({"open": isinstance(decision, Allowed)})

    def close(self) -> None:
        """Closes. Raises DeviceError without a stage."""
        self._stage.send({"open": False})

    def watch(self, on_position: Callable[[Position], None]) -> None:
        """Calls `on_position` at every word of the sensor."""
        self._watchers.append(on_position)
        if self._position is not None:
            on_position(self._position)

    def stop(self) -> None:
        """Closes, if there is a stage, and leaves it."""
        with suppress(DeviceError):
            self.close()
        self._stage.stop()

    def _hear(self, line: dict[str, Any]) -> None:
        self._position = Position(str(line.get("position")))
        for on_position in self._watchers:
            on_position(self._position)


def build(options: Options, around: Around) -> SimGate:
    """The simulated gate of `options`."""
    return SimGate(options, around)
