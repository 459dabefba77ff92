"""A light barrier on a Raspberry Pi's pin: a receiver that pulls the pin low while it sees its light."""

from collections.abc import Callable

from gpiozero import DigitalInputDevice, GPIOZeroError
from pydantic import BaseModel, ConfigDict

from edge_agent.devices import Around
from edge_agent.errors import DeviceError


class Options(BaseModel):
    """BCM pin number; `broken_when` says which level means that something stands in the beam (a cut wire is high)."""

    model_config = ConfigDict(extra="forbid")

    pin: int
    broken_when_high: bool = True


class GpioBeam:
    """One input with the chip's own pull-up."""

    def __init__(self, options: Options) -> None:
        try:
            self._input = DigitalInputDevice(options.pin, pull_up=True)
        except GPIOZeroError as error:
            raise DeviceError(f"beam on pin {options.pin}: {error}") from error
        self._broken_when_high = options.broken_when_high

    def watch(self, on_broken: Callable[[bool], None]) -> None:
        """Calls `on_broken` at every change, and at once when something stands there now."""
        high, low = self._broken_when_high, not self._broken_when_high
        self._input.when_activated = lambda: on_broken(low)  # active is low, as the pull-up is
        self._input.when_deactivated = lambda: on_broken(high)
        if self._input.is_active is low:
            on_broken(True)

    def stop(self) -> None:
        """Gives the pin back."""
        self._input.close()


def build(options: Options, around: Around) -> GpioBeam:
    """The beam on the pin of `options`. Raises DeviceError where there are no pins."""
    return GpioBeam(options)
