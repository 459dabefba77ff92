"""A door on the stage."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from custody.decisions import Allowed
from edge_agent.devices import Around, Position
from edge_agent.drivers.stage import StageLines, StageOptions
from edge_agent.errors import DeviceError


class Options(StageOptions):
    """Where the stage is and which door there this is."""


class SimDoor:
    """Sends whether it is unlocked and hears its contact."""

    def __init__(self, options: Options, around: Around) -> None:
        self._watchers: list[Callable[[Position], None]] = []
        self._position: Position | None = None
        self._stage = StageLines(options, "door", around, self._hear)

    def unlock(self, decision: Allowed) -> None:
        """Unlocks until it is locked again. Raises DeviceError without a stage."""
        self._stage.send({"unlocked": True})

    def lock(self) -> None:
        """Locks. Raises DeviceError without a stage."""
        self._stage.send({"unlocked": False})

    def watch(self, on_position: Callable[[Position], None]) -> None:
        """Calls `on_position` at every word of the contact."""
        self._watchers.append(on_position)
        if self._position is not None:
            on_position(self._position)

    def stop(self) -> None:
        """Locks, if there is a stage, and leaves it."""
        with suppress(DeviceError):
            self.lock()
        self._stage.stop()

    def _hear(self, line: dict[str, Any]) -> None:
        self._position = Position(str(line.get("position")))
        for on_position in self._watchers:
            on_position(self._position)


def build(options: Options, around: Around) -> SimDoor:
    """The simulated door of `options`."""
    return SimDoor(options, around)
