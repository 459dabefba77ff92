"""A scale on the stage."""

from collections.abc import Callable
from typing import Any

from edge_agent.devices import Around, Weight
from edge_agent.drivers.stage import StageLines, StageOptions
from edge_agent.errors import DeviceError


class Options(StageOptions):
    """Where the stage is and which scale there this is."""


class SimScale:
    """Hears what it shows."""

    def __init__(self, options: Options, around: Around) -> None:
        self._watchers: list[Callable[[Weight], None]] = []
        self._shown: Weight | None = None
        self._stage = StageLines(options, "scale", around, self._hear)

    def watch(self, on_weight: Callable[[Weight], None]) -> None:
        """Calls `on_weight` with what it shows now and from now on."""
        self._watchers.append(on_weight)
        if self._shown is not None:
            on_weight(self._shown)

    def stop(self) -> None:
        """Leaves the stage."""
        self._stage.stop()

    def _hear(self, line: dict[str, Any]) -> None:
        grams = line.get("weight_g")
        if not isinstance(grams, int):
            raise DeviceError(f"{line!r} is no weight")
        self._shown = Weight(grams, line.get("stable") is True)
        for on_weight in self._watchers:
            on_weight(self._shown)


def build(options: Options, around: Around) -> SimScale:
    """The simulated scale of `options`."""
    return SimScale(options, around)
