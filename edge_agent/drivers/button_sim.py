"""A button on the stage."""

from collections.abc import Callable
from typing import Any

from edge_agent.devices import Around
from edge_agent.drivers.stage import StageLines, StageOptions


class Options(StageOptions):
    """Where the stage is and which button there this is."""


class SimButton:
    """Hears when it is pressed."""

    def __init__(self, options: Options, around: Around) -> None:
        self._watchers: list[Callable[[bool], None]] = []
        self._pressed = False
        self._stage = StageLines(options, "button", around, self._hear)

    def watch(self, on_pressed: Callable[[bool], None]) -> None:
        """Calls `on_pressed` at every change, and at once when it is pressed now."""
        self._watchers.append(on_pressed)
        if self._pressed:
            on_pressed(True)

    def stop(self) -> None:
        """Leaves the stage."""
        self._stage.stop()

    def _hear(self, line: dict[str, Any]) -> None:
        pressed = line.get("pressed") is True
        if pressed == self._pressed:
            return
        self._pressed = pressed
        for on_pressed in self._watchers:
            on_pressed(pressed)


def build(options: Options, around: Around) -> SimButton:
    """The simulated button of `options`."""
    return SimButton(options, around)
