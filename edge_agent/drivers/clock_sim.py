"""The clock of the simulated world: this machine's, moved by what the stage says, and as wrong as the stage says.

The stage says `{"offset_s": number, "error_ms": whole number or null}`; before its first word nobody vouches for it.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from edge_agent.clock import Clock, Reading
from edge_agent.devices import Around
from edge_agent.drivers.stage import StageLines, StageOptions


class Options(StageOptions):
    """Where the stage is."""

    device: str = "clock"


class SimClock:
    """A Clock on the stage."""

    def __init__(self, options: Options, around: Around, system: Clock) -> None:
        self._system = system
        self._offset = timedelta()
        self._error_ms: int | None = None
        self._stage = StageLines(options, "clock", around, self._hear)

    def read(self) -> Reading:
        """The time as it is on the stage."""
        reading = self._system.read()
        return replace(reading, at=reading.at + self._offset, source="sim", error_ms=self._error_ms)

    def mono_us(self) -> int:
        """Monotonic microseconds since boot."""
        return self._system.mono_us()

    def learn(self, receipt_at: datetime, sent_us: int, received_us: int) -> None:
        """The stage alone says how wrong this clock is."""

    def stop(self) -> None:
        """Leaves the stage."""
        self._stage.stop()

    def _hear(self, line: dict[str, Any]) -> None:
        self._offset = timedelta(seconds=float(line.get("offset_s", 0)))
        error = line.get("error_ms")
        self._error_ms = int(error) if error is not None else None


def build(options: Options, around: Around, system: Clock) -> SimClock:
    """The clock on the stage of `options`, which runs like `system`."""
    return SimClock(options, around, system)
