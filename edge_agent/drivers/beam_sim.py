"""A light barrier on the stage."""

from collections.abc import Callable
from typing import Any

from edge_agent.devices import Around
from edge_agent.drivers.stage import StageLines, StageOptions


class Options(StageOptions):
    """Where the stage is and which beam there this is."""


class SimBeam:
    """Hears when something stands in it."""

    def __init__(self, options: Options, around: Around) -> None:
        self._watchers: list[Callable[[bool], None]] = []
        self._broken = False
        self._stage = StageLines(options, "beam", around, self._hear)

    def watch(self, on_broken: Callable[[bool], None]) -> None:
        """Calls `on_broken` at every change, and at once when something stands there now."""
        self._watchers.append(on_broken)
        if self._broken:
            on_broken(True)

    def stop(self) -> None:
        """Leaves the stage."""
        self._stage.stop()

    def _hear(self, line: dict[str, Any]) -> None:
        broken = line.get("broken") is True
        if broken == self._broken:
            return
        self._broken = broken
        for on_broken in self._watchers:
            on_broken(broken)


def build(options: Options, around: Around) -> SimBeam:
    """The simulated beam of `options`."""
    return SimBeam(options, around)
